"""What we know about types whose source is not part of the project."""

from __future__ import annotations

from arckode_analyzers.model.sinks import ITEM_METHODS, LIST_METHODS, QUERIES, REPOSITORIES, RETURNS, words
from arckode_analyzers.model.values import Value, instance

SAYS_NOTHING = frozenset({"typing.Any", "builtins.object", "builtins.None", "typing.TypeVar"})
TRANSPARENT = frozenset({"Annotated", "Optional", "Union", "Final", "ClassVar", "Mapped", "ReadOnly", "NotRequired"})
_ENTERED = words(
    "Iterator AsyncIterator Generator AsyncGenerator Iterable AsyncIterable AbstractContextManager"
    " AbstractAsyncContextManager ContextManager AsyncContextManager"
)
_CONTAINERS = _ENTERED | words("list tuple set frozenset Sequence Collection List Tuple Set deque Page CursorPage")
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"})
_PASSES_THROUGH = frozenset(
    {"list", "tuple", "sorted", "reversed", "set", "iter", "aiter", "cast", "next", "anext", "deepcopy", "copy"}
)
_MEMBERS = {
    "kernel.Kernel.database": "kernel.Database",
    "kernel.SqlRepository.database": "kernel.Database",
    "kernel.Page.data": "builtins.tuple",
    "kernel.CursorPage.data": "builtins.tuple",
}
_GIVEN_CLASS = frozenset({"kernel.Kernel.resolve", "sqlalchemy.Session.get", "sqlalchemy.AsyncSession.get"})
_BUILDERS = frozenset({"sqlalchemy.Query"})


def is_plain(name: str) -> bool:
    """Tell whether a base class adds no members that matter here."""
    return name in {"builtins.object", "typing.Protocol", "typing.Generic", "abc.ABC"} or name.startswith("enum.")


def member(owner: Value, name: str) -> Value:
    """Return an attribute of a library type: something known, else a method to be judged by its name and owner."""
    known = _MEMBERS.get(f"{owner.name}.{name}")
    if known is not None:
        return instance(known, *owner.args)
    return Value("method", f"{owner.name}.{name}", owner.args, owner)


def called(callee: Value, arguments: tuple[Value | None, ...]) -> Value | None:
    """Return what calling a library's function, class or method gives."""
    if callee.kind == "external":
        return _constructed(callee, arguments)
    if callee.name in RETURNS:
        return instance(RETURNS[callee.name])
    first = arguments[0] if arguments else None
    if callee.name in _GIVEN_CLASS:
        return instance(first.name, *first.args) if first is not None else None
    return None if callee.of is None else _from_method(callee.of, callee.last)


def _from_method(owner: Value, method: str) -> Value | None:
    if owner.name == "kernel.Port":
        return owner.args[0] if owner.args else None
    if owner.name in _BUILDERS:
        return None if method in QUERIES[owner.name] else owner
    if owner.last in _MAPPINGS and method in {"values", "get", "pop", "setdefault"}:
        found = element(owner, by_key=True)
        return instance("builtins.list", found) if found is not None and method == "values" else found
    if method in {"pop", "popleft", "get_nowait"}:
        return element(owner)
    return _row(owner, method)


def _row(owner: Value, method: str) -> Value | None:
    if not owner.args or owner.last not in REPOSITORIES:
        return owner if method in {"connect", "__aenter__", "execution_options", "options"} else None
    if method in ITEM_METHODS:
        return owner.args[0]
    if method in LIST_METHODS:
        return instance("builtins.list", owner.args[0])
    return instance("kernel.Page", owner.args[0]) if method in {"paginate", "find_page"} else None


def _constructed(callee: Value, arguments: tuple[Value | None, ...]) -> Value | None:
    if callee.last in _PASSES_THROUGH:
        rest = [argument for argument in arguments if argument is not None]
        return element(rest[-1]) if callee.last in {"next", "anext"} and rest else (rest[-1] if rest else None)
    if callee.name == "builtins.type" and len(arguments) == 1:
        return Value("class", arguments[0].name, arguments[0].args) if arguments[0] is not None else None
    if callee.name == "functools.partial":
        return arguments[0] if arguments else None
    return instance(RETURNS.get(callee.name, callee.name), *callee.args)


def element(container: Value | None, *, by_key: bool = False) -> Value | None:
    """Return what a loop over a container, or a look-up in it, gives."""
    if container is None or container.kind != "instance" or not container.args:
        return None
    if container.last in _MAPPINGS:
        return container.args[-1] if by_key else container.args[0]
    return container.args[0] if container.last in _CONTAINERS else None


def entered(manager: Value | None) -> Value | None:
    """Return what `with manager as x` gives: what a generator yields, or the manager itself."""
    if manager is not None and manager.last in _ENTERED:
        return element(manager)
    return manager
