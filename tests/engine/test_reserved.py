"""The reserved words are neither too few for the engines and libraries nor so many that natural names are refused."""

from __future__ import annotations

import sqlite3

import pytest
from pydantic import BaseModel
from sqlalchemy.dialects.mysql.reserved_words import RESERVED_WORDS_MARIADB, RESERVED_WORDS_MYSQL
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS as RESERVED_WORDS_POSTGRESQL
from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer

from arckode_gen.engine import reserved
from arckode_gen.engine.fields import parse_field

KNOWN_TO_SQLALCHEMY = (
    RESERVED_WORDS_MARIADB | RESERVED_WORDS_MYSQL | RESERVED_WORDS_POSTGRESQL | SQLiteIdentifierPreparer.reserved_words
)

# SQLAlchemy quotes these, and each engine was seen, or documents, to take them without.
QUOTED_FOR_NOTHING = frozenset(
    [
        *["admin", "after", "attach", "begin", "body", "conflict", "deferred", "detach", "elsif", "exclusive", "fail"],
        *["general", "get_master_public_key", "glob", "goto", "history", "ignore_server_ids", "immediate", "indexed"],
        *["instead", "master_heartbeat_period", "member", "new", "off", "old", "others", "package", "parse_gcol_expr"],
        *["period", "persist", "persist_only", "plan", "position", "pragma", "query", "raise", "reindex", "role"],
        *["rollback", "rowtype", "slow", "system_time", "temp", "temporary", "vacuum", "versioning", "view", "without"],
    ]
)

NATURAL = [
    *["name", "title", "status", "total", "amount", "price", "quantity", "date", "time"],
    *["datetime", "text", "list", "type", "kind", "code", "email", "phone", "url"],
    *["note", "body", "description", "position", "role", "plan", "history", "query", "view"],
    *["package", "member", "active", "enabled", "start", "finish", "due_date", "count", "level"],
    *["color", "size", "weight", "width", "height", "year", "month", "day", "hour"],
    *["minute", "state", "country", "city", "street", "zip", "lat", "lng", "image"],
    *["file", "path", "page", "sort", "tags", "data", "value", "content", "message"],
    *["subject", "priority", "parent", "owner", "author", "source", "target", "label", "title_es"],
    *["uuid", "json"],
]


def _is_taken(word: str) -> bool:
    with sqlite3.connect(":memory:") as database:
        try:
            database.execute(f"CREATE TABLE {word} ({word} integer)")
        except sqlite3.OperationalError:
            return False
    database.close()
    return True


def test_every_word_that_sqlalchemy_quotes_is_refused_or_known_to_be_harmless() -> None:
    assert KNOWN_TO_SQLALCHEMY - reserved.SQL_WORDS == QUOTED_FOR_NOTHING


def test_sqlite_takes_no_name_that_it_reserves() -> None:
    refused = {word for word in KNOWN_TO_SQLALCHEMY | reserved.SQL_WORDS if not _is_taken(word)}
    assert refused <= reserved.SQL_WORDS


def test_sqlite_creates_a_table_with_every_natural_name() -> None:
    columns = [parse_field(word).column for word in NATURAL]
    with sqlite3.connect(":memory:") as database:
        database.execute(f"CREATE TABLE things ({', '.join(f'{column} TEXT' for column in columns)})")
    database.close()


def test_what_pydantic_models_have_is_taken() -> None:
    both = {*dir(BaseModel), *dir(type(BaseModel))}  # what only the metaclass has is shadowed as well
    attributes = {name for name in both if not name.startswith("_") and hasattr(BaseModel, name)}
    assert {name for name in attributes if not name.startswith(reserved.TAKEN_PREFIXES)} <= (
        reserved.TAKEN_ATTRIBUTES | reserved.SQL_WORDS
    )


@pytest.mark.parametrize("word", ["metadata", "list", "json", "copy", "model_config", "model_dump_json"])
def test_a_taken_attribute_gets_an_underscore_and_keeps_its_column(word: str) -> None:
    field = parse_field(word)
    assert (field.attribute, field.column) == (f"{word}_", word)
