"""Finds what the models say and the database does not, and the other way round, by comparing the two catalogues."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from sqlalchemy import Enum
from sqlalchemy.dialects.postgresql import ENUM

from arckode_gen.migrations.connection import is_mysql
from arckode_gen.migrations.models.ddl import counts
from arckode_gen.migrations.models.named_types import named_type
from arckode_gen.migrations.models.objects import Objects
from arckode_gen.migrations.models.steps import Held, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Column, MetaData

    from arckode_gen.migrations.catalogue import Catalogue
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.models.renames import Renames
    from arckode_gen.migrations.models.steps import Facet, Kind

_FACETS: tuple[Facet, ...] = ("column", "null", "default", "comment")
_UNIQUE_INDEX = re.compile(r"CREATE UNIQUE INDEX \S+ ON \S+ \( ([^()]*) \)")
_CONSTRAINTS = ("check", "unique", "foreign key", "primary key", "constraint")
# Tables that belong to a tool and not to the models.
_FOREIGN_TABLES = frozenset({"alembic_version", "django_migrations", "spatial_ref_sys"})
# Keys go before the columns they hold and come after them; what refers to a table comes after it and goes before it.
_ORDER = (
    "rename table",
    "rename column",
    "drop foreign key",
    "drop check",
    "drop unique",
    "drop index",
    "drop primary key",
    "change enum",
    "add table",
    "add column",
    "change column",
    "drop column",
    "add primary key",
    "add unique",
    "add check",
    "add index",
    "add foreign key",
    "change comment",
    "add comment",
    "drop comment",
    "drop table",
)


@dataclass(frozen=True, slots=True)
class Sides:
    """The database and the models: catalogues in the same words, and the objects behind them."""

    live: Catalogue
    model: Catalogue
    old: Objects
    new: Objects
    here: Dialect


def sides(
    live: tuple[Catalogue, MetaData], model: tuple[Catalogue, MetaData], here: Dialect, renames: Renames
) -> Sides:
    """Put the database, as it was read, and the models into the same words."""
    new = Objects(model[1], here)
    found = _without_filled_defaults(renames.applied(live[0]), model[0], new)
    wanted = model[0]
    if here == "sqlite":
        found = _with_unique_indexes(found, wanted)
    if here == "postgresql":
        found, wanted = _numbered_alike(found, wanted, new)
    return _alike(found, wanted, Objects(live[1], here, renames), new, here)


def _numbered_alike(live: Catalogue, model: Catalogue, new: Objects) -> tuple[Catalogue, Catalogue]:
    """Take an identity and SERIAL for one where a model says nothing of either: both number the rows."""
    columns = {name: new.column(*name.split(" ", 1)[1].split(".", 1)) for name in model if name.startswith("column ")}
    counting = {name for name, column in columns.items() if column is not None and counts(column)}
    return _without_identity(live, counting), _without_identity(model, counting)


def _without_identity(catalogue: Catalogue, names: set[str]) -> Catalogue:
    return {name: text.removesuffix(" IDENTITY d") if name in names else text for name, text in catalogue.items()}


def _without_filled_defaults(live: Catalogue, model: Catalogue, new: Objects) -> Catalogue:
    """Leave out defaults of columns that the models fill themselves: what added the column left them for older code."""

    def is_filled(name: str) -> bool:
        table, _, column = name.removeprefix("default ").partition(".")
        wanted = new.column(table, column) if f"table {table}" in model else None
        return wanted is not None and wanted.default is not None

    return {
        name: text
        for name, text in live.items()
        if not (name.startswith("default ") and name not in model and is_filled(name))
    }


def _with_unique_indexes(live: Catalogue, model: Catalogue) -> Catalogue:
    """Take a unique index for the constraint of its columns: SQLite adds no constraint to a table that is there."""
    wanted = {name.replace(" ", ""): name for name in model if name.startswith("unique ") and name not in live}
    found: Catalogue = {}
    for name, text in live.items():
        index = _UNIQUE_INDEX.fullmatch(text) if name.startswith("index ") and name not in model else None
        table = name.removeprefix("index ").partition(".")[0]
        key = wanted.get(f"unique{table}({index[1]})".replace(" ", "")) if index else None
        found[key or name] = model[key] if key else text
    return dict(sorted(found.items()))


def _alike(live: Catalogue, model: Catalogue, old: Objects, new: Objects, dialect: Dialect) -> Sides:
    if not is_mysql(dialect):
        return Sides(live, model, old, new, dialect)
    # There a shadow has no foreign keys, and an index stands for each that has none of its own.
    named = {f"index {name}" for name in (*old.foreign_keys(), *new.foreign_keys())}
    kept, gone = new.key_columns(), old.key_columns()
    unnamed = {
        name
        for name, text in live.items()
        if (place := (name.removeprefix("index ").partition(".")[0], text)) in kept
        or (place in gone and _is_named_by_server(name, text))
    }
    stand_ins = (named | unnamed) - model.keys()
    return Sides(_with_keys(live, old, stand_ins), _with_keys(model, new, stand_ins), old, new, dialect)


def _is_named_by_server(name: str, text: str) -> bool:
    """Tell whether an index has the name of its first column: a person's own goes, and comes back, with a step."""
    return re.fullmatch(rf"{re.escape(text[2:].partition('`')[0])}(_\d+)?", name.partition(".")[2]) is not None


