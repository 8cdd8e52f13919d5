"""Expand and contract: statements that are dangerous on an engine, as those that do the same while code runs.

What is written stays in the words of its author; only a column that is added is written anew, by sqlglot in the very
dialect it was read in. What has no safe form, or needs a value that nobody gave, is left with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arckode_analyzers.sql.catalogue import CHECKS
from arckode_analyzers.sql.reading import DIALECTS, Reader
from arckode_analyzers.sql.script import MYSQL, Script, Step, blanked, dangers, masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arckode_analyzers.sql.operations import Column, Operation

_UPDATE = re.compile(
    r"\s*update\s+(?P<table>\w+)\s+set\s+(?P<set>.+?)(?:\s+where\s+(?P<where>.+))?$", re.IGNORECASE | re.DOTALL
)
_INDEX = re.compile(r"\bindex\b", re.IGNORECASE)
_ONE_WRITER = "SQLite has one process that writes: stop it, migrate, start the new code"
_LET_IT_BE_EMPTY = "let it be NULL before code runs that does not write it"
_CONSTANT = re.compile(r"-?\d+(\.\d+)?|'(?:[^']|'')*'|true|false", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement and the one that takes it back, where there is one."""

    up: str
    down: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """Rows to be changed in batches, by the table's key."""

    table: str
    key: str
    assignment: str
    where: str


@dataclass(frozen=True, slots=True)
class Left:
    """A statement that stays as it is, and why."""

    statement: str
    reason: str


@dataclass(slots=True)
class SafeForm:
    """What runs now (`expand`), row by row (`fills`), then quickly (`settle`), and after a release (`contract`)."""

    expand: list[Piece] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    settle: list[Piece] = field(default_factory=list)
    contract: list[Piece] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Written:
    """A column's name and type, its default and what it refers to, as they are written."""

    plain: str
    default: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    """One dangerous statement with what is known around it."""

    engine: str
    text: str
    operation: Operation
    columns: Mapping[tuple[str, str], Column]
    values: Mapping[str, str]

    @property
    def key(self) -> str:
        """The column by which the table is walked through, where its primary key is known to be one column."""
        table = self.operation.table
        keys = [name for (owner, name), column in sorted(self.columns.items()) if owner == table and column.primary]
        return keys[0] if len(keys) == 1 else ""

    @property
    def no_batches(self) -> str:
        """Why the rows cannot be changed in batches, if they cannot."""
        if self.key:
            return ""
        return (
            f"the migrations give {self.operation.table} no primary key of one column to fill it in batches by: write "
            "`async def up(db)` with db.batches and the key of a unique column"
        )

    def value(self) -> str:
        return self.values.get(f"{self.operation.table}.{self.operation.name}", "")


def safe_form(
    statements: Sequence[str],
    engine: str,
    columns: Mapping[tuple[str, str], Column] | None = None,
    values: Mapping[str, str] | None = None,
) -> SafeForm:
    """Return the safe form of the statements of one file on one engine.

    `columns` are those there are before the file; `values` gives the SQL that fills a required column, by
    `table.column`.
    """
    reader, form = Reader(), SafeForm()
    steps = tuple(Step(reader.read(text, engine), text) for text in statements)
    known = dict(columns or {})
    told: dict[int, set[str]] = {}
    for danger in dangers(Script(engine, steps, columns=known), CHECKS):
        if danger.check.severity == "error":
            told.setdefault(danger.step, set()).add(danger.check.name)
    for at, step in enumerate(steps):
        does = [operation for operation in step.operations if operation.kind != "names"]
        if form.contract and any(operation.kind == "drop_object" for operation in does):
            form.contract.append(Piece(step.text))  # a column that waits for the release may still have the type
        elif at not in told:
            form.expand.append(Piece(step.text, _undone(does)))
        elif len(does) != 1:
            _leave(step.text, "it changes several things: write one change per statement", form)
        else:
            _rewrite(_Case(engine, step.text, does[0], known, values or {}), form)
    return form


def _rewrite(case: _Case, form: SafeForm) -> None:
    write = _WRITERS.get(case.operation.kind)
    if write is None:
        _leave(case.text, "there is no safe form of it that a tool could write", form)
        return
    reason = write(case, form)
    if reason:
        _leave(case.text, reason, form)


def _leave(statement: str, reason: str, form: SafeForm) -> None:
    form.left.append(Left(statement, reason))
    form.expand.append(Piece(statement))


