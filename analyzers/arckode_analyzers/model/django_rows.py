"""Django's models and querysets: what a class that declares columns is, and which rows a manager or a field gives.

Source of the rules: Django's reference of the model, queryset and related objects interfaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.sinks import MANAGERS, MODEL, QUERIES, words
from arckode_analyzers.model.values import Value, instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.project import ClassAt
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Definition

_COLUMNS = "django.db.models."
_TO_ONE = words("django.db.models.ForeignKey django.db.models.OneToOneField")
_TO_MANY = words("django.db.models.ManyToManyField")
_REVERSED = _TO_MANY | words("django.db.models.ForeignKey")
_MANAGER = "django.db.models.Manager"
_ONE_ROW = frozenset(
    f"{mode}{name}" for mode in ("", "a") for name in ("get", "first", "last", "earliest", "latest", "create")
)
_LISTS = frozenset({"bulk_create", "abulk_create"})
_PREFETCHED = words("all none")
# What gives no rows of the model: `values()` gives mappings, `values_list()` tuples or single values.
_NO_ROWS = words("values values_list dates datetimes")


def is_manager(value: Value) -> bool:
    """Tell whether a value is one of Django's own managers or querysets."""
    return value.kind != "class" and value.name in MANAGERS


def row_of(manager: Value) -> Value:
    """Return a row of a manager: of its model where that is known, else of some model."""
    return manager.args[0] if manager.args else instance(MODEL)


def answer(manager: Value, method: str, *, queries: bool) -> Value | None:
    """Return what calling a method of a manager gives; what is no query is taken for another queryset."""
    if method in _ONE_ROW:
        return row_of(manager)
    if method in _LISTS:
        return instance("builtins.list", row_of(manager))
    if method in _NO_ROWS:
        return instance(manager.name, instance("typing.Any"))
    return None if queries else instance(manager.name, *manager.args)


def looked_up(function: str, given: Value | None) -> Value:
    """Return what a function gives that looks rows up in the model, manager or queryset it is handed."""
    if given is not None and is_manager(given):
        row = row_of(given)
    else:
        row = instance(given.name if given is not None and given.kind == "class" else MODEL)
    return instance("builtins.list", row) if "list" in function else row


def refines(owner: Value, method: str) -> bool:
    """Tell whether a method gives a queryset that queries when it is run through, whatever was prefetched.

    `all()` does not where `prefetch_related` brought the rows, and `none()` never does.
    """
    return is_manager(owner) and method not in _PREFETCHED and method not in QUERIES[owner.name]


