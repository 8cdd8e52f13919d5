"""What we know about types whose source is not part of the project."""

from __future__ import annotations

from arckode_analyzers.model.django_rows import answer, is_manager, looked_up, row_of
from arckode_analyzers.model.sinks import (
    ALCHEMY,
    ITEM_METHODS,
    LIST_METHODS,
    LOOK_UPS,
    MODEL,
    QUERIES,
    REPOSITORIES,
    RETURNS,
    words,
)
from arckode_analyzers.model.values import Value, instance
from arckode_analyzers.model.vocabulary import ADAPTERS, MEMBERS

SAYS_NOTHING = frozenset({"typing.Any", "builtins.object", "builtins.None", "typing.TypeVar"})
TRANSPARENT = frozenset({"Annotated", "Optional", "Union", "Final", "ClassVar", "Mapped", "ReadOnly", "NotRequired"})
_ENTERED = words(
    "Iterator AsyncIterator Generator AsyncGenerator Iterable AsyncIterable AbstractContextManager"
    " AbstractAsyncContextManager ContextManager AsyncContextManager"
)
_CONTAINERS = _ENTERED | words(
    "list tuple set frozenset Sequence Collection List Tuple Set deque Page CursorPage ScalarResult Query"
)
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"})
_PASSES_THROUGH = words(
    "list tuple sorted reversed set iter aiter cast next anext deepcopy copy tqdm"  # a bar that shows how far a loop is
)
_OF_THE_SAME_KIND = frozenset({"cast", "copy", "deepcopy"})
_MEMBERS = {
    **MEMBERS,
    "kernel.Kernel.database": "kernel.Database",
    "kernel.SqlRepository.database": "kernel.Database",
    "django.db.models.Model.objects": "django.db.models.Manager",
    "django.db.models.Model._default_manager": "django.db.models.Manager",
    "flask_sqlalchemy.SQLAlchemy.session": "sqlalchemy.scoped_session",
    "flask_sqlalchemy.SQLAlchemy.Model.query": "sqlalchemy.Query",
    "sqlalchemy.Query.session": "sqlalchemy.Session",
    "kernel.Page.data": "builtins.tuple",
    "kernel.CursorPage.data": "builtins.tuple",
    **{
        f"advanced_alchemy.SQLAlchemy{mode}Repository{kind}.repository": f"advanced_alchemy.SQLAlchemy{mode}Repository"
        for mode in ("Async", "Sync")
        for kind in ("Service", "ReadService")
    },
    **{
        f"{name}.session": "sqlalchemy.AsyncSession" if "Async" in name else "sqlalchemy.Session"
        for name in sorted(ALCHEMY)
    },
}
_CLASSES = frozenset({"flask_sqlalchemy.SQLAlchemy.Model"})
_GIVEN_CLASS = frozenset(
    {
        "kernel.Kernel.resolve",
        *(f"sqlalchemy.{kind}.{name}" for kind in ("Session", "AsyncSession") for name in ("get", "get_one")),
    }
)
_BUILDERS = frozenset(f"sqlalchemy.{name}" for name in ("Query", "select", "insert", "update", "delete", "text"))
_SAME_FUNCTION = words(
    "functools.partial asgiref.sync.sync_to_async asgiref.sync.async_to_sync channels.db.database_sync_to_async"
)
_MODEL_OF = words("django.contrib.auth.get_user_model django.apps.apps.get_model")
_SESSIONS = frozenset(
    f"sqlalchemy.{name}" for name in ("Session", "AsyncSession", "scoped_session", "async_scoped_session")
)
_RESULTS = {
    "execute": "sqlalchemy.Result",
    "scalars": "sqlalchemy.ScalarResult",
    "exec": "sqlalchemy.ScalarResult",
    "stream_scalars": "sqlalchemy.ScalarResult",
    "scalar": "",
}
_ANSWERS = frozenset({"sqlalchemy.Result", "sqlalchemy.ScalarResult", "sqlalchemy.Query"})
_ANSWER_THEMSELVES = words("kernel.CommandBus.sends kernel.QueuedCommands.sends kernel.QueryBus.asks")
_ONE_ROW = words("first one one_or_none scalar scalar_one scalar_one_or_none get")


DATA_BASES = frozenset({"BaseModel", "SQLModel", "Struct", "NamedTuple", "TypedDict", "BaseSettings"})
DATA_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs"})


def is_plain(name: str) -> bool:
    """Tell whether a base class adds no members that matter here."""
    return name in {"builtins.object", "typing.Protocol", "typing.Generic", "abc.ABC"} or name.startswith("enum.")


def makes_itself(owner: str, name: str) -> bool:
    """Tell whether a class method of a library gives an instance of the class it is called on."""
    return owner in ALCHEMY and name == "new"


def member(owner: Value, name: str) -> Value:
    """Return an attribute of a library type: something known, else a method to be judged by its name and owner."""
    if f"{owner.name}.{name}" in _CLASSES:
        return Value("external", f"{owner.name}.{name}")
    known = _MEMBERS.get(f"{owner.name}.{name}")
    if known is not None:
        return instance(known, *owner.args)
    return Value("method", f"{owner.name}.{name}", owner.args, owner)


