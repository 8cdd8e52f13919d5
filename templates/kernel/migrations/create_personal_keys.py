"""Create personal keys."""

UP = {
    "mariadb": [
        """
        CREATE TABLE personal_keys (
            id CHAR(32) NOT NULL,
            subject VARCHAR(200) NOT NULL,
            secret VARCHAR(44),
            created_at DATETIME(6) NOT NULL,
            forgotten_at DATETIME(6),
            CONSTRAINT pk_personal_keys PRIMARY KEY (id),
            CONSTRAINT uq_personal_keys_subject UNIQUE (subject)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
    ],
    "mysql": [
        """
        CREATE TABLE personal_keys (
            id CHAR(32) NOT NULL,
            subject VARCHAR(200) NOT NULL,
            secret VARCHAR(44),
            created_at DATETIME(6) NOT NULL,
            forgotten_at DATETIME(6),
            CONSTRAINT pk_personal_keys PRIMARY KEY (id),
            CONSTRAINT uq_personal_keys_subject UNIQUE (subject)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
    ],
    "postgresql": [
        """
        CREATE TABLE personal_keys (
            id UUID NOT NULL,
            subject VARCHAR(200) NOT NULL,
            secret VARCHAR(44),
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            forgotten_at TIMESTAMP WITH TIME ZONE,
            CONSTRAINT pk_personal_keys PRIMARY KEY (id),
            CONSTRAINT uq_personal_keys_subject UNIQUE (subject)
        )
        """,
    ],
    "sqlite": [
        """
        CREATE TABLE personal_keys (
            id CHAR(32) NOT NULL,
            subject VARCHAR(200) NOT NULL,
            secret VARCHAR(44),
            created_at DATETIME NOT NULL,
            forgotten_at DATETIME,
            CONSTRAINT pk_personal_keys PRIMARY KEY (id),
            CONSTRAINT uq_personal_keys_subject UNIQUE (subject)
        )
        """,
    ],
}

DOWN = {
    "*": [
        "DROP TABLE personal_keys",
    ],
}
