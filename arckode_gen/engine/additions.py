"""The migrations of one module: the one that creates its tables, and one for each time that fields were added.

What is added is remembered as a stamp and the names of the fields, so that every migration can be written again as it
was, however many fields there are by now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from arckode_gen.engine import sql_alter, sql_types

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from arckode_gen.engine.sql_types import Dialect, LinkTable, Table

_LONGEST_SLUG = 40
_DIALECTS = sql_types.DIALECTS


@dataclass(frozen=True, slots=True)
class Addition:
    """A migration that adds fields to a table which may hold rows; `up` and `down` are statements per dialect."""

    stamp: str
    slug: str
    title: str
    up: tuple[tuple[str, tuple[str, ...]], ...]
    down: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """A module's table and, by the name of their relation, its tables of links."""

    own: Table
    links: Mapping[str, LinkTable]

    def only(self, names: Collection[str]) -> Tables:
        """Return what belongs to some of the fields."""
        own = replace(self.own, fields=tuple(field for field in self.own.fields if field.name in names))
        return Tables(own, {name: links for name, links in self.links.items() if name in names})

    @property
    def names(self) -> tuple[str, ...]:
        return (*(field.name for field in self.own.fields), *self.links)


def migrations(tables: Tables, added: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return what the templates of the migrations need; `added` is what the manifest keeps under that word."""
    pairs = [(str(each["stamp"]), cast("Sequence[str]", each["fields"])) for each in added]
    chosen = [(stamp, names) for stamp, names in pairs if set(tables.names).issuperset(names)]
    later = {name for _, names in chosen for name in names}
    first = tables.only([name for name in tables.names if name not in later])
    return {
        "sql": tuple((name, (*sql_types.create_table(first.own, name), *_linked(first, name))) for name in _DIALECTS),
        "drop": (*_unlinked(first), *sql_types.drop_table(tables.own.name)),
        "additions": tuple(_addition(tables.only(names), stamp) for stamp, names in chosen),
    }


def _linked(tables: Tables, dialect: Dialect) -> tuple[str, ...]:
    return tuple(line for links in tables.links.values() for line in sql_types.create_links(links, dialect))


def _unlinked(tables: Tables) -> tuple[str, ...]:
    return tuple(line for links in reversed(list(tables.links.values())) for line in sql_types.drop_table(links.name))


def _addition(tables: Tables, stamp: str) -> Addition:
    table, fields = tables.own.name, tables.own.fields
    parts = [*(field.column for field in fields), *tables.links]
    joined = "_and_".join(parts)
    is_short = len(parts) == 1 or len(joined) <= _LONGEST_SLUG
    day = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"
    up = {name: (*sql_alter.add_columns(table, fields, name, day), *_linked(tables, name)) for name in _DIALECTS}
    down = {name: (*_unlinked(tables), *sql_alter.drop_columns(table, fields, name)) for name in _DIALECTS}
    return Addition(
        stamp=stamp,
        slug=f"add_{joined if is_short else f'{len(parts)}_fields'}_to_{table}",
        title=f"Add {', '.join(parts)} to {table}",
        up=_per_dialect(up),
        down=_per_dialect(down),
    )


def _per_dialect(statements: Mapping[Dialect, tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Say once what is the same everywhere."""
    if len(set(statements.values())) == 1:
        return (("*", statements["sqlite"]),)
    return tuple(statements.items())