def of_class(owner: Value, name: str) -> Value | None:
    """Return what a class of a library itself holds that gives its rows: `User.objects`."""
    if owner.name == MODEL and f"{MODEL}.{name}" in _MEMBERS:
        return member(owner, name)
    # The manager that Django gives every model, in a library laid out as an application of Django's.
    if name == "objects" and owner.name.rpartition(".")[0].endswith(".models") and owner.last[:1].isupper():
        return instance(_MEMBERS[f"{MODEL}.objects"])
    return None


def called(callee: Value, arguments: tuple[Value | None, ...]) -> Value | None:
    """Return what calling a library's function, class or method gives."""
    if callee.last == "from_queryset":  # a manager class with the methods of a queryset
        return arguments[0] if arguments else None
    if callee.kind == "external":
        return _constructed(callee, arguments)
    if callee.name in RETURNS and callee.last != "query":
        return instance(RETURNS[callee.name])
    first = arguments[0] if arguments else None
    if callee.last == "query" and callee.of is not None and callee.of.name in _SESSIONS:
        return instance("sqlalchemy.Query", *_row_type(first))
    if callee.name == "kernel.Kernel.adapter":
        port = ADAPTERS.get("" if first is None else first.name)
        return None if port is None else instance(port)
    if callee.name in _GIVEN_CLASS:
        return instance(first.name, *first.args) if first is not None else None
    if callee.of is not None and callee.of.name in _SESSIONS and callee.last in _RESULTS:
        rows = first.args if first is not None and first.name == "sqlalchemy.select" else ()
        if rows and rows[0].last in {"tuple", "Tuple"}:
            rows = rows[0].args[:1]  # an annotation says what a row holds: `Select[tuple[User]]`
        return (rows[0] if rows else None) if callee.last == "scalar" else instance(_RESULTS[callee.last], *rows)
    return None if callee.of is None else _from_method(callee.of, callee.last)


def _row_type(asked: Value | None) -> tuple[Value, ...]:
    """Return the rows that a query for a class gives; a query for columns gives none we know."""
    return (instance(asked.name, *asked.args),) if asked is not None and asked.kind == "class" else ()


def _from_method(owner: Value, method: str) -> Value | None:
    if owner.name == "kernel.Port":
        return owner.args[0] if owner.args else None
    if f"{owner.name}.{method}" in _ANSWER_THEMSELVES:
        return owner
    if owner.name in _ANSWERS and owner.args and (found := _answered(owner.args[0], method)) is not None:
        return found
    if is_manager(owner):
        return answer(owner, method, queries=method in QUERIES[owner.name])
    if owner.name in _BUILDERS:
        return None if method in QUERIES.get(owner.name, ()) else instance(owner.name, *owner.args)
    if owner.last in _MAPPINGS and method in {"values", "get", "pop", "setdefault"}:
        found = element(owner, by_key=True)
        return instance("builtins.list", found) if found is not None and method == "values" else found
    if method in {"pop", "popleft", "get_nowait"}:
        return element(owner)
    return _row(owner, method)


def _answered(row: Value, method: str) -> Value | None:
    """Return what a method of a result whose rows are known gives."""
    if method in _ONE_ROW:
        return row
    if method in {"all", "fetchall"}:
        return instance("builtins.list", row)
    return instance("sqlalchemy.ScalarResult", row) if method in {"scalars", "unique", "yield_per"} else None


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
        if rest and is_manager(rest[-1]) and callee.last not in _OF_THE_SAME_KIND:
            rest[-1] = instance("builtins.list", row_of(rest[-1]))  # in memory now: its methods query no more
        return element(rest[-1]) if callee.last in {"next", "anext"} and rest else (rest[-1] if rest else None)
    if callee.name == "builtins.type" and len(arguments) == 1:
        return Value("class", arguments[0].name, arguments[0].args) if arguments[0] is not None else None
    if callee.name in LOOK_UPS:
        return looked_up(callee.last, arguments[0] if arguments else None)
    if callee.name in _MODEL_OF:
        return Value("external", MODEL)
    if callee.name in _SAME_FUNCTION:
        return arguments[0] if arguments else None
    if callee.name.startswith("kernel.") and callee.last == "of":  # the class's one of an application
        return instance(callee.name.removesuffix(".of"))
    if callee.name == "sqlalchemy.select" and arguments:
        return instance(callee.name, *_row_type(arguments[0]))
    return instance(RETURNS.get(callee.name, callee.name), *callee.args)


def element(container: Value | None, *, by_key: bool = False) -> Value | None:
    """Return what a loop over a container, or a look-up in it, gives."""
    if container is None or container.kind != "instance":
        return None
    if is_manager(container):
        return row_of(container)
    if not container.args:
        return None
    if container.last in _MAPPINGS:
        return container.args[-1] if by_key else container.args[0]
    return container.args[0] if container.last in _CONTAINERS else None


def entered(manager: Value | None) -> Value | None:
    """Return what `with manager as x` gives: what a generator yields, or the manager itself."""
    if manager is not None and manager.last in _ENTERED:
        return element(manager)
    return manager
