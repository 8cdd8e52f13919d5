"""Calls whose result is kept in a store that was asked first: `x = cache.get(key)`, tested, and `cache.set(key, x)`.

A store is a cache with `get` and `set`, or an attribute read with `getattr(holder, name, None)` and assigned later. The
answer must be used before the call (`if x is not None: return x`), or the call must stand where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import names_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arckode_analyzers.facts.records import Binding, Block, Call, Result
    from arckode_analyzers.facts.shapes import Shape

_STORES = frozenset("set setex put add hset store save mset set_many".split())


def remember_kept(
    calls: Sequence[Call], bindings: Sequence[Binding], results: Sequence[Result], blocks: Sequence[Block]
) -> list[Call]:
    """Return the calls with `memo` filled in as `("kept", store)`."""
    asked = _asked(bindings)
    filled = {(call.function, call.func[1]) for call in calls if call.func[0] == "attr" and call.func[2] in _STORES}
    filled |= {(row.function, row.target) for row in bindings if row.target[0] == "attr"}
    found = list(calls)
    for (function, name), (store, line) in asked.items():
        if (function, store) not in filled:
            continue
        tests = {at for at, block in enumerate(blocks) if block.function == function and name in names_in(block.test)}
        leaves = _leaves(results, function, name, tests)
        empty = {at for at in tests if blocks[at].line >= line and _is_empty(blocks[at], name)}
        for at, call in enumerate(found):
            is_free = call.memo is None or (call.memo[0] == "once" and call.memo[1] == ("name", name))
            is_later = call.function == function and call.line > line and is_free
            is_read = call.func[0] == "attr" and call.func[1] == store
            if is_later and not is_read and ((leaves and call.line > leaves) or empty & set(call.blocks)):
                found[at] = call._replace(memo=("kept", store))
    return found


def _asked(bindings: Iterable[Binding]) -> dict[tuple[int, str], tuple[Shape, int]]:
    """Return the names that hold what a store had, with the store and the line."""
    found: dict[tuple[int, str], tuple[Shape, int]] = {}
    for row in bindings:
        store = _store(row.value) if row.how == "=" and row.target[0] == "name" else None
        if store is not None:
            found.setdefault((row.function, str(row.target[1])), (store, row.line))
    return found


def _store(value: Shape | None) -> Shape | None:
    match value:
        case ("call", ("attr", tuple(store), "get"), (_,), _):
            return store
        case ("call", ("name", "getattr"), (tuple(holder), ("const", str(name)), _), _):
            return ("attr", holder, name)
    return None


def _leaves(results: Iterable[Result], function: int, name: str, tests: set[int]) -> int:
    """Return the line from which on there was nothing in the store; 0 where that is never certain."""
    lines = [
        row.line
        for row in results
        if row.function == function and row.how == "return" and tests & set(row.blocks) and name in names_in(row.value)
    ]
    return min(lines, default=0)


def _is_empty(block: Block, name: str) -> bool:
    """Tell whether a block runs only when the store had nothing: `if x is None`, the other half of `if x`."""
    held = ("name", name)
    match block.test:
        case ("not", ("name", str(tested))) | ("compare", ("is",), (("name", str(tested)), ("const", None))):
            return block.kind == "if" and tested == name
        case ("compare", ("is not",), (left, ("const", None))):
            return block.kind == "else" and left == held
    return block.kind == "else" and block.test == held
