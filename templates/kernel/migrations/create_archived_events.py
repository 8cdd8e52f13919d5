"""Create archived events."""

UP = {
    "mariadb": [
        """
        CREATE TABLE archived_events (
            id CHAR(32) NOT NULL,
            stream VARCHAR(200) NOT NULL,
            number BIGINT NOT NULL,
            transaction_id BIGINT NOT NULL,
            `position` BIGINT NOT NULL,
            category VARCHAR(100) NOT NULL,
            type VARCHAR(100) NOT NULL,
            version INTEGER NOT NULL,
            event_key VARCHAR(200) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            causation_id VARCHAR(128),
            source VARCHAR(100) NOT NULL,
            data JSON NOT NULL,
            details JSON NOT NULL,
            occurred_at DATETIME(6) NOT NULL,
            recorded_at DATETIME(6) NOT NULL,
            archived_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_archived_events PRIMARY KEY (id),
            CONSTRAINT uq_archived_events_stream_number UNIQUE (stream, number)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
        "CREATE UNIQUE INDEX ix_archived_events_position ON archived_events (transaction_id, `position`)",
    ],
    "mysql": [
        """
        CREATE TABLE archived_events (
            id CHAR(32) NOT NULL,
            stream VARCHAR(200) NOT NULL,
            number BIGINT NOT NULL,
            transaction_id BIGINT NOT NULL,
            position BIGINT NOT NULL,
            category VARCHAR(100) NOT NULL,
            type VARCHAR(100) NOT NULL,
            version INTEGER NOT NULL,
            event_key VARCHAR(200) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            causation_id VARCHAR(128),
            source VARCHAR(100) NOT NULL,
            data JSON NOT NULL,
            details JSON NOT NULL,
            occurred_at DATETIME(6) NOT NULL,
            recorded_at DATETIME(6) NOT NULL,
            archived_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_archived_events PRIMARY KEY (id),
            CONSTRAINT uq_archived_events_stream_number UNIQUE (stream, number)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
        "CREATE UNIQUE INDEX ix_archived_events_position ON archived_events (transaction_id, position)",
    ],
    "postgresql": [
        """
        CREATE TABLE archived_events (
            id UUID NOT NULL,
            stream VARCHAR(200) NOT NULL,
            number BIGINT NOT NULL,
            transaction_id BIGINT NOT NULL,
            position BIGINT NOT NULL,
            category VARCHAR(100) NOT NULL,
            type VARCHAR(100) NOT NULL,
            version INTEGER NOT NULL,
            event_key VARCHAR(200) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            causation_id VARCHAR(128),
            source VARCHAR(100) NOT NULL,
            data JSONB NOT NULL,
            details JSONB NOT NULL,
            occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
            recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
            archived_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_archived_events PRIMARY KEY (id),
            CONSTRAINT uq_archived_events_stream_number UNIQUE (stream, number)
        )
        """,
        "CREATE UNIQUE INDEX ix_archived_events_position ON archived_events (transaction_id, position)",
    ],
    "sqlite": [
        """
        CREATE TABLE archived_events (
            id CHAR(32) NOT NULL,
            stream VARCHAR(200) NOT NULL,
            number BIGINT NOT NULL,
            transaction_id BIGINT NOT NULL,
            position BIGINT NOT NULL,
            category VARCHAR(100) NOT NULL,
            type VARCHAR(100) NOT NULL,
            version INTEGER NOT NULL,
            event_key VARCHAR(200) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            causation_id VARCHAR(128),
            source VARCHAR(100) NOT NULL,
            data JSON NOT NULL,
            details JSON NOT NULL,
            occurred_at DATETIME NOT NULL,
            recorded_at DATETIME NOT NULL,
            archived_at DATETIME NOT NULL,
            CONSTRAINT pk_archived_events PRIMARY KEY (id),
            CONSTRAINT uq_archived_events_stream_number UNIQUE (stream, number)
        )
        """,
        "CREATE UNIQUE INDEX ix_archived_events_position ON archived_events (transaction_id, position)",
    ],
}

DOWN = {
    "*": [
        "DROP TABLE archived_events",
    ],
}
