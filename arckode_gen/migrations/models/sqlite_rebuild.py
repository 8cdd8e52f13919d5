"""Alters SQLite's tables: in place where SQLite can, else by building the table anew around its rows.

The procedure is the twelve steps of https://www.sqlite.org/lang_altertable.html#otheralter. The runner opens its
transactions with foreign keys resting, compares the rows and what belonged to the table before it commits
(`migrations/rebuilt.py`), and checks every foreign key.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from sqlalchemy import Column, Constraint, Index, Table

from arckode_gen.migrations.catalogue_sqlite import canonical, expression
from arckode_gen.migrations.models.ddl import column_spec, constraint_text, create_index, create_table, name_of
from arckode_gen.migrations.models.filling import becomes_required, constant_of, with_default
from arckode_gen.migrations.models.sqlite_live import renamed
from arckode_gen.migrations.rebuilt import PREFIX
from arckode_gen.migrations.sqlite_table import TableText, clause, parse, quoted
from arckode_gen.migrations.sqltext import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arckode_gen.migrations.models.sqlite_live import Live
    from arckode_gen.migrations.models.steps import Step
    from arckode_gen.migrations.sqlite_table import Clause
    from arckode_gen.migrations.sqlite_table import Column as TextColumn


def statements(steps: Sequence[Step], models: Mapping[str, Table], live: Live | None) -> tuple[list[str], list[str]]:
    """Return the way there and the way back; without `live`, tables are taken to be as their models make them."""
    whole = {step.table for step in steps if step.kind == "table"}
    # A table that comes or goes has its foreign keys with it: SQLite does not ask whether their targets are there.
    steps = [step for step in steps if step.kind == "table" or step.table not in whole]
    altered = {step.table for step in steps if _needs_rebuild(step)}
    if live is not None and altered:
        moves = [step for step in steps if step.kind.startswith("rename")]
        live = renamed(live, [sql for step in moves for sql in _plain(step)], [str(step.old) for step in moves])
    plans = {
        table: _Rebuild(models[table], [step for step in steps if step.table == table], live)
        for table in sorted(altered)
    }
    up = list(_direction(steps, plans, back=False))
    down = list(_direction([step.back for step in reversed(steps)], plans, back=True))
    return up, down


def _direction(steps: Sequence[Step], plans: Mapping[str, _Rebuild], *, back: bool) -> Iterator[str]:
    """Yield the steps in order; a table is rebuilt once, after its indexes went and before new ones come."""
    rebuilt: set[str] = set()
    for step in sorted(steps, key=lambda step: _place(step, back=back)):
        plan = plans.get(step.table)
        if plan is None or not plan.holds(step):
            yield from _plain(step)
        elif step.table not in rebuilt:
            rebuilt.add(step.table)
            yield from plan.statements(back=back)


def _place(step: Step, *, back: bool) -> int:
    if step.kind.startswith("rename"):
        return 4 if back else 0
    if step.kind == "index":
        return 1 if step.new is None else 3
    return 2


def _needs_rebuild(step: Step) -> bool:
    if step.kind == "constraint":
        return True
    if step.kind != "column":
        return False
    return step.verb != "add" or not _fits_add_column(_added(step))


def _added(step: Step) -> Column[object]:
    """Return a column as it comes: with the constant that the models fill it with, where the rows there need one."""
    new = cast("Column[object]", step.new)
    value = constant_of(new, "sqlite") if becomes_required(step) and new.server_default is None else ""
    return with_default(new, value) if value and not step.fill else new


def _fits_add_column(column: Column[object]) -> bool:
    """Tell whether ALTER TABLE ADD COLUMN takes it, by https://www.sqlite.org/lang_altertable.html#altertabaddcol."""
    if column.primary_key or column.unique or (column.computed is not None and column.computed.persisted):
        return False
    text = _column(column)
    default = text.text("DEFAULT").removeprefix("DEFAULT").strip().upper()
    constant = not default.startswith(("(", "CURRENT_"))
    return constant and (not text.has("NOT") or default not in ("", "NULL"))