def _with_keys(catalogue: Catalogue, objects: Objects, stand_ins: set[str]) -> Catalogue:
    kept = {
        name: text for name, text in catalogue.items() if not name.startswith("foreign key ") and name not in stand_ins
    }
    return kept | {f"foreign key {name}": text for name, text in objects.foreign_keys().items()}


def compare(both: Sides, renames: Renames) -> tuple[Step, ...]:
    """Return how the database becomes what the models say, in the order in which it is done."""
    there, wanted = _tables(both.live), _tables(both.model)
    steps = [*renames.steps(), *_enums(both)]
    steps += [step for name in both.new.sorted if name in wanted - there for step in _whole(name, both.new, gone=False)]
    for name in sorted(wanted & there):
        steps += _table(name, both)
    unknown = there - wanted - _FOREIGN_TABLES
    backwards = reversed(both.old.sorted)
    steps += [step for name in backwards if name in unknown for step in _whole(name, both.old, gone=True)]
    once: dict[str, Step] = {}
    for step in steps:
        if step.kind == "enum":
            before = once.get(step.name, step)
            held = dict.fromkeys((*before.held, *step.held))
            once[step.name] = replace(before, held=tuple(held))
    return tuple(sorted([*once.values(), *(step for step in steps if step.kind != "enum")], key=_place))


def _whole(name: str, objects: Objects, *, gone: bool) -> Iterator[Step]:
    """Yield a table that comes or goes, and the foreign keys that cannot come or go with it."""
    table, late = objects.table(name), objects.late_keys(name)
    steps = [Step("table", name, "", None, table, late=late)]
    steps += [Step("constraint", name, objects.label(key, ""), None, key, what="foreign key") for key in late]
    yield from (step.back for step in steps) if gone else steps


def _place(step: Step) -> int:
    return _ORDER.index(step.kind if step.verb == "rename" else f"{step.verb} {step.what or step.kind}")


def _tables(catalogue: Mapping[str, str]) -> set[str]:
    return {name.removeprefix("table ") for name in catalogue if name.startswith("table ")}


def _enums(both: Sides) -> Iterator[Step]:
    """Yield enumerations with a name whose members differ; one that is new comes with its table or column."""
    before, after = both.old.named_types(), both.new.named_types()
    for name in sorted(before.keys() & after.keys()):
        (old, _), (new, places) = before[name], after[name]
        if isinstance(old, ENUM) and isinstance(new, ENUM) and old.enums != new.enums:
            said = f"{', '.join(old.enums)} -> {', '.join(new.enums)}"
            yield Step("enum", places[0][0], name, old, new, said=said, held=tuple(_held(name, both)))


def _held(name: str, both: Sides) -> Iterator[Held]:
    for table, column in both.old.named_types()[name][1]:
        old, new = both.old.column(table, column), both.new.column(table, column)
        if old is not None:
            kind = named_type(new) if new is not None else None
            yield Held(table, column, old, new if new is not None and kind is not None and kind.name == name else old)


