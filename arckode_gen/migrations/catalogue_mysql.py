"""Reads MariaDB's and MySQL's catalogue: SHOW CREATE TABLE, a line an object, as the server itself writes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.migrations.catalogue import Catalogue
    from arckode_gen.migrations.connection import Connection

_TABLES = (
    "SELECT table_name AS name FROM information_schema.tables "
    "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
)
_VIEWS = (
    "SELECT table_name AS name, view_definition AS text FROM information_schema.views WHERE table_schema = DATABASE()"
)
_TRIGGERS = (
    "SELECT event_object_table AS owner, trigger_name AS name, "
    "CONCAT(action_timing, ' ', event_manipulation, ' ', action_statement) AS text "
    "FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
)
_ROUTINES = (
    "SELECT routine_name AS name, routine_definition AS text FROM information_schema.routines "
    "WHERE routine_schema = DATABASE()"
)
_LINE = re.compile(
    r"(?P<column>`[^`]+`) (?P<definition>.*)"
    r"|PRIMARY KEY (?P<primary>.*)"
    r"|CONSTRAINT `(?P<foreign>[^`]+)` FOREIGN KEY (?P<reference>.*)"
    r"|CONSTRAINT `(?P<check>[^`]+)` CHECK (?P<condition>.*)"
    r"|(?P<kind>UNIQUE |FULLTEXT |SPATIAL )?KEY `(?P<key>[^`]+)` (?P<parts>.*)",
    re.DOTALL,
)


# In the order they are cut out: a comment may hold anything, a default no comment.
_FACETS = (
    ("comment", re.compile(r" COMMENT '((?:[^'\\]|''|\\.)*)'")),
    ("default", re.compile(r" DEFAULT ('(?:[^'\\]|''|\\.)*'|\S+(?: ON UPDATE \S+)?)")),
    ("null", re.compile(r" (NOT NULL)\b")),
)


async def read(connection: Connection) -> Catalogue:
    """Return every object under its name."""
    found: Catalogue = {}
    for row in await connection.fetch(_TABLES):
        found |= await read_table(connection, str(row["name"]))
    database = str((await connection.fetch("SELECT DATABASE() AS name"))[0]["name"])
    for row in await connection.fetch(_VIEWS):
        found[f"view {row['name']}"] = str(row["text"]).replace(f"`{database}`.", "")
    for row in await connection.fetch(_TRIGGERS):
        found[f"trigger {row['owner']}.{row['name']}"] = str(row["text"])
    for row in await connection.fetch(_ROUTINES):
        found[f"routine {row['name']}"] = str(row["text"])
    return found


async def read_table(connection: Connection, table: str, name: str = "") -> Catalogue:
    """Return one table, a temporary one too, under its own name or another one."""
    rows = await connection.fetch(f"SHOW CREATE TABLE `{table}`")
    sql = next(str(text) for key, text in rows[0].items() if key.startswith("Create"))
    return dict(_objects(sql, name or table))


def _column(name: str, definition: str) -> Iterator[tuple[str, str]]:
    rest = definition
    for facet, pattern in _FACETS:
        match = pattern.search(rest)
        if match is not None:
            if match[1] != "NULL":
                yield f"{facet} {name}", match[1]
            rest = rest[: match.start()] + rest[match.end() :]
    yield f"column {name}", rest


def _objects(sql: str, table: str) -> Iterator[tuple[str, str]]:
    _, *lines, tail = sql.split("\n")
    yield f"table {table}", re.sub(r"^\) | AUTO_INCREMENT=\d+| PAGE_CHECKSUM=\d", "", tail)
    for line in lines:
        match = _LINE.fullmatch(line.strip().rstrip(","))
        if match is None:
            continue
        if match["column"]:
            yield from _column(f"{table}.{match['column'].strip('`')}", match["definition"])
        elif match["primary"]:
            yield f"primary key {table}", match["primary"]
        elif match["foreign"]:
            yield f"foreign key {table}.{match['foreign']}", match["reference"]
        elif match["check"]:
            yield f"check {table}.{match['check']}", match["condition"]
        else:
            yield f"index {table}.{match['key']}", f"{match['kind'] or ''}{match['parts']}"