def _undone(does: Iterable[Operation]) -> str:
    """Return what takes a harmless statement back, where that is plain."""
    match [(each.kind, each.table, each.name) for each in does]:
        case [("create_table", str(table), _)]:
            return f"DROP TABLE {table}"
        case [("add_column", str(table), str(name))]:
            return f"ALTER TABLE {table} DROP COLUMN {name}"
        case [("add_constraint", str(table), str(name))] if name:
            return f"ALTER TABLE {table} DROP CONSTRAINT {name}"
    return ""


# Columns


def _add_column(case: _Case, form: SafeForm) -> str:
    table, name, column = case.operation.table, case.operation.name, case.operation.columns[0]
    if column.generated:
        return "each row needs a value of its own: add a plain column and fill it where rows are written"
    if case.engine == "sqlite" and not _is_required(column):
        return "SQLite adds no such column: rebuild the table, or add it plain"
    if _is_required(column) and not case.value():
        return f"the rows there are need a value: --fill {table}.{name}=VALUE"
    is_constant = _is_required(column) and _CONSTANT.fullmatch(case.value())
    written = _written(case)
    if not is_constant and (case.value() or written.default) and case.no_batches:
        return case.no_batches
    drop = f"ALTER TABLE {table} DROP COLUMN {name}"
    if is_constant:
        _with_default(case, written, drop, form)
    elif case.engine == "sqlite":
        return "SQLite makes no column NOT NULL later: give a constant, or rebuild the table"
    else:
        _filled_later(case, written, drop, form)
    if column.unique:
        form.settle += _unique(case.engine, table, f"uq_{table}_{name}", name)
    if written.reference:
        _refer(case, written.reference, form)
    return ""