def _table(table: str, both: Sides) -> Iterator[Step]:
    for name in sorted(_of("column", table, both.live) | _of("column", table, both.model)):
        facets = frozenset(
            facet for facet in _FACETS if both.live.get(f"{facet} {name}") != both.model.get(f"{facet} {name}")
        )
        if facets:
            step = _column(table, name.partition(".")[2], facets, both)
            yield _enumeration(step) if is_mysql(both.here) else step
    for kind in (*_CONSTRAINTS, "index"):
        for name in sorted(_of(kind, table, both.live) | _of(kind, table, both.model)):
            yield from _replaced(kind, table, name, both)
    comment, wanted = both.old.table(table).comment, both.new.table(table).comment
    if comment != wanted and both.new.knows_comments:
        yield Step("comment", table, "", comment, wanted, said=f"{comment} -> {wanted}")


def _of(kind: str, table: str, catalogue: Catalogue) -> set[str]:
    found = {name.removeprefix(f"{kind} ") for name in catalogue if name.startswith(f"{kind} {table}")}
    return {name for name in found if name[len(table) : len(table) + 1] in ("", ".", "(")}


def _column(table: str, name: str, facets: frozenset[Facet], both: Sides) -> Step:
    before, after = both.old.column(table, name), both.new.column(table, name)
    keys = [f"{facet} {table}.{name}" for facet in _FACETS if facet in facets]
    said = ", ".join(f"{both.live.get(key, 'nothing')} -> {both.model.get(key, 'nothing')}" for key in keys)
    if before is None or after is None:
        said = ""
    return Step("column", table, name, before, after, facets=facets, said=said)


def _enumeration(step: Step) -> Step:
    """Where the members stand in the column (MySQL, MariaDB), say that they changed and not the column."""
    before, after = getattr(step.old, "type", None), getattr(step.new, "type", None)
    if not isinstance(before, Enum) or not isinstance(after, Enum) or not after.name or step.facets != {"column"}:
        return step
    held = Held(step.table, step.name, cast("Column[object]", step.old), cast("Column[object]", step.new))
    return Step("enum", step.table, after.name, before, after, said=step.said, held=(held,))


def _replaced(kind: str, table: str, name: str, both: Sides) -> Iterator[Step]:
    """Yield a step that takes the old one away and one that makes the new one."""
    before, after = both.live.get(f"{kind} {name}"), both.model.get(f"{kind} {name}")
    if before == after:
        return
    step: Kind = "index" if kind == "index" else "constraint"
    short = name[len(table) :].strip(".")
    said = f"{before} -> {after}" if before is not None and after is not None else ""
    old = both.old.find(kind, table, short) if before is not None else None
    new = both.new.find(kind, table, short) if after is not None else None
    if old is not None:
        yield Step(step, table, both.old.label(old, short), old, None, what=kind, said=said)
    if new is not None:
        yield Step(step, table, both.new.label(new, short), None, new, what=kind, said=said)


def candidates(steps: tuple[Step, ...], both: Sides) -> tuple[tuple[str, str], ...]:
    """Return pairs that may be one thing under a new name: a column or table that goes and one alike that comes."""
    columns = [
        (f"{gone.table}.{gone.name}", f"{come.table}.{come.name}")
        for gone, come in _pairs(steps, "column")
        if gone.table == come.table
    ]
    alike = [(old, new) for old, new in columns if both.live[f"column {old}"] == both.model[f"column {new}"]]
    tables = [(gone.table, come.table) for gone, come in _pairs(steps, "table")]
    return (*alike, *((old, new) for old, new in tables if _shape(old, both.live) == _shape(new, both.model)))


def _pairs(steps: tuple[Step, ...], kind: Kind) -> Iterator[tuple[Step, Step]]:
    of_kind = [step for step in steps if step.kind == kind]
    for gone in of_kind:
        if gone.verb == "drop":
            yield from ((gone, come) for come in of_kind if come.verb == "add")


def _shape(table: str, catalogue: Catalogue) -> set[tuple[str, str]]:
    return {(name.partition(".")[2], catalogue[f"column {name}"]) for name in _of("column", table, catalogue)}