def _column(column: Column[object]) -> TextColumn:
    return parse(f"CREATE TABLE t ({column_spec(column, 'sqlite')})").columns[0]


def _plain(step: Step) -> Iterator[str]:
    table = quoted(step.table)
    match step.old, step.new:
        case (str() as old, str() as new) if step.kind == "rename table":
            yield f"ALTER TABLE {quoted(old)} RENAME TO {quoted(new)}"
        case (str() as old, str() as new) if step.kind == "rename column":
            yield f"ALTER TABLE {table} RENAME COLUMN {quoted(old)} TO {quoted(new)}"
        case (None, Table() as new):
            yield create_table(new, "sqlite")
            for index in sorted(new.indexes, key=lambda index: name_of(index, "sqlite")):
                yield create_index(index, "sqlite")
        case (Table(), None):
            yield f"DROP TABLE {table}"
        case (None, Column()):
            yield f"ALTER TABLE {table} ADD COLUMN {column_spec(_added(step), 'sqlite')}"
        case (Column(), None):
            yield f"ALTER TABLE {table} DROP COLUMN {quoted(step.name)}"
        case (None, Index() as new):
            yield create_index(new, "sqlite")
        case (Index(), None):
            yield f"DROP INDEX {quoted(step.name)}"
        case _:
            pass  # comments and native enumerations do not exist here


class _Rebuild:
    """One table that is built anew: its text before and after, and what belongs to it."""

    def __init__(self, model: Table, steps: Sequence[Step], live: Live | None) -> None:
        table = self._table = model.name
        self._steps = [step for step in steps if step.kind in ("column", "constraint")]
        if live is not None:
            self._old = parse(live.tables[table])
            self._new = _changed(self._old, self._steps)
        else:
            self._new = parse(create_table(model, "sqlite"))
            self._old = _changed(self._new, [step.back for step in reversed(self._steps)])
        touched = {step.name for step in steps if step.kind == "index"}
        indexes = live.indexes.get(table, ()) if live is not None else ()
        triggers = live.triggers.get(table, ()) if live is not None else ()
        self._belongings = [sql for name, sql in (*indexes, *triggers) if name not in touched]

    def holds(self, step: Step) -> bool:
        return step.kind in ("column", "constraint")

    def statements(self, *, back: bool) -> Iterator[str]:
        """Yield the rebuild; views and triggers elsewhere keep the name they know the table by."""
        before, after = (self._new, self._old) if back else (self._old, self._new)
        there = {column.name.lower() for column in before.columns if not column.is_computed}
        kept = [column for column in after.columns if column.name.lower() in there and not column.is_computed]
        steps = [step.back if back else step for step in self._steps]
        fills = {step.name.lower(): step.fill for step in steps if step.fill and becomes_required(step)}
        fresh_columns = [column for column in after.columns if column.name.lower() in fills.keys() - there]
        columns = ", ".join(quoted(column.name) for column in (*kept, *fresh_columns))
        values = ", ".join([*_values(kept, before, fills), *(fills[column.name.lower()] for column in fresh_columns)])
        fresh, table = quoted(f"{PREFIX}{self._table}"), quoted(self._table)
        yield after.sql(f"{PREFIX}{self._table}")
        yield f"INSERT INTO {fresh} ({columns}) SELECT {values} FROM {table}"  # noqa: S608 - quoted names
        if _counts(before) and _counts(after):
            yield from _counter(self._table)
        yield f"DROP TABLE {table}"
        yield "PRAGMA legacy_alter_table = ON"
        yield f"ALTER TABLE {fresh} RENAME TO {table}"
        yield "PRAGMA legacy_alter_table = OFF"
        yield from self._belongings