def _with_default(case: _Case, written: _Written, drop: str, form: SafeForm) -> None:
    """A constant is only noted by every engine, and code that does not know the column goes on writing."""
    table, name, value = case.operation.table, case.operation.name, case.value()
    form.expand.append(Piece(f"ALTER TABLE {table} ADD COLUMN {written.plain} DEFAULT {value} NOT NULL", drop))
    if case.engine != "sqlite":
        form.contract.append(Piece(f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT"))


def _filled_later(case: _Case, written: _Written, drop: str, form: SafeForm) -> None:
    """Without a default, code that does not know the column writes NULL: NOT NULL waits for the release."""
    table, name = case.operation.table, case.operation.name
    form.expand.append(Piece(f"ALTER TABLE {table} ADD COLUMN {written.plain}", drop))
    if written.default:
        form.expand.append(Piece(f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {written.default}"))
    filled = case.value() or written.default
    if filled:
        form.fills.append(Fill(table, case.key, f"{name} = {filled}", f"{name} IS NULL"))
    if not case.operation.columns[0].nullable:
        required = _required(case.engine, table, name, written)
        (form.settle if written.default else form.contract).extend(required)


def _is_required(column: Column) -> bool:
    return not column.nullable and not column.default


def _written(case: _Case) -> _Written:
    """Return the parts of a column's definition, in the dialect it is written in."""
    import sqlglot
    from sqlglot import exp

    dialect = DIALECTS[case.engine]
    definition = sqlglot.parse_one(case.text, dialect=dialect).find(exp.ColumnDef)
    assert definition is not None  # noqa: S101  # the operation says that a column is added
    default, reference = definition.find(exp.DefaultColumnConstraint), definition.find(exp.Reference)
    said = default.this.sql(dialect) if default is not None else ""
    target = reference.sql(dialect) if reference is not None else ""
    definition.set("constraints", [])
    definition.set("exists", None)
    return _Written(definition.sql(dialect), said, target)


def _required(engine: str, table: str, name: str, written: _Written) -> list[Piece]:
    if engine == "postgresql":
        return _checked_first(table, name)
    said = f" DEFAULT {written.default}" if written.default else ""
    back = f"ALTER TABLE {table} MODIFY COLUMN {written.plain}{said}"
    return [Piece(f"{back} NOT NULL", back)]


def _checked_first(table: str, name: str) -> list[Piece]:
    """A CHECK that was validated under a weak lock spares SET NOT NULL the reading of the table."""
    check = f"ck_{table}_{name}_not_null"
    column = f"ALTER TABLE {table} ALTER COLUMN {name}"
    return [
        Piece(f"ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({name} IS NOT NULL) NOT VALID"),
        Piece(f"ALTER TABLE {table} VALIDATE CONSTRAINT {check}"),
        Piece(f"{column} SET NOT NULL", f"{column} DROP NOT NULL"),
        Piece(f"ALTER TABLE {table} DROP CONSTRAINT {check}"),
    ]


def _set_not_null(case: _Case, form: SafeForm) -> str:
    table, name = case.operation.table, case.operation.name
    if case.value():
        if case.no_batches:
            return case.no_batches
        form.fills.append(Fill(table, case.key, f"{name} = {case.value()}", f"{name} IS NULL"))
    guard, *rest = _checked_first(table, name)
    back = f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{name}_not_null"
    form.expand.append(Piece(guard.up, back))
    form.settle += rest
    return ""


def _rename_column(case: _Case, form: SafeForm) -> str:
    table, old, new = case.operation.table, case.operation.name, case.operation.detail
    column = case.columns.get((table, old))
    if case.engine == "sqlite":
        return _ONE_WRITER
    if column is None or not column.type:
        return f"the type of {table}.{old} is not known from the migrations"
    if case.no_batches:
        return case.no_batches
    plain = f"{new} {column.written if case.engine in MYSQL and column.written else _typed(column, case.engine)}"
    form.expand.append(Piece(f"ALTER TABLE {table} ADD COLUMN {plain}", f"ALTER TABLE {table} DROP COLUMN {new}"))
    form.expand += _in_step(case.engine, table, old, new)
    form.fills.append(Fill(table, case.key, f"{new} = {old}", f"{new} IS NULL AND {old} IS NOT NULL"))
    form.notes.append(f"indexes, constraints and views of {table}.{old} are not copied: give {new} its own first")
    if not column.nullable:
        form.settle += _required(case.engine, table, new, _Written(plain))
    form.contract += [*_out_of_step(case.engine, table, old, new), Piece(f"ALTER TABLE {table} DROP COLUMN {old}")]
    return ""


def _typed(column: Column, engine: str) -> str:
    """Return a type as it is known from the migrations, in the words of the engine."""
    from sqlglot import exp

    return exp.DataType.build(column.type, dialect="postgres").sql(DIALECTS[engine])


def _in_step(engine: str, table: str, old: str, new: str) -> list[Piece]:
    """Return triggers that keep two columns alike, whichever of them the code that is running writes."""
    name = f"{table}_{old}_{new}"
    inserted = {new: f"COALESCE(NEW.{new}, NEW.{old})", old: f"COALESCE(NEW.{old}, NEW.{new})"}
    if engine == "postgresql":
        body = (
            f"IF TG_OP = 'INSERT' THEN NEW.{new} := {inserted[new]}; NEW.{old} := {inserted[old]}; "
            f"ELSIF NEW.{old} IS DISTINCT FROM OLD.{old} THEN NEW.{new} := NEW.{old}; "
            f"ELSIF NEW.{new} IS DISTINCT FROM OLD.{new} THEN NEW.{old} := NEW.{new}; END IF; RETURN NEW;"
        )
        function = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        trigger = f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        return [Piece(function, f"DROP FUNCTION {name}()"), Piece(trigger, f"DROP TRIGGER {name} ON {table}")]
    on_insert = f"SET NEW.{new} = {inserted[new]}, NEW.{old} = {inserted[old]}"
    on_update = (
        f"SET NEW.{new} = IF(NEW.{old} <=> OLD.{old}, NEW.{new}, NEW.{old}), "
        f"NEW.{old} = IF(NEW.{new} <=> OLD.{new}, NEW.{old}, NEW.{new})"
    )
    return [
        Piece(f"CREATE TRIGGER {name}_i BEFORE INSERT ON {table} FOR EACH ROW {on_insert}", f"DROP TRIGGER {name}_i"),
        Piece(f"CREATE TRIGGER {name}_u BEFORE UPDATE ON {table} FOR EACH ROW {on_update}", f"DROP TRIGGER {name}_u"),
    ]


def _out_of_step(engine: str, table: str, old: str, new: str) -> list[Piece]:
    return [Piece(piece.down) for piece in reversed(_in_step(engine, table, old, new))]


def _drop_column(case: _Case, form: SafeForm) -> str:
    """Code that no longer knows a column must be able to write without it before it can go."""
    table, name = case.operation.table, case.operation.name
    column = case.columns.get((table, name))
    if column is None:
        form.notes.append(f"whether {table}.{name} is required is not known from the migrations: {_LET_IT_BE_EMPTY}")
    elif _is_required(column) and not column.generated:
        if case.engine == "sqlite":
            return _ONE_WRITER
        if column.primary:
            return f"{table}.{name} is in the primary key and cannot be empty: give the table another key first"
        _relax(case, column, form)
    form.contract.append(Piece(case.text))
    return ""


def _relax(case: _Case, column: Column, form: SafeForm) -> None:
    table, name = case.operation.table, case.operation.name
    if case.engine == "postgresql":
        alter = f"ALTER TABLE {table} ALTER COLUMN {name}"
        form.expand.append(Piece(f"{alter} DROP NOT NULL", f"{alter} SET NOT NULL"))
    elif column.written:
        alter = f"ALTER TABLE {table} MODIFY COLUMN {name} {column.written}"
        form.expand.append(Piece(f"{alter} NULL", f"{alter} NOT NULL"))
    else:
        form.notes.append(f"{table}.{name} is required, and its type cannot be repeated here: {_LET_IT_BE_EMPTY}")


def _drop_table(case: _Case, form: SafeForm) -> str:
    form.contract.append(Piece(case.text))
    return ""


# Constraints and indexes


def _add_constraint(case: _Case, form: SafeForm) -> str:
    table, name, kind = case.operation.table, case.operation.name, case.operation.detail
    if not name:
        return "the constraint has no name: give it one, so that it can be validated"
    drop = f"ALTER TABLE {table} DROP CONSTRAINT {name}"
    if case.engine == "postgresql" and kind in {"foreign key", "check", "check not null"}:
        form.expand.append(Piece(f"{case.text} NOT VALID", drop))
        form.settle.append(Piece(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}", ""))
        return ""
    if case.engine == "postgresql" and kind in {"unique", "primary key"} and all(case.operation.parts):
        said = kind.upper()
        index = f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({', '.join(case.operation.parts)})"
        form.expand.append(Piece(index, f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
        form.settle.append(Piece(f"ALTER TABLE {table} ADD CONSTRAINT {name} {said} USING INDEX {name}", drop))
        return ""
    if case.engine in MYSQL and kind == "foreign key":
        form.expand += _unchecked(f"{case.text}, ALGORITHM=INPLACE", f"ALTER TABLE {table} DROP FOREIGN KEY {name}")
        return ""
    return "there is no safe form of it that a tool could write"


def _unchecked(statement: str, back: str) -> list[Piece]:
    """InnoDB adds a foreign key in place only when it does not look at the rows: look for orphans yourself."""
    return [Piece("SET foreign_key_checks = 0"), Piece(statement, back), Piece("SET foreign_key_checks = 1")]


def _refer(case: _Case, reference: str, form: SafeForm) -> None:
    table, name = case.operation.table, case.operation.name
    constraint = f"fk_{table}_{name}"
    add = f"ALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY ({name}) {reference}"
    if case.engine == "postgresql":
        form.expand.append(Piece(f"{add} NOT VALID", f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"))
        form.settle.append(Piece(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}"))
    else:
        form.expand += _unchecked(f"{add}, ALGORITHM=INPLACE", f"ALTER TABLE {table} DROP FOREIGN KEY {constraint}")


def _unique(engine: str, table: str, name: str, column: str) -> list[Piece]:
    if engine == "postgresql":
        index = f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({column})"
        add = f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}"
        return [Piece(index), Piece(add, f"ALTER TABLE {table} DROP CONSTRAINT {name}")]
    return [Piece(f"CREATE UNIQUE INDEX {name} ON {table} ({column})", f"DROP INDEX {name} ON {table}")]


def _create_index(case: _Case, form: SafeForm) -> str:
    if case.engine != "postgresql":
        return "there is no safe form of it that a tool could write"
    text = _concurrently(case)
    back = f"DROP INDEX CONCURRENTLY IF EXISTS {case.operation.name}" if case.operation.name else ""
    form.expand.append(Piece(text, back))
    return ""


def _drop_index(case: _Case, form: SafeForm) -> str:
    form.expand.append(Piece(_concurrently(case)))
    return ""


def _concurrently(case: _Case) -> str:
    """The word may stand in a comment before the statement, or in a name."""
    found = _INDEX.search(masked(case.text, case.engine))
    assert found is not None  # noqa: S101  # the operation says that an index comes or goes
    return f"{case.text[: found.start()]}INDEX CONCURRENTLY{case.text[found.end() :]}"


# Rows


def _update(case: _Case, form: SafeForm) -> str:
    match = _UPDATE.match(masked(case.text, case.engine).rstrip().removesuffix(";"))
    if match is None:
        return "write it as `async def up(db)` with db.batches"
    table, assignment, where = (case.text[slice(*match.span(part))].strip() for part in ("table", "set", "where"))
    if " where " in f" {blanked(assignment, case.engine).lower()} ":
        return "write it as `async def up(db)` with db.batches"
    if case.no_batches:
        return case.no_batches
    form.fills.append(Fill(table.lower(), case.key, assignment, where))
    return ""


_WRITERS = {
    "add_column": _add_column,
    "add_constraint": _add_constraint,
    "create_index": _create_index,
    "drop_column": _drop_column,
    "drop_index": _drop_index,
    "drop_table": _drop_table,
    "rename_column": _rename_column,
    "set_not_null": _set_not_null,
    "update": _update,
}
