"""Near misses of the catalogue's own examples: the check, the engine, and the statements that it is asked about."""

from __future__ import annotations

from typing import NamedTuple

TOLD: tuple[tuple[str, ...], ...] = (
    (
        "foreign-key-copy",
        "mariadb",
        "SET foreign_key_checks = 0",
        "SET foreign_key_checks = 1",
        "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer_id) REFERENCES customers (id)",
    ),
    ("cascade", "postgresql", "DROP SCHEMA archive CASCADE"),
    ("cascade", "postgresql", "ALTER TABLE customers DROP CONSTRAINT customers_pkey CASCADE"),
    (
        "drop-column",
        "sqlite",
        "ALTER TABLE orders RENAME COLUMN customer_id TO buyer_id",
        "CREATE TABLE fresh (id BIGINT PRIMARY KEY)",
        "DROP TABLE parcels",
        "ALTER TABLE fresh RENAME TO parcels",
    ),
    (
        "drop-column",
        "sqlite",
        "CREATE INDEX customer_id ON parcels (id)",
        "CREATE TABLE fresh (id BIGINT PRIMARY KEY)",
        "DROP TABLE parcels",
        "ALTER TABLE fresh RENAME TO parcels",
    ),
    (
        "drop-object",
        "postgresql",
        "ALTER TABLE orders RENAME COLUMN code TO amount",
        "CREATE TYPE code AS ENUM ('a')",
        "DROP DOMAIN amount",
    ),
    (
        "drop-constraint",
        "postgresql",
        "ALTER TABLE orders ADD CONSTRAINT other CHECK (total < 10) NOT VALID",
        "ALTER TABLE orders DROP CONSTRAINT ck_orders_total",
    ),
    (
        "drop-constraint",
        "postgresql",
        "CREATE INDEX CONCURRENTLY ck_orders_total ON orders (code)",
        "ALTER TABLE orders DROP CONSTRAINT ck_orders_total",
    ),
    ("type-change", "postgresql", "ALTER TABLE elsewhere ALTER COLUMN a TYPE INTEGER"),
    (
        "null-rows",
        "mariadb",
        "CREATE INDEX i ON orders (code)",
        "ALTER TABLE orders MODIFY COLUMN note VARCHAR(100) NOT NULL",
    ),
    (
        "null-rows",
        "mariadb",
        "UPDATE parcels SET customer_id = 1 WHERE id = 1",
        "ALTER TABLE orders MODIFY COLUMN note VARCHAR(100) NOT NULL",
    ),
    (
        "duplicates",
        "postgresql",
        "ALTER TABLE orders ADD COLUMN f INTEGER",
        "CREATE UNIQUE INDEX CONCURRENTLY u ON orders (f, code)",
    ),
    ("duplicates", "sqlite", "CREATE UNIQUE INDEX u ON orders (lower(code))"),
    ("duplicates", "sqlite", "CREATE UNIQUE INDEX u ON orders (code, lower(note))"),
    (
        "no-primary-key",
        "postgresql",
        "CREATE TABLE parts (id BIGINT NOT NULL)",
        "ALTER TABLE orders ADD PRIMARY KEY (id)",
    ),
    ("no-primary-key", "postgresql", "CREATE TABLE parts (id BIGINT NOT NULL)", "CREATE INDEX i ON parts (id)"),
    ("locking-index", "postgresql", "CREATE INDEX ON orders (code)"),
    ("mixed", "postgresql", "ALTER TABLE orders DROP COLUMN body", "UPDATE parcels SET customer_id = 1 WHERE id = 1"),
    (
        "mixed",
        "postgresql",
        "ALTER TABLE orders RENAME COLUMN note TO remark",
        "UPDATE parcels SET customer_id = 1 WHERE id = 1",
    ),
    (
        "mixed",
        "postgresql",
        "ALTER TABLE orders RENAME TO purchases",
        "UPDATE parcels SET customer_id = 1 WHERE id = 1",
    ),
    (
        "mixed",
        "postgresql",
        "ALTER TABLE orders ALTER COLUMN total TYPE BIGINT",
        "UPDATE parcels SET customer_id = 1 WHERE id = 1",
    ),
    (
        "mixed",
        "postgresql",
        "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
        "UPDATE parcels SET customer_id = 1 WHERE id = 1",
    ),
    (
        "mixed",
        "postgresql",
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0)",
        "UPDATE parcels SET customer_id = 1 WHERE id = 1",
    ),
    ("engine-without-transactions", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) ENGINE=Memory"),
    ("engine-without-transactions", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) ENGINE=Heap"),
    ("engine-without-transactions", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) ENGINE=CSV"),
    ("engine-without-transactions", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) ENGINE=Archive"),
    ("engine-without-transactions", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) ENGINE=Merge"),
    ("engine-without-transactions", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) ENGINE=Aria"),
    ("engine-without-transactions", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) ENGINE=Blackhole"),
    ("short-charset", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) CHARSET=utf8mb3"),
    ("short-charset", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) CHARSET=latin1"),
    ("short-charset", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) CHARSET=ucs2"),
    ("short-charset", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) CHARSET=ascii"),
)
SILENT: tuple[tuple[str, ...], ...] = (
    ("drop-table", "mariadb", "DROP TEMPORARY TABLE parcels"),
    (
        "drop-column",
        "sqlite",
        "ALTER TABLE parcels RENAME COLUMN customer_id TO buyer_id",
        "CREATE TABLE fresh (id BIGINT PRIMARY KEY, buyer_id BIGINT)",
        "DROP TABLE parcels",
        "ALTER TABLE fresh RENAME TO parcels",
    ),
    (
        "drop-column",
        "sqlite",
        "CREATE TABLE fresh AS SELECT * FROM parcels",
        "DROP TABLE parcels",
        "ALTER TABLE fresh RENAME TO parcels",
    ),
    (
        "drop-constraint",
        "postgresql",
        "ALTER TABLE orders VALIDATE CONSTRAINT ck_note",
        "ALTER TABLE orders DROP CONSTRAINT ck_note",
    ),
    ("type-change", "postgresql", "ALTER TABLE elsewhere ALTER COLUMN a TYPE TEXT"),
    ("type-change", "postgresql", "ALTER TABLE elsewhere ALTER COLUMN a TYPE VARCHAR"),
    ("type-change", "mariadb", "ALTER TABLE elsewhere MODIFY COLUMN a INTEGER"),
    ("type-change", "postgresql", "ALTER TABLE orders ALTER COLUMN customer_id TYPE BIGINT"),
    (
        "type-change",
        "postgresql",
        "ALTER TABLE orders ADD COLUMN f INTEGER",
        "ALTER TABLE orders ALTER COLUMN f TYPE BIGINT",
    ),
    (
        "required-column",
        "postgresql",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "ALTER TABLE parts ADD COLUMN a INTEGER NOT NULL",
    ),
    ("sqlite-column", "sqlite", "CREATE TABLE parts (id INTEGER PRIMARY KEY)"),
    (
        "set-not-null",
        "postgresql",
        "ALTER TABLE orders ADD COLUMN f INTEGER",
        "ALTER TABLE orders ALTER COLUMN f SET NOT NULL",
    ),
    (
        "null-rows",
        "mariadb",
        "ALTER TABLE orders ADD COLUMN f INTEGER",
        "ALTER TABLE orders MODIFY COLUMN f INTEGER NOT NULL",
    ),
    ("null-rows", "mariadb", "ALTER TABLE elsewhere MODIFY COLUMN f INTEGER NOT NULL"),
    ("null-rows", "mariadb", "ALTER TABLE orders ADD COLUMN note VARCHAR(9) NOT NULL"),
    ("foreign-key-copy", "mariadb", "ALTER TABLE parcels DROP FOREIGN KEY fk_parcels_customer"),
    (
        "duplicates",
        "sqlite",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "CREATE UNIQUE INDEX u ON parts (note)",
    ),
    (
        "nullable-unique",
        "postgresql",
        "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer_id, note) REFERENCES customers (id, name) NOT VALID",
    ),
    ("nullable-unique", "postgresql", "ALTER TABLE orders ADD CONSTRAINT u UNIQUE (note)"),
    ("nullable-unique", "postgresql", "ALTER TABLE elsewhere ADD CONSTRAINT u UNIQUE (a, b)"),
    (
        "drop-primary-key",
        "mariadb",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "ALTER TABLE parts DROP PRIMARY KEY",
    ),
    (
        "fulltext-index",
        "mariadb",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "ALTER TABLE parts ADD FULLTEXT INDEX f (note)",
    ),
    ("wide-index", "postgresql", "ALTER TABLE orders ADD CONSTRAINT u UNIQUE (id, customer_id, code, note)"),
    ("wide-index", "mariadb", "CREATE UNIQUE INDEX u ON orders (id, customer_id, code, note)"),
    ("text-key", "mysql", "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (body) REFERENCES customers (id)"),
    ("text-key", "mysql", "ALTER TABLE orders ADD CONSTRAINT c CHECK (body <> code)"),
    ("text-key", "mysql", "ALTER TABLE orders ADD CONSTRAINT c CHECK (body IS NOT NULL)"),
    ("text-key", "mysql", "ALTER TABLE orders ADD FULLTEXT INDEX f (body)"),
    ("text-key", "mysql", "CREATE TABLE parts (id BIGINT PRIMARY KEY, body TEXT)"),
    (
        "rewrite",
        "postgresql",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "ALTER TABLE parts SET UNLOGGED",
    ),
    (
        "table-copy",
        "mariadb",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "ALTER TABLE parts ADD INDEX i (note), ALGORITHM=COPY",
    ),
    (
        "charset-conversion",
        "mariadb",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "ALTER TABLE parts CONVERT TO CHARACTER SET utf8mb4",
    ),
    (
        "lock-table",
        "postgresql",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "LOCK TABLE parts IN EXCLUSIVE MODE",
    ),
    ("timeout-off", "postgresql", "ALTER TYPE mood ADD VALUE '0'"),
    (
        "detach-partition",
        "postgresql",
        "CREATE TABLE visits (id BIGINT PRIMARY KEY) PARTITION BY RANGE (id)",
        "ALTER TABLE visits DETACH PARTITION visits_2026",
    ),
    ("enum-value", "postgresql", "ALTER TABLE parcels RENAME TO calm", "UPDATE orders SET mood = 'calm' WHERE id = 1"),
    (
        "whole-table",
        "postgresql",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "UPDATE parts SET note = 'x'",
    ),
    (
        "mixed",
        "postgresql",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "ALTER TABLE orders ADD COLUMN f INTEGER",
        "UPDATE parts SET note = 'x' WHERE id = 1",
    ),
    ("mixed", "postgresql", "ALTER TABLE orders ADD COLUMN f INTEGER", "UPDATE orders SET f = 1"),
    (
        "mixed",
        "postgresql",
        "CREATE INDEX CONCURRENTLY i ON orders (code)",
        "UPDATE orders SET note = 'x' WHERE id = 1",
    ),
    (
        "mixed",
        "postgresql",
        "CREATE TABLE parts (id BIGINT PRIMARY KEY, note VARCHAR(9))",
        "ALTER TABLE parts ADD COLUMN a INTEGER",
        "UPDATE orders SET note = 'x' WHERE id = 1",
    ),
    (
        "long-name",
        "mariadb",
        "ALTER TABLE orders ADD COLUMN xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx BIGINT",
    ),
    ("short-charset", "mariadb", "CREATE TABLE parts (id BIGINT PRIMARY KEY) CHARSET=utf8mb4"),
    (
        "type-change",
        "postgresql",
        "ALTER TABLE parcels ADD COLUMN mood TEXT",
        "ALTER TABLE orders ALTER COLUMN mood TYPE mood",
    ),
    (
        "type-change",
        "postgresql",
        "CREATE TYPE other AS ENUM ('a')",
        "ALTER TABLE orders ALTER COLUMN mood TYPE mood",
    ),
)


# What these checks tell of happens inside of a transaction alone.
_INSIDE = frozenset({"enum-value"})


class Near(NamedTuple):
    """Statements, and whether a check is set off by them."""

    check: str
    engine: str
    statements: tuple[str, ...]
    is_told: bool

    @property
    def one_transaction(self) -> bool:
        return self.check in _INSIDE


NEAR = (
    *(Near(check, engine, tuple(rest), is_told=True) for check, engine, *rest in TOLD),
    *(Near(check, engine, tuple(rest), is_told=False) for check, engine, *rest in SILENT),
)
