"""Create queue schedules."""

UP = {
    "mariadb": [
        """
        CREATE TABLE queue_schedules (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            plan VARCHAR(255) NOT NULL,
            next_at DATETIME(6) NOT NULL,
            last_at DATETIME(6),
            CONSTRAINT pk_queue_schedules PRIMARY KEY (id),
            CONSTRAINT uq_queue_schedules_name UNIQUE (name)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
    ],
    "mysql": [
        """
        CREATE TABLE queue_schedules (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            plan VARCHAR(255) NOT NULL,
            next_at DATETIME(6) NOT NULL,
            last_at DATETIME(6),
            CONSTRAINT pk_queue_schedules PRIMARY KEY (id),
            CONSTRAINT uq_queue_schedules_name UNIQUE (name)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
    ],
    "postgresql": [
        """
        CREATE TABLE queue_schedules (
            id UUID NOT NULL,
            name VARCHAR(100) NOT NULL,
            plan VARCHAR(255) NOT NULL,
            next_at TIMESTAMP WITH TIME ZONE NOT NULL,
            last_at TIMESTAMP WITH TIME ZONE,
            CONSTRAINT pk_queue_schedules PRIMARY KEY (id),
            CONSTRAINT uq_queue_schedules_name UNIQUE (name)
        )
        """,
    ],
    "sqlite": [
        """
        CREATE TABLE queue_schedules (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            "plan" VARCHAR(255) NOT NULL,
            next_at DATETIME NOT NULL,
            last_at DATETIME,
            CONSTRAINT pk_queue_schedules PRIMARY KEY (id),
            CONSTRAINT uq_queue_schedules_name UNIQUE (name)
        )
        """,
    ],
}

DOWN = {
    "*": [
        "DROP TABLE queue_schedules",
    ],
}
