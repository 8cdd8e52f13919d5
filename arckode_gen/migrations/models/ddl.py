"""Pieces of DDL as SQLAlchemy's compiler writes them, for one dialect at a time."""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Column, Computed, Index, MetaData, Table, create_mock_engine, make_url
from sqlalchemy.dialects.mysql.base import MySQLDialect
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.connection import is_mysql

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy import Constraint
    from sqlalchemy.engine import Dialect as SqlDialect
    from sqlalchemy.schema import ExecutableDDLElement
    from sqlalchemy.sql.compiler import DDLCompiler
    from sqlalchemy.sql.ddl import BaseDDLElement
    from sqlalchemy.types import TypeEngine

    from arckode_gen.migrations.dialects import Dialect


@cache
def sql_dialect(dialect: Dialect) -> SqlDialect:
    """Return SQLAlchemy's dialect, without its driver."""
    found = make_url(f"{dialect}://").get_dialect()()
    # Without a connection nobody tells the compiler that these servers know the clauses below.
    found.identifier_preparer._double_percents = False  # noqa: SLF001 - a driver's escape that no driver undoes here
    return found


def compile_ddl(element: BaseDDLElement, dialect: Dialect) -> str:
    """Return a statement, without the tabs and blank lines around it.

    Raises:
        RefusedError: the dialect cannot say it.
    """
    text = _said(lambda told: str(element.compile(dialect=told)), dialect)
    lines = [line.rstrip().replace("\t", "    ") for line in text.strip().splitlines() if line.strip()]
    return "\n".join(lines)


def _said(write: Callable[[SqlDialect], str], dialect: Dialect) -> str:
    """Types that ask for the dialect's name often know MySQL alone, by whose URL MariaDB is reached as well."""
    try:
        return write(sql_dialect(dialect))
    except SQLAlchemyError as error:
        if dialect == "mariadb":
            with suppress(SQLAlchemyError):
                return write(_mariadb_as_mysql())
        raise RefusedError(f"{dialect} cannot say this: {str(error).splitlines()[0]}", "change the model") from error


@cache
def _mariadb_as_mysql() -> SqlDialect:
    found = MySQLDialect(is_mariadb=True)
    found.identifier_preparer._double_percents = False  # noqa: SLF001 - as above
    return found


def tables(metadata: MetaData) -> list[Table]:
    """Return the tables without a schema of their own, those that others refer to first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # keys that go round in a circle come after their tables
        return [table for table in metadata.sorted_tables if table.schema is None]


def create_table(table: Table, dialect: Dialect, late: Collection[Constraint] = ()) -> str:
    """Return CREATE TABLE without its indexes, and without the foreign keys that come later."""
    keys = [key for key in table.foreign_key_constraints if key not in late]
    return compile_ddl(CreateTable(table, include_foreign_key_constraints=keys if late else None), dialect)


def create_index(index: Index, dialect: Dialect) -> str:
    return compile_ddl(CreateIndex(index), dialect)


def create_all(metadata: MetaData, dialect: Dialect) -> tuple[str, ...]:
    """Return all that makes the models' tables, types, indexes and comments; on MySQL and MariaDB temporary ones."""
    found: list[str] = []

    def take(element: ExecutableDDLElement, *_: object, **__: object) -> None:
        if isinstance(element, CreateTable) and is_mysql(dialect):
            bare = CreateTable(element.element, include_foreign_key_constraints=())
            found.append(re.sub(r"^CREATE TABLE", "CREATE TEMPORARY TABLE", compile_ddl(bare, dialect)))
        else:
            found.append(compile_ddl(element, dialect))

    engine = create_mock_engine(f"{dialect}://", take)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        metadata.create_all(engine, tables=tables(metadata), checkfirst=False)
    return tuple(found)


def compiler(dialect: Dialect) -> DDLCompiler:
    return sql_dialect(dialect).ddl_compiler(sql_dialect(dialect), CreateTable(Table("none", MetaData())))


def quote(name: str, dialect: Dialect) -> str:
    """Return a name as the dialect takes it, in quotes only where it needs them."""
    return sql_dialect(dialect).identifier_preparer.quote(name)


def column_spec(column: Column[object], dialect: Dialect) -> str:
    """Return a column as ADD COLUMN takes it; one that was read elsewhere gets the nearest type that there is.

    Raises:
        RefusedError: the dialect cannot say it.
    """
    try:
        return compile_ddl(CreateColumn(column), dialect)
    except RefusedError:
        general = column._copy()  # noqa: SLF001 - the column as it is, in no table
        general.type = column.type.as_generic(allow_nulltype=True)
        return compile_ddl(CreateColumn(general), dialect)


def type_text(column: Column[object], dialect: Dialect) -> str:
    """Return the type of a column; one that was read from another database becomes the nearest that this one has."""
    try:
        return _type(column.type, dialect)
    except RefusedError:
        return _type(column.type.as_generic(allow_nulltype=True), dialect)


def _type(kind: TypeEngine[object], dialect: Dialect) -> str:
    return _said(lambda told: told.type_compiler_instance.process(kind), dialect)


def default_text(column: Column[object], dialect: Dialect) -> str | None:
    """Return what stands after DEFAULT, or None; a computed column has none."""
    if column.server_default is None or isinstance(column.server_default, Computed):
        return None
    return compiler(dialect).get_column_default_string(column)


def constraint_text(constraint: Constraint, dialect: Dialect) -> str:
    """Return a constraint as ADD takes it, its name included when it has one."""
    return compiler(dialect).process(constraint).strip()


def name_of(item: Constraint | Index, dialect: Dialect) -> str:
    """Return the name that the compiler gives a constraint or an index, without quotes; empty when it has none."""
    if item.name is None:
        return ""
    preparer = sql_dialect(dialect).identifier_preparer
    formatted = preparer.format_index(item) if isinstance(item, Index) else preparer.format_constraint(item)
    return (formatted or "").strip('`"')
