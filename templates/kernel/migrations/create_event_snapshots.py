"""Create event snapshots."""

UP = {
    "mariadb": [
        """
        CREATE TABLE event_snapshots (
            id CHAR(32) NOT NULL,
            stream VARCHAR(200) NOT NULL,
            version BIGINT NOT NULL,
            event_id CHAR(32) NOT NULL,
            form VARCHAR(64) NOT NULL,
            state LONGTEXT NOT NULL,
            taken_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_snapshots PRIMARY KEY (id),
            CONSTRAINT uq_event_snapshots_stream UNIQUE (stream)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
    ],
    "mysql": [
        """
        CREATE TABLE event_snapshots (
            id CHAR(32) NOT NULL,
            stream VARCHAR(200) NOT NULL,
            version BIGINT NOT NULL,
            event_id CHAR(32) NOT NULL,
            form VARCHAR(64) NOT NULL,
            state LONGTEXT NOT NULL,
            taken_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_snapshots PRIMARY KEY (id),
            CONSTRAINT uq_event_snapshots_stream UNIQUE (stream)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
    ],
    "postgresql": [
        """
        CREATE TABLE event_snapshots (
            id UUID NOT NULL,
            stream VARCHAR(200) NOT NULL,
            version BIGINT NOT NULL,
            event_id UUID NOT NULL,
            form VARCHAR(64) NOT NULL,
            state TEXT NOT NULL,
            taken_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_event_snapshots PRIMARY KEY (id),
            CONSTRAINT uq_event_snapshots_stream UNIQUE (stream)
        )
        """,
    ],
    "sqlite": [
        """
        CREATE TABLE event_snapshots (
            id CHAR(32) NOT NULL,
            stream VARCHAR(200) NOT NULL,
            version BIGINT NOT NULL,
            event_id CHAR(32) NOT NULL,
            form VARCHAR(64) NOT NULL,
            state TEXT NOT NULL,
            taken_at DATETIME NOT NULL,
            CONSTRAINT pk_event_snapshots PRIMARY KEY (id),
            CONSTRAINT uq_event_snapshots_stream UNIQUE (stream)
        )
        """,
    ],
}

DOWN = {
    "*": [
        "DROP TABLE event_snapshots",
    ],
}
