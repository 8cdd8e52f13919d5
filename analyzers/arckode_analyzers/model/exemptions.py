"""Calls in a loop over data that do not run once per row after all: remembered, whole groups, pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import names_in, root_of, within
from arckode_analyzers.model.library import element
from arckode_analyzers.model.sinks import BULK, PAGED, TAKES
from arckode_analyzers.model.turns import is_elsewhere, is_for_group, is_one_turn, is_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Binding
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.calls import CallAt, Target
    from arckode_analyzers.model.effects import Effects

_FILLS = frozenset({"append", "add", "extend"})
_COLLECTIONS = frozenset(
    {
        *(f"builtins.{name}" for name in ("list", "set", "frozenset")),
        *(f"{module}.{name}" for module in ("typing", "collections.abc") for name in ("List", "Sequence", "Set")),
    }
)
_SAME_ROWS = frozenset({"list", "tuple", "set", "frozenset", "sorted"})


def is_exempt(effects: Effects, call: CallAt, target: Target, at: int) -> bool:
    """Tell whether a call is not repeated for every row of the loop around it."""
    resolver = effects.graph.resolver
    if _is_memoised(call, at) or is_one_turn(resolver, call, at) or is_elsewhere(resolver, call, at):
        return True
    if is_for_group(resolver, call, target, at) or is_script(resolver, call, target, at):
        return True
    return _is_group(effects, call, target, at) or _is_page(effects, call, target, at)


def _is_memoised(call: CallAt, at: int) -> bool:
    """Tell whether the result is kept in something that outlives one turn of the loop."""
    match call.record.memo:
        case None:
            return False
        case ("once", tuple(holder)):
            changed = [row for row in _bound_in(call, at) if row.target == holder]
            return len(changed) < 2 and not any(
                row.target == root_of(holder) for row in _bound_in(call, at) if row.target != holder
            )
        case ("kept", tuple(store)):
            names = names_in(store)
            return not any(row.target[0] == "name" and row.target[1] in names for row in _bound_in(call, at))
        case memo:
            return not any(row.target == memo for row in _bound_in(call, at))


def _bound_in(call: CallAt, at: int) -> Iterator[Binding]:
    function = call.record.function
    return (row for row in call.source.facts.bindings if at in row.loops and row.function == function)


def _is_group(effects: Effects, call: CallAt, target: Target, at: int) -> bool:
    """Tell whether the loop hands whole groups to a call that takes many rows."""
    groups = _groups(call, at)
    if _turns_over_groups(effects, call, at):
        whole = groups | set(_filled(call, at))
        return any(part in whole for argument in call.record.args for part in within(argument))
    if any(_runs_through(part, groups) for part in call.record.args):
        return True
    if target.method in BULK and any(_is_whole(part, groups) for part in call.record.args):
        return True
    return any(_is_among(part, groups) for argument in call.record.args for part in within(argument))


def _turns_over_groups(effects: Effects, call: CallAt, at: int) -> bool:
    """Tell whether the types say that each turn gives a collection: `groups: list[list[str]]`."""
    resolver, loop = effects.graph.resolver, call.source.facts.loops[at]
    if loop.target[0] != "name":
        return False
    turn = element(resolver.value(call.source, loop.function, loop.source))
    return turn is not None and turn.name in _COLLECTIONS


def _runs_through(shape: Shape, groups: set[Shape]) -> bool:
    """Tell whether an argument is made of every member of a turn's group: `[row(x) for x in group]`."""
    match shape:
        case ("comp", _, (tuple(first), *_)):
            return first in groups
    return False


def _groups(call: CallAt, at: int) -> set[Shape]:
    """Return the names that hold a turn's whole group: the loop's own, and those made of every member of it."""
    target = call.source.facts.loops[at].target
    groups = {target} if target[0] == "name" else set()
    if target[0] == "display" and isinstance(target[2], tuple):
        groups = {part for part in target[2] if isinstance(part, tuple) and part[0] == "name"}
    if call.source.facts.loops[at].kind == "while":
        groups |= set(_drawn(call, at))
    for row in _bound_in(call, at):
        if row.how == "=" and row.value is not None and row.value != row.target and _is_whole(row.value, groups):
            groups.add(row.target)
    return groups


def _drawn(call: CallAt, at: int) -> Iterator[Shape]:
    """Yield what a turn of a `while` takes off a work list: one member, or a batch filled by a loop of its own."""
    for row in _bound_in(call, at):
        if row.value is not None and any(_takes(part) for part in within(row.value)):
            yield row.target
    yield from _filled(call, at)


def _filled(call: CallAt, at: int) -> Iterator[Shape]:
    """Yield what a loop of its own inside a turn fills."""
    for other in call.source.calls_of.get(call.record.function, ()):
        if at in other.loops and other.loops[-1] != at and other.func[0] == "attr" and other.func[2] in _FILLS:
            filled = other.func[1]
            if isinstance(filled, tuple):
                yield filled


def _takes(part: Shape) -> bool:
    match part:
        case ("call", ("attr", _, str(name)), _, _):
            return name in TAKES
    return False


def _is_whole(shape: Shape, groups: set[Shape]) -> bool:
    match shape:
        case ("call", ("name", str(name)), (tuple(first), *_), _):
            return name in _SAME_ROWS and _is_whole(first, groups)
        case ("comp", _, (tuple(first),)):
            return _is_whole(first, groups)
    return shape in groups


def _is_among(part: Shape, groups: set[Shape]) -> bool:
    match part:
        case ("call", ("attr", _, "in_"), (tuple(first), *_), _):
            return _is_whole(first, groups)
        case ("dict", tuple(keys), tuple(values)):
            return any(
                key == ("const", "in") and _is_whole(value, groups) for key, value in zip(keys, values, strict=True)
            )
    return False


def _is_page(effects: Effects, call: CallAt, target: Target, at: int) -> bool:
    """Tell whether each turn reads the next page of one long answer."""
    if effects.end(target).method not in PAGED:
        return False
    names = names_in(call.source.facts.loops[at].target)
    given = (*call.record.args, *(shape for _, shape in call.record.keywords))
    return any(shape[0] == "name" and shape[1] in names for shape in given) and _is_counter(call, at)


def _is_counter(call: CallAt, at: int) -> bool:
    iterated = call.source.facts.loops[at].source
    return iterated[0] == "call" and isinstance(iterated[1], tuple) and iterated[1][-1] in {"range", "count"}
