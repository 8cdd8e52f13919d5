"""The small database on which every example of the catalogue runs, per engine."""

from __future__ import annotations

_SHARED = (
    "CREATE TABLE customers (id BIGINT NOT NULL, name VARCHAR(50) NOT NULL, PRIMARY KEY (id))",
    (
        "CREATE TABLE parcels (id BIGINT NOT NULL, customer_id BIGINT, PRIMARY KEY (id), "
        "CONSTRAINT fk_parcels_customer FOREIGN KEY (customer_id) REFERENCES customers (id))"
    ),
)
_ORDERS = (
    "CREATE TABLE orders (id BIGINT NOT NULL, customer_id BIGINT, code VARCHAR(20) NOT NULL, note VARCHAR(100), "
    "body TEXT, total NUMERIC(12, 2) DEFAULT 0 NOT NULL, {more} PRIMARY KEY (id), "
    "CONSTRAINT ck_orders_total CHECK (total >= 0))"
)
_ROWS = (
    "CREATE INDEX ix_orders_note ON orders (note)",
    "CREATE VIEW order_codes AS SELECT id, code FROM orders",
    "INSERT INTO customers (id, name) VALUES (1, 'Ada')",
    "INSERT INTO parcels (id, customer_id) VALUES (1, 1)",
    "INSERT INTO orders (id, customer_id, code, note, total) VALUES (1, 1, 'A-1', 'first', 2.5)",
    "INSERT INTO orders (id, customer_id, code, note, total) VALUES (2, 1, 'A-2', 'second', 3)",
)
_POSTGRES = (
    "CREATE TYPE mood AS ENUM ('calm', 'busy')",
    *_SHARED,
    _ORDERS.format(more="mood mood,"),
    *_ROWS,
    "CREATE MATERIALIZED VIEW totals AS SELECT id, customer_id FROM orders",
    "CREATE UNIQUE INDEX ix_totals ON totals (id)",
    "CREATE DOMAIN amount AS NUMERIC",
    "CREATE TABLE visits (id BIGINT NOT NULL, day DATE NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
    "CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "CREATE SCHEMA archive",
)
_MYSQL = (*_SHARED, _ORDERS.format(more="mood ENUM('calm', 'busy'),"), *_ROWS)
_SQLITE = (*_SHARED, _ORDERS.format(more=""), *_ROWS)

STAGE: dict[str, tuple[str, ...]] = {
    "*": _POSTGRES,
    "mariadb": _MYSQL,
    "mysql": _MYSQL,
    "postgresql": _POSTGRES,
    "sqlite": _SQLITE,
}
