"""Reads SQLite's catalogue: the text of each table in its parts, because pragmas tell neither checks nor collations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.sqlite_table import bare, parse
from arckode_gen.migrations.sqltext import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.migrations.catalogue import Catalogue
    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.sqlite_table import Clause, Column, TableText

_OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


async def read(connection: Connection) -> Catalogue:
    """Return every object under its name."""
    found: Catalogue = {}
    for row in await connection.fetch(_OBJECTS):
        kind, name, table, sql = (str(row[key]) for key in ("type", "name", "tbl_name", "sql"))
        if kind == "table":
            found |= dict(_table(name, sql))
        else:
            owner = "" if kind == "view" else f"{table}."
            found[f"{kind} {owner}{name}"] = canonical(sql)
    return found


def canonical(sql: str) -> str:
    """Return SQL with one space between its tokens, names without quotes and words in capitals."""
    out: list[str] = []
    for token in tokens(sql, "sqlite"):
        if token.is_silent or token.text == ";":
            continue
        if token.kind == "quoted" and not token.text.startswith("'"):
            name = bare(token.text)
            out.append(name.upper() if name.isidentifier() else token.text)
        else:
            out.append(token.text.upper() if token.kind == "word" else token.text)
    return " ".join(out)


def expression(text: str) -> str:
    """Return what a CHECK or a DEFAULT says, without the brackets around it."""
    found = re.sub(r"^(CHECK|DEFAULT) ", "", canonical(text))
    while found.startswith("( ") and found.endswith(" )") and _is_one_pair(found):
        found = found[2:-2]
    return found


def _is_one_pair(text: str) -> bool:
    depth = 0
    for at, piece in enumerate(text.split(" ")):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if depth == 0:
            return at == len(text.split(" ")) - 1
    return False


def _table(name: str, sql: str) -> Iterator[tuple[str, str]]:
    try:
        table = parse(sql)
    except RefusedError:
        yield f"table {name}", canonical(sql)
        return
    yield f"table {name}", canonical(table.tail)
    for column in table.columns:
        yield f"column {name}.{column.name}", _column(column)
        if column.has("NOT"):
            yield f"null {name}.{column.name}", "NOT NULL"
        if column.has("DEFAULT"):
            yield f"default {name}.{column.name}", expression(column.text("DEFAULT"))
    for clause in table.checks():
        yield f"check {name}.{clause.name or expression(clause.text)}", expression(clause.text)
    yield from _keys(name, table)


def _column(column: Column) -> str:
    computed = re.sub(r"^GENERATED ALWAYS ", "", canonical(column.text("GENERATED") or column.text("AS")))
    stored = computed.removesuffix(" VIRTUAL")
    return " ".join(part for part in (canonical(column.type), canonical(column.text("COLLATE")), stored) if part)


def _keys(name: str, table: TableText) -> Iterator[tuple[str, str]]:
    """Yield primary, unique and foreign keys the same way wherever they are written."""
    for column in table.columns:
        for clause in column.clauses:
            if clause.kind in ("PRIMARY", "UNIQUE"):
                label = "primary key" if clause.kind == "PRIMARY" else "unique"
                yield f"{label} {name}({column.name.upper()})", _rest(clause)
            elif clause.kind == "REFERENCES":
                yield f"foreign key {name}({column.name.upper()})", canonical(clause.text)
    for clause in table.constraints:
        if clause.kind == "CHECK":
            continue
        text = canonical(clause.text)
        words, _, rest = text.partition(" ( ")
        columns, _, tail = rest.partition(" )")
        label = {"PRIMARY KEY": "primary key", "FOREIGN KEY": "foreign key"}.get(words, "unique")
        yield f"{label} {name}({columns.replace(' ', '')})", tail.strip()


def _rest(clause: Clause) -> str:
    return re.sub(r"^(PRIMARY KEY|UNIQUE) ?", "", canonical(clause.text))
