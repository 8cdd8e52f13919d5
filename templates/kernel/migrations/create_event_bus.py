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
        """
        CREATE TABLE event_outbox (
            id CHAR(32) NOT NULL,
            event JSON NOT NULL,
            stored_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_outbox PRIMARY KEY (id)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
        "CREATE INDEX ix_event_outbox_stored_at_id ON event_outbox (stored_at, id)",
        """
        CREATE TABLE event_relays (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            holder VARCHAR(32) NOT NULL,
            leased_until DATETIME(6) NOT NULL,
            `position` VARCHAR(100) NOT NULL,
            CONSTRAINT pk_event_relays PRIMARY KEY (id),
            CONSTRAINT uq_event_relays_name UNIQUE (name)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
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
        """
        CREATE TABLE event_outbox (
            id CHAR(32) NOT NULL,
            event JSON NOT NULL,
            stored_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_outbox PRIMARY KEY (id)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
        "CREATE INDEX ix_event_outbox_stored_at_id ON event_outbox (stored_at, id)",
        """
        CREATE TABLE event_relays (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            holder VARCHAR(32) NOT NULL,
            leased_until DATETIME(6) NOT NULL,
            position VARCHAR(100) NOT NULL,
            CONSTRAINT pk_event_relays PRIMARY KEY (id),
            CONSTRAINT uq_event_relays_name UNIQUE (name)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
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
        """
        CREATE TABLE event_outbox (
            id UUID NOT NULL,
            event JSONB NOT NULL,
            stored_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_event_outbox PRIMARY KEY (id)
        )
        """,
        "CREATE INDEX ix_event_outbox_stored_at_id ON event_outbox (stored_at, id)",
        """
        CREATE TABLE event_relays (
            id UUID NOT NULL,
            name VARCHAR(100) NOT NULL,
            holder VARCHAR(32) NOT NULL,
            leased_until TIMESTAMP WITH TIME ZONE NOT NULL,
            position VARCHAR(100) NOT NULL,
            CONSTRAINT pk_event_relays PRIMARY KEY (id),
            CONSTRAINT uq_event_relays_name UNIQUE (name)
        )
        """,
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
        """
        CREATE TABLE event_outbox (
            id CHAR(32) NOT NULL,
            event JSON NOT NULL,
            stored_at DATETIME NOT NULL,
            CONSTRAINT pk_event_outbox PRIMARY KEY (id)
        )
        """,
        "CREATE INDEX ix_event_outbox_stored_at_id ON event_outbox (stored_at, id)",
        """
        CREATE TABLE event_relays (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            holder VARCHAR(32) NOT NULL,
            leased_until DATETIME NOT NULL,
            position VARCHAR(100) NOT NULL,
            CONSTRAINT pk_event_relays PRIMARY KEY (id),
            CONSTRAINT uq_event_relays_name UNIQUE (name)
        )
        """,
    ],
}

DOWN = {
    "*": [
        "DROP TABLE event_relays",
        "DROP TABLE event_outbox",
        "DROP TABLE event_inbox",
        "DROP TABLE event_letters",
    ],
}
