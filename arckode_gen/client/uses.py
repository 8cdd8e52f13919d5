"""Which types go in, which come out, and which of them must be two because of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arckode_gen.client.model import (
    BINARY,
    DECIMAL,
    AllOf,
    Direction,
    Exactly,
    ListOf,
    Named,
    ObjectOf,
    OneOf,
    Plain,
    Property,
    TupleOf,
    Type,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from arckode_gen.client.model import Api


class Uses(NamedTuple):
    """Pointers of named schemas: sent somewhere, received somewhere, and unlike in the two directions."""

    sent: frozenset[str]
    received: frozenset[str]
    unlike: frozenset[str]

    def directions(self, pointer: str) -> tuple[Direction, ...]:
        """Return for which directions a schema is written; one that nobody uses is written as it would come out."""
        if pointer not in self.sent:
            return ("response",)
        if pointer not in self.received:
            return ("request",)
        return ("response", "request") if pointer in self.unlike else ("response",)


def of(api: Api) -> Uses:
    """Follow every operation's types."""
    types = {schema.pointer: schema.type for schema in api.schemas}
    named = {pointer: tuple(names(each)) for pointer, each in types.items()}
    sent = [each.type for call in api.operations for each in call.parameters]
    sent += [call.body.type for call in api.operations if call.body is not None]
    received = [each.type for call in api.operations for each in (*call.answers, *call.errors)]
    received += [each.type for each in api.webhooks]
    return Uses(_reached(sent, named), _reached(received, named), _unlike(types, named))


def _reached(starts: Iterable[Type], named: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    waiting = [name for each in starts for name in names(each)]
    seen: set[str] = set()
    while waiting:
        pointer = waiting.pop()
        if pointer not in seen:
            seen.add(pointer)
            waiting.extend(named[pointer])
    return frozenset(seen)


def _unlike(types: Mapping[str, Type], named: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the schemas that differ by direction, by themselves or through what they are made of."""
    users: dict[str, list[str]] = {}
    for pointer, found in named.items():
        for name in found:
            users.setdefault(name, []).append(pointer)
    waiting = [pointer for pointer, each in types.items() if _differs(each)]
    seen: set[str] = set()
    while waiting:
        pointer = waiting.pop()
        if pointer not in seen:
            seen.add(pointer)
            waiting.extend(users.get(pointer, ()))
    return frozenset(seen)


def _differs(found: Type) -> bool:
    if isinstance(found, ObjectOf) and any(map(_is_one_sided, found.properties)):
        return True
    if isinstance(found, Plain):
        return found in (BINARY, DECIMAL)
    return any(_differs(part) for part in parts(found))


def _is_one_sided(found: Property) -> bool:
    return found.read_only or found.write_only or (found.has_default and not found.required)


def parts(found: Type) -> Iterator[Type]:
    """Yield what a type is made of."""
    if isinstance(found, ListOf):
        yield found.item
    elif isinstance(found, ObjectOf):
        for each in found.properties:
            yield each.type
        if found.others is not None:
            yield found.others
    elif isinstance(found, OneOf | AllOf):
        yield from found.members
    elif isinstance(found, TupleOf):
        yield from found.items
        if found.rest is not None:
            yield found.rest


def names(found: Type) -> Iterator[str]:
    """Yield the pointers that a type refers to by itself."""
    waiting = [found]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Named):
            yield each.pointer
        elif not isinstance(each, Plain | Exactly):
            waiting += reversed(list(parts(each)))
