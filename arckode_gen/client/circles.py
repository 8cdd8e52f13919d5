"""Schemas that are made of themselves where no value, or no compiler, can take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.client.document import UnsupportedError
from arckode_gen.client.model import AllOf, ListOf, Named, ObjectOf, OneOf, Schema, TupleOf, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def refuse(schemas: tuple[Schema, ...]) -> None:
    """Refuse what cannot be written as a type.

    Raises:
        UnsupportedError: a schema is itself, with no object or list in between, so that no value can be one; or it is
            inside of a tuple's optional or further items in a way that TypeScript resolves at once (TS2456).
    """
    types = {each.pointer: each.type for each in schemas}
    _refuse({pointer: tuple(_same(found)) for pointer, found in types.items()}, "with no object or list in between")
    _refuse(
        {pointer: tuple(_Eager(types).names(found)) for pointer, found in types.items()},
        "inside of a tuple's items that may be missing, with no object in between, and TypeScript has no such type",
    )


def _refuse(edges: Mapping[str, tuple[str, ...]], how: str) -> None:
    done: set[str] = set()
    for start, first in edges.items():
        path = {start: None}
        stack = [(start, iter(first))] if start not in done else []
        while stack:
            pointer, following = stack[-1]
            target = next(following, None)
            if target is None:
                stack.pop()
                path.pop(pointer, None)
                done.add(pointer)
            elif target in path:
                raise UnsupportedError(target, f"the schema is itself, {how}")
            elif target not in done:
                path[target] = None
                stack.append((target, iter(edges.get(target, ()))))


def _same(found: Type) -> Iterable[str]:
    """Yield the names that a type is made of directly."""
    if isinstance(found, Named):
        yield found.pointer
    elif isinstance(found, OneOf | AllOf):
        for member in found.members:
            yield from _same(member)


class _Eager:
    """Knows which names the compiler looks into before an alias is complete.

    It puts off objects always, and lists and tuples when they are an alias by themselves or have an alias as an item;
    but not below an item that is optional or repeated (`isDeferredTypeReferenceNode` and `isResolvedByTypeAlias` of
    TypeScript's checker, the same in 5.9 and 7.0).
    """

    def __init__(self, types: Mapping[str, Type]) -> None:
        self._types = types

    def names(self, found: Type) -> Iterable[str]:
        """Yield the pointers that the alias of a type needs at once."""
        return () if isinstance(found, ListOf | TupleOf) else self._inside(found, can_wait=True)

    def _inside(self, found: Type, *, can_wait: bool) -> Iterable[str]:
        if isinstance(found, Named):
            yield found.pointer
        elif isinstance(found, OneOf | AllOf):
            for member in found.members:
                yield from self._inside(member, can_wait=can_wait)
        elif isinstance(found, ListOf):
            if not (can_wait and self._is_alias(found.item)):
                yield from self._inside(found.item, can_wait=can_wait)
        elif isinstance(found, TupleOf):
            items = (*found.items, *([] if found.rest is None else [found.rest]))
            if not (can_wait and any(map(self._is_alias, items))):
                for place, item in enumerate(items):
                    yield from self._inside(item, can_wait=can_wait and place < found.required)

    def _is_alias(self, found: Type) -> bool:
        """Tell whether a type is, or is put together from, a name that is no interface."""
        if isinstance(found, OneOf | AllOf):
            return any(map(self._is_alias, found.members))
        return isinstance(found, Named) and not isinstance(self._types.get(found.pointer), ObjectOf)
