"""Create event bus."""

UP = {
    "mariadb": [
        """
        CREATE TABLE event_letters (
            id CHAR(32) NOT NULL,
            group_name VARCHAR(100) NOT NULL,
            event_id CHAR(32) NOT NULL,
            event_key VARCHAR(200) NOT NULL,
            number BIGINT NOT NULL,
            status VARCHAR(10) NOT NULL,
            attempts INTEGER NOT NULL,
            run_at DATETIME(6) NOT NULL,
            leased_until DATETIME(6),
            error LONGTEXT NOT NULL,
            event JSON NOT NULL,
            created_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_letters PRIMARY KEY (id),
            CONSTRAINT uq_event_letters_group_name_event_id UNIQUE (group_name, event_id)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
        "CREATE INDEX ix_event_letters_group_name_status_event_key ON event_letters (group_name, status, event_key)",
        """
        CREATE TABLE event_inbox (
            id CHAR(32) NOT NULL,
            group_name VARCHAR(100) NOT NULL,
            event_id CHAR(32) NOT NULL,
            handled_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_inbox PRIMARY KEY (id),
            CONSTRAINT uq_event_inbox_group_name_event_id UNIQUE (group_name, event_id)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
        "CREATE INDEX ix_event_inbox_handled_at ON event_inbox (handled_at)",
    ],
    "mysql": [
        """
        CREATE TABLE event_letters (
            id CHAR(32) NOT NULL,
            group_name VARCHAR(100) NOT NULL,
            event_id CHAR(32) NOT NULL,
            event_key VARCHAR(200) NOT NULL,
            number BIGINT NOT NULL,
            status VARCHAR(10) NOT NULL,
            attempts INTEGER NOT NULL,
            run_at DATETIME(6) NOT NULL,
            leased_until DATETIME(6),
            error LONGTEXT NOT NULL,
            event JSON NOT NULL,
            created_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_letters PRIMARY KEY (id),
            CONSTRAINT uq_event_letters_group_name_event_id UNIQUE (group_name, event_id)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
        "CREATE INDEX ix_event_letters_group_name_status_event_key ON event_letters (group_name, status, event_key)",
        """
        CREATE TABLE event_inbox (
            id CHAR(32) NOT NULL,
            group_name VARCHAR(100) NOT NULL,
            event_id CHAR(32) NOT NULL,
            handled_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_inbox PRIMARY KEY (id),
            CONSTRAINT uq_event_inbox_group_name_event_id UNIQUE (group_name, event_id)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
        "CREATE INDEX ix_event_inbox_handled_at ON event_inbox (handled_at)",
    ],
    "postgresql": [
        """
        CREATE TABLE event_letters (
            id UUID NOT NULL,
            group_name VARCHAR(100) NOT NULL,
            event_id UUID NOT NULL,
            event_key VARCHAR(200) NOT NULL,
            number BIGINT NOT NULL,
            status VARCHAR(10) NOT NULL,
            attempts INTEGER NOT NULL,
            run_at TIMESTAMP WITH TIME ZONE NOT NULL,
            leased_until TIMESTAMP WITH TIME ZONE,
            error TEXT NOT NULL,
            event JSONB NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_event_letters PRIMARY KEY (id),
            CONSTRAINT uq_event_letters_group_name_event_id UNIQUE (group_name, event_id)
        )
        """,
        "CREATE INDEX ix_event_letters_group_name_status_event_key ON event_letters (group_name, status, event_key)",
        """
        CREATE TABLE event_inbox (
            id UUID NOT NULL,
            group_name VARCHAR(100) NOT NULL,
            event_id UUID NOT NULL,
            handled_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_event_inbox PRIMARY KEY (id),
            CONSTRAINT uq_event_inbox_group_name_event_id UNIQUE (group_name, event_id)
        )
        """,
        "CREATE INDEX ix_event_inbox_handled_at ON event_inbox (handled_at)",
    ],
    "sqlite": [
        """
        CREATE TABLE event_letters (
            id CHAR(32) NOT NULL,
            group_name VARCHAR(100) NOT NULL,
            event_id CHAR(32) NOT NULL,
            event_key VARCHAR(200) NOT NULL,
            number BIGINT NOT NULL,
            status VARCHAR(10) NOT NULL,
            attempts INTEGER NOT NULL,
            run_at DATETIME NOT NULL,
            leased_until DATETIME,
            error TEXT NOT NULL,
            event JSON NOT NULL,
            created_at DATETIME NOT NULL,
            CONSTRAINT pk_event_letters PRIMARY KEY (id),
            CONSTRAINT uq_event_letters_group_name_event_id UNIQUE (group_name, event_id)
        )
        """,
        "CREATE INDEX ix_event_letters_group_name_status_event_key ON event_letters (group_name, status, event_key)",
        """
        CREATE TABLE event_inbox (
            id CHAR(32) NOT NULL,
            group_name VARCHAR(100) NOT NULL,
            event_id CHAR(32) NOT NULL,
            handled_at DATETIME NOT NULL,
            CONSTRAINT pk_event_inbox PRIMARY KEY (id),
            CONSTRAINT uq_event_inbox_group_name_event_id UNIQUE (group_name, event_id)
        )
        """,
        "CREATE INDEX ix_event_inbox_handled_at ON event_inbox (handled_at)",
    ],
}

DOWN = {
    "*": [
        "DROP TABLE event_inbox",
        "DROP TABLE event_letters",
    ],
}