def _counts(text: TableText) -> bool:
    keys = [item.text for column in text.columns for item in column.clauses if item.kind == "PRIMARY"]
    return any("AUTOINCREMENT" in words(key, "sqlite") for key in keys)


def _counter(table: str) -> Iterator[str]:
    """Carry over the highest key that AUTOINCREMENT ever gave, so that keys of deleted rows do not come again."""
    old, fresh = (f"{prefix}{table}".replace("'", "''") for prefix in ("", PREFIX))
    yield f"DELETE FROM sqlite_sequence WHERE name = '{fresh}'"  # noqa: S608 - a quoted name
    yield f"INSERT INTO sqlite_sequence (name, seq) SELECT '{fresh}', seq FROM sqlite_sequence WHERE name = '{old}'"  # noqa: S608 - a quoted name


def _values(kept: Sequence[TextColumn], before: TableText, fills: Mapping[str, str]) -> Iterator[str]:
    """Copy what is there; where a column becomes NOT NULL, its empty places get the value given, or its default."""
    for column in kept:
        default = fills.get(column.name.lower()) or column.text("DEFAULT").removeprefix("DEFAULT").strip()
        filled = column.has("NOT") and default and not before.column(column.name).has("NOT")
        yield f"COALESCE({quoted(column.name)}, {default})" if filled else quoted(column.name)


def _changed(text: TableText, steps: Sequence[Step]) -> TableText:
    for step in steps:
        match step.old, step.new:
            case (None, Column()):
                text = replace(text, columns=(*text.columns, _column(_added(step))))
            case (Column(), None):
                gone = step.name.lower()
                text = replace(text, columns=tuple(item for item in text.columns if item.name.lower() != gone))
            case (Column(), Column() as new):
                changed = _altered(text.column(step.name), _column(new), step)
                text = replace(
                    text, columns=tuple(changed if item.name == changed.name else item for item in text.columns)
                )
            case (None, Constraint() as new):
                text = replace(text, constraints=(*text.constraints, clause(constraint_text(new, "sqlite"))))
            case (Constraint() as old, None):
                text = _without(text, clause(constraint_text(old, "sqlite")))
            case _:
                pass
    return text


def _altered(old: TextColumn, new: TextColumn, step: Step) -> TextColumn:
    """Change what differs and keep the checks, keys and collations that stand with the column."""
    result = replace(old, type=new.type) if "column" in step.facets else old
    for kind in ("GENERATED", "AS"):
        if "column" in step.facets:
            result = result.with_clause(kind, new.text(kind))
    if "null" in step.facets:
        result = result.with_clause("NULL", "").with_clause("NOT", new.text("NOT"))
    if "default" in step.facets:
        result = result.with_clause("DEFAULT", new.text("DEFAULT"))
    return result


def _without(text: TableText, gone: Clause) -> TableText:
    """Take one constraint away, wherever it stands; those with a name go by it, the others by what they say."""
    for at, item in enumerate(text.constraints):
        if _is_same(item, gone, ""):
            return replace(text, constraints=text.constraints[:at] + text.constraints[at + 1 :])
    for column in text.columns:
        kept = tuple(item for item in column.clauses if not _is_same(item, gone, column.name))
        if kept != column.clauses:
            return replace(
                text, columns=tuple(replace(item, clauses=kept) if item is column else item for item in text.columns)
            )
    return text


def _is_same(item: Clause, gone: Clause, column: str) -> bool:
    if item.name and gone.name:
        return item.name.lower() == gone.name.lower()
    if gone.kind == "CHECK" or item.kind == "CHECK":
        return item.kind == gone.kind and expression(item.text) == expression(gone.text)
    inline = {"REFERENCES": "FOREIGN"}.get(item.kind, item.kind)
    return inline == gone.kind and (_columns(item.text) if not column else [column.upper()]) == _columns(gone.text)


def _columns(text: str) -> list[str]:
    inside = canonical(text).partition("( ")[2].partition(" )")[0]
    return [part.strip() for part in inside.split(",")]
