"""Rows that are inserted unless they are there, whoever makes them at the same time."""

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import mysql, postgresql, sqlite


def insert_unless_there(dialect: str, table: Table, row: dict[str, object], *key: str) -> Insert:
    """Insert a row unless its unique key is taken, also by a transaction that is about to commit."""
    if dialect == "postgresql":
        return postgresql.insert(table).values(row).on_conflict_do_nothing(index_elements=key)
    if dialect == "sqlite":
        return sqlite.insert(table).values(row).on_conflict_do_nothing(index_elements=key)
    # IGNORE would swallow other mistakes, too.
    return mysql.insert(table).values(row).on_duplicate_key_update({key[0]: table.c[key[0]]})
