"""Which expressions of a file are run through: what is lazy until then, such as Django's querysets, queries there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.sinks import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.source import Source

_RUN_THROUGH = words("list tuple set frozenset dict sorted enumerate len")


def evaluated(source: Source) -> frozenset[tuple[int, Shape]]:
    """Return the calls whose result a loop or a collection runs through, by the function they stand in."""
    return frozenset(_evaluated(source))


def _evaluated(source: Source) -> Iterator[tuple[int, Shape]]:
    for loop in source.facts.loops:
        if loop.kind != "while":
            yield from _made(source, loop.function, loop.source, _around(source, loop.function, loop.line))
    for call in source.facts.calls:
        if call.func[0] == "name" and call.func[1] in _RUN_THROUGH and call.args:
            yield from _made(source, call.function, call.args[0], call.loops)


def _made(source: Source, function: int, shape: Shape, loops: tuple[int, ...]) -> Iterator[tuple[int, Shape]]:
    """Yield the call that makes what is run through: written there, or under a name bound once in the same turn."""
    if shape[0] == "name":
        definitions = source.names.get((function, -1), {}).get(str(shape[1]), ())
        if len(definitions) != 1 or definitions[0].what != "binding":
            return
        row = source.facts.bindings[definitions[0].index]
        if row.how != "=" or row.value is None or row.loops != loops[: len(row.loops)]:
            return
        shape = row.value
    if shape[0] == "call":
        yield function, shape


def _around(source: Source, function: int, line: int) -> tuple[int, ...]:
    """Return the loops that what a loop binds stands in."""
    rows = source.bindings_of.get(function, ())
    return next((row.loops for row in rows if row.how == "for" and row.line == line), ())
