"""Create webhook subscriptions."""

UP = {
    "mariadb": [
        """
        CREATE TABLE webhook_subscriptions (
            id CHAR(32) NOT NULL,
            tenant_id CHAR(32),
            url VARCHAR(2048) NOT NULL,
            events JSON NOT NULL,
            secret VARCHAR(100) NOT NULL,
            disabled VARCHAR(255),
            created_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_webhook_subscriptions PRIMARY KEY (id)
        )CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
        "CREATE INDEX ix_webhook_subscriptions_tenant_id ON webhook_subscriptions (tenant_id)",
    ],
    "mysql": [
        """
        CREATE TABLE webhook_subscriptions (
            id CHAR(32) NOT NULL,
            tenant_id CHAR(32),
            url VARCHAR(2048) NOT NULL,
            events JSON NOT NULL,
            secret VARCHAR(100) NOT NULL,
            disabled VARCHAR(255),
            created_at DATETIME(6) NOT NULL,
            CONSTRAINT pk_webhook_subscriptions PRIMARY KEY (id)
        )CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
        "CREATE INDEX ix_webhook_subscriptions_tenant_id ON webhook_subscriptions (tenant_id)",
    ],
    "postgresql": [
        """
        CREATE TABLE webhook_subscriptions (
            id UUID NOT NULL,
            tenant_id UUID,
            url VARCHAR(2048) NOT NULL,
            events JSONB NOT NULL,
            secret VARCHAR(100) NOT NULL,
            disabled VARCHAR(255),
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_webhook_subscriptions PRIMARY KEY (id)
        )
        """,
        "CREATE INDEX ix_webhook_subscriptions_tenant_id ON webhook_subscriptions (tenant_id)",
    ],
    "sqlite": [
        """
        CREATE TABLE webhook_subscriptions (
            id CHAR(32) NOT NULL,
            tenant_id CHAR(32),
            url VARCHAR(2048) NOT NULL,
            events JSON NOT NULL,
            secret VARCHAR(100) NOT NULL,
            disabled VARCHAR(255),
            created_at DATETIME NOT NULL,
            CONSTRAINT pk_webhook_subscriptions PRIMARY KEY (id)
        )
        """,
        "CREATE INDEX ix_webhook_subscriptions_tenant_id ON webhook_subscriptions (tenant_id)",
    ],
}

DOWN = {
    "*": [
        "DROP TABLE webhook_subscriptions",
    ],
}
