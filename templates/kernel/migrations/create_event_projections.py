"""Create event projections."""

UP = {
    "mariadb": [
        """
        CREATE TABLE event_projections (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            generation BIGINT NOT NULL,
            version INTEGER NOT NULL,
            state VARCHAR(10) NOT NULL,
            `position` VARCHAR(50) NOT NULL,
            error LONGTEXT,
            failing_since DATETIME(6),
            updated_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_projections PRIMARY KEY (id),
            CONSTRAINT uq_event_projections_name_generation UNIQUE (name, generation)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
    ],
    "mysql": [
        """
        CREATE TABLE event_projections (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            generation BIGINT NOT NULL,
            version INTEGER NOT NULL,
            state VARCHAR(10) NOT NULL,
            position VARCHAR(50) NOT NULL,
            error LONGTEXT,
            failing_since DATETIME(6),
            updated_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_projections PRIMARY KEY (id),
            CONSTRAINT uq_event_projections_name_generation UNIQUE (name, generation)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
    ],
    "postgresql": [
        """
        CREATE TABLE event_projections (
            id UUID NOT NULL,
            name VARCHAR(100) NOT NULL,
            generation BIGINT NOT NULL,
            version INTEGER NOT NULL,
            state VARCHAR(10) NOT NULL,
            position VARCHAR(50) NOT NULL,
            error TEXT,
            failing_since TIMESTAMP WITH TIME ZONE,
            updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_event_projections PRIMARY KEY (id),
            CONSTRAINT uq_event_projections_name_generation UNIQUE (name, generation)
        )
        """,
    ],
    "sqlite": [
        """
        CREATE TABLE event_projections (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            generation BIGINT NOT NULL,
            version INTEGER NOT NULL,
            state VARCHAR(10) NOT NULL,
            position VARCHAR(50) NOT NULL,
            error TEXT,
            failing_since DATETIME,
            updated_at DATETIME NOT NULL,
            CONSTRAINT pk_event_projections PRIMARY KEY (id),
            CONSTRAINT uq_event_projections_name_generation UNIQUE (name, generation)
        )
        """,
    ],
}

DOWN = {
    "*": [
        "DROP TABLE event_projections",
    ],
}
