"""What the migrations make of PostgreSQL's named types, whose members no other engine can tell."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeGuard, cast

from sqlalchemy import Column, Enum, String

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.models.named_types import named_type
from arckode_gen.migrations.reading import read
from arckode_gen.migrations.sqlite_table import parse
from arckode_gen.migrations.sqltext import loud
from arckode_gen.migrations.steps import Script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.types import TypeEngine

    from arckode_gen.migrations.files import Source
    from arckode_gen.migrations.models.differences import Sides
    from arckode_gen.migrations.models.renames import Renames

# A type by its name; a domain has no members.
Types = dict[str, tuple[str, ...]]
# The type of each column, by table and name.
Places = dict[tuple[str, str], str]


def written_types(sources: Iterable[Source]) -> Types:
    """Return the named types that the migrations leave on PostgreSQL."""
    found: Types = {}
    for source in sources:
        for statement in _statements(source):
            words = [token.text for token in loud(statement, "postgresql")]
            upper = [word.upper() for word in words[:6]]
            if upper[:2] in (["CREATE", "TYPE"], ["CREATE", "DOMAIN"]) and len(words) > 2:
                found[_bare(words[2])] = tuple(_texts(words[3:])) if "ENUM" in upper else ()
            elif upper[:2] in (["DROP", "TYPE"], ["DROP", "DOMAIN"]) and len(words) > 2:
                found.pop(_bare(words[4 if upper[2:4] == ["IF", "EXISTS"] else 2]), None)
            elif upper[:2] == ["ALTER", "TYPE"] and len(words) > 5:
                _alter(found, _bare(words[2]), words[3:])
    return found


def _statements(source: Source) -> Iterator[str]:
    """Yield what a file runs on PostgreSQL; one that has nothing for it, or runs a function, makes no type there."""
    with suppress(RefusedError):
        step = read(source).step("up", "postgresql")
        if isinstance(step, Script):
            yield from (statement.text for statement in step.statements)


def _alter(types: Types, name: str, words: Sequence[str]) -> None:
    verbs, texts = [word.upper() for word in words if not word.startswith("'")], list(_texts(words))
    members = list(types.get(name, ()))
    if verbs[:2] == ["RENAME", "TO"]:
        if name in types:
            types[_bare(words[2])] = types.pop(name)
    elif verbs[:2] == ["RENAME", "VALUE"] and len(texts) == 2:
        types[name] = tuple(texts[1] if member == texts[0] else member for member in members)
    elif verbs[:2] == ["ADD", "VALUE"] and texts and texts[0] not in members:
        at = len(members)
        if len(texts) > 1 and texts[1] in members:
            at = members.index(texts[1]) + (verbs[-1] == "AFTER")
        types[name] = (*members[:at], texts[0], *members[at:])


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _texts(words: Iterable[str]) -> Iterator[str]:
    return (word[1:-1].replace("''", "'") for word in words if word.startswith("'"))


def written_places(sources: Iterable[Source]) -> Places:
    """Return the columns that the migrations leave on PostgreSQL, each with the first word of its type.

    A statement that does several things to a table is read as far as the first of them.
    """
    found: Places = {}
    for source in sources:
        for statement in _statements(source):
            words = [token.text for token in loud(statement, "postgresql")]
            upper = [word.upper() for word in words]
            if upper[:2] == ["CREATE", "TABLE"]:
                with suppress(RefusedError):
                    table = parse(statement)
                    found |= {(table.name, column.name): _bare(column.type) for column in table.columns}
            elif upper[:2] == ["DROP", "TABLE"]:
                _forget(found, _bare(_after(words, "IF", "EXISTS", start=2)[0]))
            elif upper[:2] == ["ALTER", "TABLE"]:
                table_name, *rest = _after(words, "IF", "EXISTS", "ONLY", start=2)
                _change(found, _bare(table_name), rest)
    return found


def _after(words: Sequence[str], *fillers: str, start: int = 0) -> list[str]:
    """Return the words from `start` on without those at their beginning that say nothing of what is meant."""
    while start < len(words) - 1 and words[start].upper() in fillers:
        start += 1
    return [*words[start:]]


def _change(places: Places, table: str, words: Sequence[str]) -> None:
    verb = words[0].upper() if words else ""
    rest = _after(words, "COLUMN", "IF", "NOT", "EXISTS", start=1)
    if verb == "ADD" and len(rest) > 1:
        places[table, _bare(rest[0])] = _bare(rest[1])
    elif verb == "DROP" and rest:
        places.pop((table, _bare(rest[0])), None)
    elif verb == "RENAME" and [rest[0].upper(), len(rest)] == ["TO", 2]:
        moved = {column: kind for (owner, column), kind in places.items() if owner == table}
        _forget(places, table)
        places |= {(_bare(rest[1]), column): kind for column, kind in moved.items()}
    elif verb == "RENAME" and len(rest) == 3 and (table, _bare(rest[0])) in places:
        places[table, _bare(rest[2])] = places.pop((table, _bare(rest[0])))
    elif verb == "ALTER" and "TYPE" in [word.upper() for word in rest[1:4]]:
        at = [word.upper() for word in rest].index("TYPE", 1)
        places |= {(table, _bare(rest[0])): _bare(word) for word in rest[at + 1 : at + 2]}


def _forget(places: Places, table: str) -> None:
    for place in [place for place in places if place[0] == table]:
        del places[place]


def recognise_gone(both: Sides, types: Mapping[str, Sequence[str]], places: Places, renames: Renames) -> None:
    """Take columns that go, or get another type, for what they are on PostgreSQL: there the way back is to make that.

    Without this the type would stay there for ever, and a column that comes back would be a text.
    """
    for (old, column), name in places.items():
        table = renames.table(old)
        new = renames.new_column(table, column)
        there, wanted = both.old.column(table, new), both.new.column(table, new)
        kind = named_type(wanted) if wanted is not None else None
        if not types.get(name) or there is None or (kind is not None and kind.name == name):
            continue
        if _is_text(there) or (isinstance(there.type, Enum) and not there.type.name):
            found = Enum(*types[name], name=name, length=_length(there, types[name]))
            there.type = cast("TypeEngine[object]", found)


def recognise(both: Sides, types: Mapping[str, Sequence[str]]) -> None:
    """Take a text that SQLite holds for the enumeration that it is on engines which have those.

    Without this a member that is added changes the length of a text there, or nothing at all.
    """
    for name, (kind, places) in both.new.named_types().items():
        for table, column in places:
            there = both.old.column(table, column)
            if types.get(name) and isinstance(kind, Enum) and _is_text(there):
                found = Enum(*types[name], name=name, length=_length(there, types[name]))
                there.type = cast("TypeEngine[object]", found)


def _is_text(column: Column[object] | None) -> TypeGuard[Column[object]]:
    return column is not None and isinstance(column.type, String) and named_type(column) is None


def _length(column: Column[object], members: Sequence[str]) -> int:
    own = getattr(column.type, "length", None)
    return max([own or 0, *map(len, members)])
