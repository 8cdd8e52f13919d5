"""Which calls are remembered: their result goes into a container that was asked for the key first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import names_in, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arckode_analyzers.facts.records import Binding, Call
    from arckode_analyzers.facts.shapes import Shape


def remember(
    calls: Sequence[Call], bindings: Sequence[Binding], tested: Iterable[tuple[int, Shape]], guarded: set[int]
) -> list[Call]:
    """Return the calls with `memo` filled in.

    A set of keys already seen is no memory: the call's own result must be what is stored.
    """
    # A name that is tested was asked wherever that is written; with `.get` the first time must come before the call.
    asked: dict[tuple[int, object], int] = dict.fromkeys(tested, 0)
    for call in calls:
        base = _asked(call)
        if base is not None:
            asked[call.function, base] = min(call.line, asked.get((call.function, base), call.line))
    stored: dict[int, list[tuple[Shape, Shape, int]]] = {}
    for binding in bindings:
        container = binding.target[1] if binding.target[0] == "item" else None
        since = 0 if binding.function in guarded else asked.get((binding.function, container))
        if isinstance(container, tuple) and binding.value is not None and since is not None:
            stored.setdefault(binding.function, []).append((container, binding.value, since))
    if not stored:
        return list(calls)
    names = _named_values(bindings)
    kept = ((call, _container(call, stored.get(call.function, ()), names)) for call in calls)
    return [call if container is None else call._replace(memo=container) for call, container in kept]


def remember_once(
    calls: Sequence[Call], bindings: Sequence[Binding], unset: dict[int, tuple[Shape, ...]]
) -> list[Call]:
    """Return the calls with `memo` filled in for those that fill what is empty: `if x is None: x = load()`."""
    stored: dict[tuple[int, Shape], list[Shape]] = {}
    kept: dict[tuple[int, Shape], Shape] = {}
    for row in bindings:
        if row.value is None or row.how != "=":
            continue
        stored.setdefault((row.function, row.target), []).append(row.value)
        if row.value[0] == "either" and row.target in within(row.value):
            kept.update(((row.function, part), row.target) for part in within(row.value) if part[0] == "call")
    names = _named_values(bindings)
    found = list(calls)
    for at, call in enumerate(found):
        if at not in unset and not kept:
            continue
        guards = (guard for guard in unset.get(at, ()) if _keeps(call, guard, stored, names))
        holder = next(guards, None) or kept.get((call.function, call.shape))
        if holder is not None and call.memo is None:
            found[at] = call._replace(memo=("once", holder))
    return found


def _keeps(
    call: Call,
    guard: Shape,
    stored: dict[tuple[int, Shape], list[Shape]],
    names: dict[tuple[int, object], Shape],
) -> bool:
    """Tell whether a call runs only until a guard is filled: an attribute outlives whatever is computed for it."""
    values = stored.get((call.function, guard), ())
    return any(value != ("const", None) for value in values) if guard[0] == "attr" else _fills(call, values, names)


def _fills(call: Call, values: Iterable[Shape], names: dict[tuple[int, object], Shape]) -> bool:
    """Tell whether a call's result is what is stored, or what a stored thing is made of."""
    for value in values:
        made_of = [names[call.function, name] for name in sorted(names_in(value)) if (call.function, name) in names]
        if any(_is_in(call, each) for each in (value, *made_of)):
            return True
    return False


def _is_in(call: Call, value: Shape) -> bool:
    return call.shape in within(value)


def _asked(call: Call) -> Shape | None:
    match call.func:
        case ("attr", tuple(base), "get"):
            return base
    return None


def _named_values(bindings: Sequence[Binding]) -> dict[tuple[int, object], Shape]:
    return {
        (binding.function, binding.target[1]): binding.value
        for binding in bindings
        if binding.target[0] == "name" and binding.value is not None and binding.how == "="
    }


def _container(
    call: Call, stored: Iterable[tuple[Shape, Shape, int]], names: dict[tuple[int, object], Shape]
) -> Shape | None:
    for container, value, since in stored:
        if since <= call.line and call.func != ("attr", container, "get") and _fills(call, (value,), names):
            return container
    return None
