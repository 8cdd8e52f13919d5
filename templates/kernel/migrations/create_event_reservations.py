"""Create event reservations."""

UP = {
    "mariadb": [
        """
        CREATE TABLE event_reservations (
            id CHAR(32) NOT NULL,
            scope VARCHAR(200) NOT NULL,
            digest VARCHAR(64) NOT NULL,
            owner VARCHAR(200) NOT NULL,
            reserved_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_reservations PRIMARY KEY (id),
            CONSTRAINT uq_event_reservations_scope_digest UNIQUE (scope, digest)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
    ],
    "mysql": [
        """
        CREATE TABLE event_reservations (
            id CHAR(32) NOT NULL,
            scope VARCHAR(200) NOT NULL,
            digest VARCHAR(64) NOT NULL,
            owner VARCHAR(200) NOT NULL,
            reserved_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_event_reservations PRIMARY KEY (id),
            CONSTRAINT uq_event_reservations_scope_digest UNIQUE (scope, digest)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
    ],
    "postgresql": [
        """
        CREATE TABLE event_reservations (
            id UUID NOT NULL,
            scope VARCHAR(200) NOT NULL,
            digest VARCHAR(64) NOT NULL,
            owner VARCHAR(200) NOT NULL,
            reserved_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_event_reservations PRIMARY KEY (id),
            CONSTRAINT uq_event_reservations_scope_digest UNIQUE (scope, digest)
        )
        """,
    ],
    "sqlite": [
        """
        CREATE TABLE event_reservations (
            id CHAR(32) NOT NULL,
            scope VARCHAR(200) NOT NULL,
            digest VARCHAR(64) NOT NULL,
            owner VARCHAR(200) NOT NULL,
            reserved_at DATETIME NOT NULL,
            CONSTRAINT pk_event_reservations PRIMARY KEY (id),
            CONSTRAINT uq_event_reservations_scope_digest UNIQUE (scope, digest)
        )
        """,
    ],
}

DOWN = {
    "*": [
        "DROP TABLE event_reservations",
    ],
}
