"""PostgreSQL's types that have a name of their own: made before the first column that has one, gone after the last.

No other engine has them, so what is compared elsewhere tells nothing of them: there a type is taken to be new when
every column that has it is, or when a column gets another type and no migration makes the one that it is to have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, Column
from sqlalchemy.dialects.postgresql import DOMAIN, ENUM, CreateDomainType, CreateEnumType

from arckode_gen.migrations.models.ddl import compile_ddl, quote, sql_dialect
from arckode_gen.migrations.models.steps import Step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.models.differences import Sides

NamedType = ENUM | DOMAIN
Place = tuple[str, str]


def named_type(column: Column[object]) -> NamedType | None:
    """Return the named type of a column, or of the items of its array, in the schema that is compared."""
    kind = column.type.item_type if isinstance(column.type, ARRAY) else column.type
    found = kind.dialect_impl(sql_dialect("postgresql"))
    return found if isinstance(found, ENUM | DOMAIN) and found.name and not found.schema else None


def with_types(steps: Sequence[Step], both: Sides, here: Dialect, written: Collection[str] = ()) -> tuple[Step, ...]:
    """Put the types that the steps need before them, and take those away afterwards that nothing has any more.

    `written` are the types that the migrations leave.
    """
    wanted, there = both.new.named_types(), both.old.named_types()
    come = [
        Step("type", "", name, None, kind, what=_what(kind))
        for name, (kind, places) in sorted(wanted.items())
        if kind.create_type
        and (_is_missing(name, both) if here == "postgresql" else _is_new(name, places, steps, written))
    ]
    gone = [
        Step("type", "", name, kind, None, what=_what(kind), unseen=here != "postgresql")
        for name, (kind, places) in sorted(there.items())
        if name not in wanted and all(_is_touched(place, steps) for place in places)
    ]
    return (*come, *steps, *gone)


def _what(kind: NamedType) -> str:
    return "domain" if isinstance(kind, DOMAIN) else "enum"


def _is_missing(name: str, both: Sides) -> bool:
    return f"enum {name}" not in both.live and f"domain {name}" not in both.live


def _is_new(name: str, places: Sequence[Place], steps: Sequence[Step], written: Collection[str]) -> bool:
    if all(_is_fresh(place, steps) for place in places):
        return True
    is_retyped = any(step.table == place[0] and _is_column(step, place[1]) for step in steps for place in places)
    return is_retyped and name not in written


def _is_fresh(place: Place, steps: Iterable[Step]) -> bool:
    return any(
        step.old is None and step.table == place[0] and (step.kind == "table" or _is_column(step, place[1]))
        for step in steps
    )


def _is_touched(place: Place, steps: Iterable[Step]) -> bool:
    """Tell whether a column goes, or gets another type; an enumeration whose members change stays what it is."""
    return any(
        step.table == place[0]
        and ((step.kind == "table" and step.new is None) or (_is_column(step, place[1]) and step.old is not None))
        and (step.new is None or "column" in step.facets)
        for step in steps
    )


def _is_column(step: Step, name: str) -> bool:
    return step.kind == "column" and step.name == name


def type_statement(step: Step) -> Iterator[str]:
    """Yield what makes or takes away a named type on PostgreSQL."""
    if step.new is None:
        guard = "IF EXISTS " if step.unseen else ""
        yield f"DROP {'DOMAIN' if step.what == 'domain' else 'TYPE'} {guard}{quote(step.name, 'postgresql')}"
    elif isinstance(step.new, DOMAIN):
        yield compile_ddl(CreateDomainType(step.new), "postgresql")
    elif isinstance(step.new, ENUM):
        yield compile_ddl(CreateEnumType(step.new), "postgresql")
