"""The unit that a command line says something is `--of`, in either number, with its name and its fields."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from arckode_gen.engine.fields import parse_fields
from arckode_gen.engine.names import Name
from arckode_gen.engine.units import load, of_kind
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.units import Unit


def owner(project: Snapshot, kind: str, said: str, *, flag: str = "--of ") -> Unit:
    """Return the unit of a kind by the name that was said after a flag, or by the plural of it.

    Raises:
        UsageError: there is none.
    """
    found = load(project, kind, said)
    wanted = said if found is not None else Name.parse(said).plural
    found = found or load(project, kind, wanted)
    if found is not None:
        return found
    known = [each.name for each in of_kind(project, kind)]
    there = f"; there are {', '.join(known)}" if known else ""
    hint = nearest(wanted, known) or f"`arckode make:{kind}` makes one{there}"
    raise UsageError(f"{flag}{wanted}: there is no such {kind}", hint)


def name_of(unit: Unit) -> Name:
    said = cast("Mapping[str, str]", unit.values["name"])
    return Name.parse(said["plural"], singular=said["singular"], plural=said["plural"])


def fields_of(unit: Unit) -> tuple[Field, ...]:
    """Return the fields of an aggregate, which it records as words.

    What is unique is so for the aggregate itself: of the rows that are made of it there may be several.
    """
    found = parse_fields(str(word) for word in cast("Sequence[object]", unit.values["field"]))
    return tuple(replace(field, unique=False) for field in found)
