"""Whether a value is what a type says, as the compiler sees it where the value is written out: no key too many."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from arckode_gen.client.conforming import Borrowed, same
from arckode_gen.client.model import AllOf, Exactly, ListOf, Named, ObjectOf, OneOf, Plain, Property, TupleOf
from arckode_gen.client.typescript import demanded, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from arckode_gen.client.document import Node
    from arckode_gen.client.model import Type

_NO_KEYS: frozenset[str] = frozenset()


class Fitter:
    """Compares values with the types of one document, as they come out; `example` gives that of a named schema."""

    def __init__(self, types: Mapping[str, Type], example: Callable[[str], object]) -> None:
        self._types = types
        self._example = example

    def fits(self, value: object, found: Type, others: Collection[str] = _NO_KEYS) -> bool:
        """Tell whether a value is of a type; `others` are keys that another part of the type has."""
        if isinstance(found, Named):
            is_its_own = isinstance(value, Borrowed) and value.pointer == found.pointer
            return is_its_own or self.fits(value, self._types[found.pointer], others)
        if isinstance(found, OneOf):
            return any(self.fits(value, each, others) for each in found.members)
        if isinstance(found, AllOf):
            keys = {*others, *self._keys(found)}
            return all(self.fits(value, each, keys) for each in found.members)
        while isinstance(value, Borrowed):
            value = self._example(value.pointer)
        if isinstance(found, Plain):
            return _is_plain(value, found.word)
        if isinstance(found, Exactly):
            return same(value, json.loads(found.json))
        if isinstance(found, ObjectOf):
            return isinstance(value, dict) and self._is_object(cast("Node", value), found, others)
        return isinstance(value, list) and self._is_list(cast("list[object]", value), found)

    def _is_list(self, value: list[object], found: ListOf | TupleOf) -> bool:
        if isinstance(found, ListOf):
            return all(self.fits(each, found.item) for each in value)
        if len(value) < found.required or (found.rest is None and len(value) > len(found.items)):
            return False
        types = [*found.items, *[found.rest] * len(value)]
        return all(each is not None and self.fits(item, each) for item, each in zip(value, types, strict=False))

    def _is_object(self, value: Node, found: ObjectOf, others: Collection[str]) -> bool:
        known: dict[str, Property] = {each.name: each for each in found.properties if visible(each, "response")}
        if any(demanded(each, "response") and name not in value for name, each in known.items()):
            return False
        for name, each in value.items():
            if name in known:
                if not self.fits(each, known[name].type):
                    return False
            elif found.others is not None:
                if not self.fits(each, found.others):
                    return False
            elif name not in others:
                return False
        return True

    def _keys(self, found: Type) -> set[str]:
        """Return the keys that a type has somewhere at its top."""
        if isinstance(found, Named):
            return self._keys(self._types[found.pointer])
        if isinstance(found, ObjectOf):
            return {each.name for each in found.properties}
        if isinstance(found, AllOf | OneOf):
            return {name for each in found.members for name in self._keys(each)}
        return set()


def _is_plain(value: object, word: str) -> bool:
    if word == "unknown":
        return True
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if word == "decimal":
        return is_number or isinstance(value, str)
    if word == "number":
        return is_number
    if word == "boolean":
        return isinstance(value, bool)
    if word == "null":
        return value is None
    return word in {"string", "binary"} and isinstance(value, str)
