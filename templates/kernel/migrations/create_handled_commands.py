"""Create handled commands."""

UP = {
    "mariadb": [
        """
        CREATE TABLE handled_commands (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            digest VARCHAR(64) NOT NULL,
            status VARCHAR(10) NOT NULL,
            caller VARCHAR(64) NOT NULL,
            answer JSON,
            problem JSON,
            created_at DATETIME(6) NOT NULL,
            finished_at DATETIME(6),
            CONSTRAINT pk_handled_commands PRIMARY KEY (id)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
        "CREATE INDEX ix_handled_commands_finished_at ON handled_commands (finished_at)",
    ],
    "mysql": [
        """
        CREATE TABLE handled_commands (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            digest VARCHAR(64) NOT NULL,
            status VARCHAR(10) NOT NULL,
            caller VARCHAR(64) NOT NULL,
            answer JSON,
            problem JSON,
            created_at DATETIME(6) NOT NULL,
            finished_at DATETIME(6),
            CONSTRAINT pk_handled_commands PRIMARY KEY (id)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
        "CREATE INDEX ix_handled_commands_finished_at ON handled_commands (finished_at)",
    ],
    "postgresql": [
        """
        CREATE TABLE handled_commands (
            id UUID NOT NULL,
            name VARCHAR(100) NOT NULL,
            digest VARCHAR(64) NOT NULL,
            status VARCHAR(10) NOT NULL,
            caller VARCHAR(64) NOT NULL,
            answer JSONB,
            problem JSONB,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            finished_at TIMESTAMP WITH TIME ZONE,
            CONSTRAINT pk_handled_commands PRIMARY KEY (id)
        )
        """,
        "CREATE INDEX ix_handled_commands_finished_at ON handled_commands (finished_at)",
    ],
    "sqlite": [
        """
        CREATE TABLE handled_commands (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            digest VARCHAR(64) NOT NULL,
            status VARCHAR(10) NOT NULL,
            caller VARCHAR(64) NOT NULL,
            answer JSON,
            problem JSON,
            created_at DATETIME NOT NULL,
            finished_at DATETIME,
            CONSTRAINT pk_handled_commands PRIMARY KEY (id)
        )
        """,
        "CREATE INDEX ix_handled_commands_finished_at ON handled_commands (finished_at)",
    ],
}

DOWN = {
    "*": [
        "DROP TABLE handled_commands",
    ],
}