class Relations:
    """What the project's models say about one another; nothing where the project does without Django."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._is_used = any(
            row.module.partition(".")[0] == "django"
            for source in resolver.project.sources.values()
            for row in source.facts.imports
        )
        self._reverse: dict[str, list[tuple[str, str]]] = {}
        self._named: dict[str, list[str]] = {}

    def find(self) -> None:
        """Index who points to whom, once the classes are known."""
        if not self._is_used:
            return
        models = [symbol for symbol in self._resolver.project.classes if self._is_model(symbol)]
        for symbol in models:
            self._named.setdefault(symbol.rpartition(".")[2], []).append(symbol)
        for symbol in models:
            for name, target in self._pointers(self._resolver.project.classes[symbol]):
                self._reverse.setdefault(name, []).append((target, symbol))

    def with_model(self, klass: ClassAt, bases: list[Value]) -> list[Value]:
        """Return the bases of a class, with Django's model before the first one whose source is not known.

        Nothing but a model, or a part of one, declares columns.
        """
        at = next((at for at, base in enumerate(bases) if base.kind == "external" and base.name != MODEL), None)
        if not self._is_used or at is None or any(base.name == MODEL for base in bases):
            return bases
        declares_columns = any(name.startswith(_COLUMNS) for name, _ in self._fields(klass))
        return [*bases[:at], Value("external", MODEL), *bases[at:]] if declares_columns else bases

    def member(self, owner: Value, klass: Value, name: str) -> Value | None:
        """Return what Django gives a class of the project: its rows come from its managers and through relations."""
        from arckode_analyzers.model import library  # which knows the answers of managers from this module

        if klass.name != MODEL:
            return library.member(klass if klass.args else klass._replace(args=owner.args), name)
        found = self._reversed(owner, name) or library.member(klass, name)
        return found._replace(args=(instance(owner.name),)) if is_manager(found) and not found.args else found

    def read(self, klass: ClassAt, owner: Value, definition: Definition, found: Value) -> Value:
        """Return what reading an attribute of a model gives: related rows, or a manager that knows its own."""
        if not self._is_used or found.kind != "instance" or found.args or definition.what != "binding":
            return found
        names = {each.name for each in self._resolver.ancestors(found)}
        row = klass.source.facts.bindings[definition.index]
        if self._is_model(owner.name):
            if names & MANAGERS:
                return found._replace(args=(instance(owner.name),))
            if row.target == ("name", "objects") and found.name not in self._resolver.project.classes:
                return instance(_MANAGER, instance(owner.name))  # of a library: Django takes nothing but managers there
        if row.value is None or not names & (_TO_ONE | _TO_MANY):
            return found
        target = self._target(klass, row.value)
        if names & _TO_MANY:
            return instance(_MANAGER, *((instance(target),) if target else ()))
        return instance(target or MODEL)

    def _reversed(self, owner: Value, name: str) -> Value | None:
        """Return the rows of another model that point to this one: `order.lines`, `order.line_set`."""
        pointers = self._reverse.get(name)
        if pointers is None:
            return None
        family = {each.name for each in self._resolver.ancestors(owner)}
        return next((instance(_MANAGER, instance(model)) for target, model in pointers if target in family), None)

    def _is_model(self, symbol: str) -> bool:
        return any(each.name == MODEL for each in self._resolver.ancestors(Value("class", symbol)))

    def _fields(self, klass: ClassAt) -> Iterator[tuple[str, Shape]]:
        """Yield which class each field of a class is made of, and the call that makes it."""
        for row in klass.source.declared_in.get(klass.index, ()):
            match row.target, row.value:
                case ("name", _), ("call", tuple(func), _, _):
                    made = self._resolver.value(klass.source, row.function, func)
                    if made is not None and made.kind in {"external", "class"}:
                        yield made.name, row.value

    def _pointers(self, klass: ClassAt) -> Iterator[tuple[str, str]]:
        """Yield under which name the rows that a class points to find it, and which class these are."""
        for made, shape in self._fields(klass):
            if made in _REVERSED or (made in self._resolver.project.classes and self._points(made)):
                target = self._target(klass, shape)
                if target:
                    yield _reverse_name(klass, shape), target

    def _points(self, symbol: str) -> bool:
        return any(each.name in _REVERSED for each in self._resolver.ancestors(Value("class", symbol)))

    def _target(self, klass: ClassAt, shape: Shape) -> str:
        """Return the class that a field points to: `ForeignKey(Order)`, `ForeignKey("orders.Order")`."""
        match shape:
            case ("call", _, (tuple(first), *_), _):
                pass
            case ("call", _, _, tuple(keywords)):
                first = next((value for name, value in keywords if name == "to"), ())
            case _:
                return ""
        match first:
            case ("const", "self"):
                return klass.symbol
            case ("const", str(name)):
                return self._model(klass, name.rpartition(".")[2])
            case ():
                return ""
        value = self._resolver.value(klass.source, klass.record.function, first)
        return value.name if value is not None and value.kind == "class" else ""

    def _model(self, klass: ClassAt, name: str) -> str:
        """Return the model that goes by a name: the one beside a class, or the only one there is."""
        symbols = self._named.get(name, [])
        beside = f"{klass.symbol.rpartition('.')[0]}.{name}"
        return beside if beside in symbols else (symbols[0] if len(symbols) == 1 else "")


def _reverse_name(klass: ClassAt, shape: Shape) -> str:
    keywords = shape[3] if isinstance(shape[3], tuple) else ()
    for pair in keywords:
        match pair:
            case ("related_name", ("const", str(name))):
                return name
    return f"{klass.record.name.lower()}_set"
