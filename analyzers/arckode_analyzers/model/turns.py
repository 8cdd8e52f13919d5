"""Calls that a loop makes for one of its turns only, in a database of the turn's own, or for a whole group of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import names_in, root_of, within
from arckode_analyzers.model.sinks import SESSIONS

if TYPE_CHECKING:
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.calls import CallAt, Target
    from arckode_analyzers.model.resolver import Resolver

_COLLECTIONS = frozenset(
    {"list", "set", "dict", "List", "Set", "Dict", "deque", "frozenset", "tuple", "Sequence", "defaultdict"}
)
_WHOLE = frozenset({"in_", "values", "bulk_create", "executemany"})
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict", "TypedDict"})


def is_one_turn(resolver: Resolver, call: CallAt, at: int) -> bool:
    """Tell whether a call stands under `if key == "name"` in a loop over a mapping: a key occurs once."""
    key = _key(resolver, call, at)
    return key is not None and any(
        _is_named(call.source.facts.blocks[block].test, key)
        for block in call.record.blocks
        if call.source.facts.blocks[block].kind == "if"
    )


def _key(resolver: Resolver, call: CallAt, at: int) -> Shape | None:
    loop = call.source.facts.loops[at]
    match loop.source, loop.target:
        case ("call", ("attr", _, "items"), (), ()), ("display", _, (tuple(first), _)):
            return first
        case ("call", ("attr", _, "keys"), (), ()), ("name", _):
            return loop.target
    value = resolver.value(call.source, loop.function, loop.source) if loop.target[0] == "name" else None
    return loop.target if value is not None and value.kind == "instance" and value.last in _MAPPINGS else None


def _is_named(test: Shape, key: Shape) -> bool:
    match test:
        case ("compare", ("==",), (tuple(left), tuple(right))):
            other = right if left == key else left if right == key else None
            return other is not None and (other[0] == "const" or (other[0] == "attr" and str(other[2]).isupper()))
        case ("either", tuple(parts)):
            return any(isinstance(part, tuple) and _is_named(part, key) for part in parts)
    return False


def is_elsewhere(resolver: Resolver, call: CallAt, at: int) -> bool:
    """Tell whether each turn works in a database of its own: a session opened for it, a tenant switched to."""
    loop = call.source.facts.loops[at]
    turn = names_in(loop.target)
    given = (*call.record.args, *(shape for _, shape in call.record.keywords))
    used = {root_of(call.record.func), *map(root_of, given)}
    for row in call.source.facts.bindings:
        if row.function == call.record.function and at in row.loops and row.how == "with" and row.target in used:
            value = resolver.value(call.source, row.function, row.target)
            is_session = value is not None and value.name in SESSIONS
            if is_session and row.value is not None and _is_given(row.value, turn):
                return True
    return any(
        _switches(resolver, call, number, turn)
        for number, other in enumerate(call.source.facts.calls)
        if other.function == call.record.function and at in other.loops and other.line <= call.record.line
    )


def _is_given(shape: Shape, turn: frozenset[str]) -> bool:
    """Tell whether a call is made with what a turn is about, not on it."""
    match shape:
        case ("call", _, tuple(args), tuple(pairs)):
            values = (*args, *(pair[1] for pair in pairs))
            return any(names_in(value) & turn for value in values)
    return False


def _switches(resolver: Resolver, call: CallAt, number: int, turn: frozenset[str]) -> bool:
    """Tell whether a call puts what the turn is about into a context variable."""
    other = call.source.facts.calls[number]
    if other.func[0] != "attr" or other.func[2] != "set" or not any(names_in(arg) & turn for arg in other.args):
        return False
    base = other.func[1]
    value = resolver.value(call.source, other.function, base) if isinstance(base, tuple) else None
    return value is not None and value.name == "contextvars.ContextVar"


def is_for_group(resolver: Resolver, call: CallAt, target: Target, at: int) -> bool:
    """Tell whether a statement is about all rows of a turn: `for kind, ids in by_kind.items()` and `id.in_(ids)`."""
    group = None if target.symbol else _group(resolver, call, at)
    if group is None:
        return False
    made: dict[Shape, list[Shape]] = {}
    for row in call.source.facts.bindings:
        if row.function == call.record.function and at in row.loops and row.how == "=" and row.value is not None:
            made.setdefault(row.target, []).append(row.value)
    whole = {group, *(name for name, values in made.items() if any(_is_of_all(value, group) for value in values))}
    pending: list[Shape] = [*call.record.args]
    seen: set[Shape] = set()
    while pending:
        for part in within(pending.pop()):
            if any(_takes_all(part, each) for each in whole):
                return True
            if part in made and part not in seen:
                seen.add(part)
                pending += made[part]
    return False


def _is_of_all(value: Shape, group: Shape) -> bool:
    """Tell whether a value is a group itself, or is made of every member of it: `{key for key in keys if ...}`."""
    match value:
        case ("comp", _, (tuple(first),)):
            return first == group
    return value == group


def _group(resolver: Resolver, call: CallAt, at: int) -> Shape | None:
    """Return the name that holds a turn's rows, when the loop runs over a mapping of collections."""
    loop = call.source.facts.loops[at]
    match loop.source, loop.target:
        case ("call", ("attr", tuple(base), "items"), (), ()), ("display", _, (_, tuple(group))):
            pass
        case ("call", ("attr", tuple(base), "values"), (), ()), ("name", _) as group:
            pass
        case _:
            return None
    value = resolver.value(call.source, loop.function, base)
    typed = value is not None and bool(value.args) and value.args[-1].last in _COLLECTIONS
    return group if typed or _collects(call, base) else None


