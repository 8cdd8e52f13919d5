"""Create audit entries."""

UP = {
    "mariadb": [
        """
        CREATE TABLE audit_entries (
            id CHAR(32) NOT NULL,
            occurred_at DATETIME(6) NOT NULL,
            tenant_id CHAR(32),
            actor_id CHAR(32),
            event VARCHAR(200) NOT NULL,
            source VARCHAR(100) NOT NULL,
            row_key VARCHAR(200) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            trace_id VARCHAR(32),
            data JSON NOT NULL,
            CONSTRAINT pk_audit_entries PRIMARY KEY (id)
        )CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
        "CREATE INDEX ix_audit_entries_row_key_id ON audit_entries (row_key, id)",
        "CREATE INDEX ix_audit_entries_tenant_id_id ON audit_entries (tenant_id, id)",
    ],
    "mysql": [
        """
        CREATE TABLE audit_entries (
            id CHAR(32) NOT NULL,
            occurred_at DATETIME(6) NOT NULL,
            tenant_id CHAR(32),
            actor_id CHAR(32),
            event VARCHAR(200) NOT NULL,
            source VARCHAR(100) NOT NULL,
            row_key VARCHAR(200) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            trace_id VARCHAR(32),
            data JSON NOT NULL,
            CONSTRAINT pk_audit_entries PRIMARY KEY (id)
        )CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
        "CREATE INDEX ix_audit_entries_row_key_id ON audit_entries (row_key, id)",
        "CREATE INDEX ix_audit_entries_tenant_id_id ON audit_entries (tenant_id, id)",
    ],
    "postgresql": [
        """
        CREATE TABLE audit_entries (
            id UUID NOT NULL,
            occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
            tenant_id UUID,
            actor_id UUID,
            event VARCHAR(200) NOT NULL,
            source VARCHAR(100) NOT NULL,
            row_key VARCHAR(200) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            trace_id VARCHAR(32),
            data JSONB NOT NULL,
            CONSTRAINT pk_audit_entries PRIMARY KEY (id)
        )
        """,
        "CREATE INDEX ix_audit_entries_row_key_id ON audit_entries (row_key, id)",
        "CREATE INDEX ix_audit_entries_tenant_id_id ON audit_entries (tenant_id, id)",
    ],
    "sqlite": [
        """
        CREATE TABLE audit_entries (
            id CHAR(32) NOT NULL,
            occurred_at DATETIME NOT NULL,
            tenant_id CHAR(32),
            actor_id CHAR(32),
            event VARCHAR(200) NOT NULL,
            source VARCHAR(100) NOT NULL,
            row_key VARCHAR(200) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            trace_id VARCHAR(32),
            data JSON NOT NULL,
            CONSTRAINT pk_audit_entries PRIMARY KEY (id)
        )
        """,
        "CREATE INDEX ix_audit_entries_row_key_id ON audit_entries (row_key, id)",
        "CREATE INDEX ix_audit_entries_tenant_id_id ON audit_entries (tenant_id, id)",
    ],
}

DOWN = {
    "*": [
        "DROP TABLE audit_entries",
    ],
}
