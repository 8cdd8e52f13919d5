"""Types put together: unions and intersections that say each thing once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arckode_gen.client.model import (
    ANY_OBJECT,
    BOOLEAN,
    NEVER,
    NULL,
    NUMBER,
    STRING,
    UNKNOWN,
    AllOf,
    Exactly,
    Named,
    ObjectOf,
    OneOf,
    Property,
    TupleOf,
    Type,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def exactly(value: object) -> Type:
    """Return the type of one value."""
    if isinstance(value, dict):
        properties = (Property(name, exactly(each), required=True) for name, each in value.items())
        return ObjectOf(tuple(properties)) if value else ObjectOf((), NEVER)
    if isinstance(value, list):
        items = tuple(exactly(each) for each in value)
        return TupleOf(items, len(items), None)
    if value is None:
        return NULL
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return NUMBER
    return Exactly(json.dumps(value))


def either(members: Iterable[Type]) -> Type:
    """Return the union of types: flat, each member once, `null` last."""
    flat: dict[Type, None] = {}
    for member in members:
        flat.update(dict.fromkeys(member.members if isinstance(member, OneOf) else (member,)))
    if UNKNOWN in flat:
        return UNKNOWN
    flat.pop(NEVER, None)
    if NULL in flat and len(flat) > 1:
        del flat[NULL]
        flat[NULL] = None
    if len(flat) == 1:
        return next(iter(flat))
    return OneOf(tuple(flat)) if flat else NEVER


def both(members: Iterable[Type]) -> Type:
    """Return the intersection of types: flat, each member once, plain objects made into one, behind the others."""
    known = [each for each in members if each != UNKNOWN]
    if len(known) == 1 and not isinstance(known[0], AllOf):  # most often, and the hash of a large type takes long
        return known[0]
    flat: dict[Type, None] = {}
    for member in known:
        flat.update(dict.fromkeys(member.members if isinstance(member, AllOf) else (member,)))
    flat.pop(UNKNOWN, None)
    for vague in (ANY_OBJECT, STRING, NUMBER, BOOLEAN):
        if vague in flat and any(_is_narrower(each, vague) for each in flat):
            del flat[vague]
    objects = [each for each in flat if isinstance(each, ObjectOf)]
    others = [each for each in flat if not isinstance(each, ObjectOf)]
    merged = [each for each in _merged(objects) if each != ObjectOf(()) or not others]
    found = (*others, *merged)
    if len(found) == 1:
        return found[0]
    return AllOf(found) if found else UNKNOWN


def _is_narrower(found: Type, vague: Type) -> bool:
    """Tell whether a member of an intersection says all that a vague one does."""
    if vague == ANY_OBJECT:
        return found != vague and isinstance(found, Named | OneOf | AllOf | ObjectOf)
    return all(isinstance(each, Exactly) for each in (found.members if isinstance(found, OneOf) else (found,)))


def _merged(objects: list[ObjectOf]) -> list[ObjectOf]:
    """Put objects together whose keys do not meet; those that meet stay apart, as only TypeScript can tell."""
    merged: list[ObjectOf] = []
    for each in objects:
        if not merged or each.others is not None or merged[-1].others is not None:
            merged.append(each)
            continue
        last = merged[-1]
        if {mine.name for mine in last.properties} & {other.name for other in each.properties}:
            merged.append(each)
        else:
            merged[-1] = ObjectOf(last.properties + each.properties)
    return merged
