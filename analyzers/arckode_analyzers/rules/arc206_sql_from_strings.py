"""ARC206: SQL put together from strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report texts that run as SQL and hold something that came from outside."""
    seen: set[tuple[int, int, str]] = set()
    for run in analysis.sql_texts.of(source):
        origin = analysis.sql_texts.built(run)
        record = run.call.record
        if origin is None or (record.line, record.column, origin.text) in seen:
            continue
        seen.add((record.line, record.column, origin.text))
        message = f"the SQL that `{run.label}` runs is built from `{origin.text}`"
        if origin.text in {"a stored value", "input()"}:
            message = f"the SQL that `{run.label}` runs is built from {origin.text}"
        chain = [(source, record.line)]
        if run.through is not None:
            chain.append((run.through.source, run.through.record.line))
        if (origin.source, origin.line) not in chain:
            chain.append((origin.source, origin.line))
        steps = tuple(chain) if len(chain) > 1 else ()
        yield Spot(source, record.line, record.column, run.call.caller, message, run.label, chain=steps)


_REPOSITORY = "src/shop/modules/orders/repository.py"
RULE = Rule(
    code="ARC206",
    name="sql-from-strings",
    severity="error",
    summary="SQL is put together from strings.",
    why=(
        "A value inside the text of a statement is read as SQL: a quote in a name ends the literal, and what follows "
        "runs. It also defeats the plan cache, and breaks on the first customer called O'Brien. Values from the own "
        "database count: somebody wrote them."
    ),
    hint="pass values as bound parameters (`:name` and a dict); take identifiers from a literal set",
    check=check,
    layers=("*",),
    decides=(
        "Found: f-strings, `%`, `.format`, `+`, `join`, templates and appended pieces that hold a parameter, a stored "
        "value or input, through variables, attributes and functions of the project, in every layer but the runtime. "
        "Silent: numbers, identifiers, dates, enumerations, constants, settings, names checked against a set or a "
        "pattern or quoted, and whatever nothing is known of."
    ),
    bad=(
        Example(
            "an f-string in a repository, and one built step by step",
            {
                _REPOSITORY: """\
from shop.kernel.repository_sql import SqlRepository
from sqlalchemy import text as sql

class OrdersRepository(SqlRepository["Order"]):
    async def named(self, name: str):
        async with self.database.session() as session:
            return await session.execute(sql(f"SELECT * FROM orders WHERE name = '{name}'"))  # error: ARC206

    async def search(self, term: str, order: str = "id"):
        query = "SELECT * FROM orders"
        if term:
            query += " WHERE note LIKE '%" + term + "%'"
        async with self.database.session() as session:
            return await session.execute(sql(query + " ORDER BY " + order))  # error: ARC206
"""
            },
        ),
        Example(
            "a helper in another file runs what it is given",
            {
                "src/shop/shared/rows.py": """\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

async def safe_rows(session: AsyncSession, statement: str):
    return (await session.execute(text(statement))).all()
""",
                _REPOSITORY: """\
from shop.shared.rows import safe_rows as rows

async def by_status(session, status: str):
    return await rows(session, "SELECT id FROM orders WHERE status = '%s'" % status)  # error: ARC206

async def all_of_them(session):
    return await rows(session, "SELECT id FROM orders")
""",
            },
        ),
        Example(
            "a driver, a template and a function named as if it made things safe",
            {
                _REPOSITORY: """\
import sqlite3
from string import Template

def quoted(name: str) -> str:
    return f"'{name}'"

def find(name: str, table: str):
    connection = sqlite3.connect("shop.db")
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM orders WHERE name = {}".format(quoted(name)))  # error: ARC206
    cursor.execute(Template("SELECT * FROM $table").substitute(table=table))  # error: ARC206
"""
            },
        ),
    ),
    good=(
        Example(
            "bound parameters, and placeholders joined for a list",
            {
                _REPOSITORY: """\
from collections.abc import Sequence
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

async def named(session: AsyncSession, name: str, ids: Sequence[str], page: str):
    marks = ", ".join(f":id{number}" for number, _ in enumerate(ids))
    values = {f"id{number}": value for number, value in enumerate(ids)}
    await session.execute(text("SELECT * FROM orders WHERE name = :name"), {"name": name})
    await session.execute(text(f"SELECT * FROM orders WHERE id IN ({marks}) LIMIT {int(page)}"), values)
"""
            },
        ),
        Example(
            "a column from a closed set, an enumeration and a quoted identifier",
            {
                _REPOSITORY: """\
from enum import StrEnum
from psycopg import Connection, sql
from sqlalchemy import text
from sqlalchemy.orm import Session

SORTABLE = {"id", "created_at"}
COLUMNS = {"newest": "created_at DESC", "oldest": "created_at"}

class Direction(StrEnum):
    UP = "ASC"
    DOWN = "DESC"

def ordered(session: Session, column: str, direction: Direction, choice: str):
    if column not in SORTABLE:
        raise ValueError(column)
    session.execute(text(f"SELECT * FROM orders ORDER BY {column} {direction}"))
    session.execute(text("SELECT * FROM orders ORDER BY " + COLUMNS[choice]))

def truncate(connection: Connection, table: str):
    connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table)))
"""
            },
        ),
        Example(
            "text that looks like SQL and is only logged",
            {
                _REPOSITORY: """\
import logging

def explain(name: str):
    # session.execute(f"SELECT {name}")
    message = f"SELECT * FROM orders WHERE name = '{name}'"
    logging.info(message)
    return message
"""
            },
        ),
    ),
)