def _collects(call: CallAt, base: Shape) -> bool:
    """Tell whether a name is given a `defaultdict(list)`, or gathers with `setdefault(key, []).append(row)`."""
    facts, function = call.source.facts, call.record.function
    for row in facts.bindings:
        match row.value:
            case ("call", tuple(func), (tuple(kind), *_), _) if row.function == function and row.target == base:
                collects = kind[0] == "lambda" or (kind[0] == "name" and kind[1] in _COLLECTIONS)
                if func[-1] == "defaultdict" and collects:
                    return True
    return any(
        other.function == function
        and other.func[0] == "attr"
        and other.func[1] == base
        and other.func[2] == "setdefault"
        for other in facts.calls
    )


def _takes_all(part: Shape, group: Shape) -> bool:
    """Tell whether an expression takes a group as a whole: in `in_`, unpacked, or handed to what builds a statement."""
    match part:
        case ("star", tuple(inner)):
            return group in within(inner)
        case ("call", ("attr", _, str(name)), args, _) if name in _WHOLE and isinstance(args, tuple):
            return any(isinstance(arg, tuple) and group in within(arg) and not _is_summed(arg) for arg in args)
        case ("call", ("name", _), args, pairs) if isinstance(args, tuple) and isinstance(pairs, tuple):
            return group in (*args, *(pair[1] for pair in pairs)) and not _is_summed(part)
        case ("call", ("attr", _, _), args, pairs) if isinstance(args, tuple) and isinstance(pairs, tuple):
            return group in (*args, *(pair[1] for pair in pairs))
    return False


def _is_summed(shape: Shape) -> bool:
    match shape:
        case ("call", ("name", str(name)), _, _):
            return name in {"sum", "len", "max", "min", "any", "all"}
    return False


def is_script(resolver: Resolver, call: CallAt, target: Target, at: int) -> bool:
    """Tell whether a loop runs the statements that somebody else wrote down: pragmas, a schema."""
    facts, loop = call.source.facts, call.source.facts.loops[at]
    if target.method != "execute" or target.symbol or call.record.keywords:
        return False
    match target.owner.startswith("sqlalchemy."), call.record.args:
        case True, (("call", tuple(func), (tuple(given),), ()),):
            made = resolver.value(call.source, call.record.function, func)
            if given != loop.target or made is None or made.name != "sqlalchemy.text":
                return False
        case False, (tuple(given),) if given == loop.target:
            pass
        case _:
            return False
    values = [row.value for row in facts.bindings if row.function == loop.function and row.target == loop.source]
    grown = any(
        row.function == loop.function and row.func[0] == "attr" and row.func[1] == loop.source for row in facts.calls
    )
    return not grown and not any(value is not None and value[0] == "comp" for value in values)
