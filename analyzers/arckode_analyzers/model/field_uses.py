"""The fields of a model that a call names: what it stores, filters by, sorts by, with where each name was written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.model.constants import constant_of
from arckode_analyzers.model.keys import Key, Place
from arckode_analyzers.model.sinks import REPOSITORIES, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.columns import Model

# Which argument of a repository's method holds what: the position, and the keyword where there is one.
_VALUES = {"create": (0, "values"), "update": (1, ""), "update_many": (1, "values"), "compare_and_set": (2, "")}
_FILTERS = {
    **dict.fromkeys(("find_many", "find_one", "exists", "count", "paginate", "find_page"), (0, "filters")),
    "update_many": (0, "filters"),
    "delete_many": (0, "filters"),
    "compare_and_set": (1, ""),
}
_JOINS = words("join outerjoin join_from outerjoin_from select_from select_entity_from with_entities")
_DEEPEST = 6


class Use(NamedTuple):
    """A name that must be a field, and what it is used for."""

    key: Key
    verb: str
    end: CallAt


def field_uses(analysis: Analysis, call: CallAt) -> tuple[Model, list[Use]] | None:
    """Return the model that a call of a repository, a class or a statement is about, and the names it uses of it."""
    return _repository(analysis, call) or _constructor(analysis, call) or _statement(analysis, call)


# The kernel's repositories


def _repository(analysis: Analysis, call: CallAt) -> tuple[Model, list[Use]] | None:
    value = analysis.callee(call)
    if value is None or value.kind != "method" or value.of is None or value.of.last not in REPOSITORIES:
        return None
    if not value.of.name.startswith("kernel.") or not value.of.args or not _is_certain(analysis, call):
        return None
    model = analysis.columns.of(value.of.args[0])
    if model is None or not model.is_complete:
        return None
    only_python_names = replace(model, aliases=frozenset())
    return only_python_names, list(_repository_uses(analysis, call, value.last))


def _repository_uses(analysis: Analysis, call: CallAt, method: str) -> Iterator[Use]:
    place = _place(call)
    values = _argument(call, *_VALUES[method]) if method in _VALUES else None
    if values is not None:
        yield from (Use(key, "stores", call) for key in analysis.keys.of(place, values))
    if method == "create_many":
        rows = _argument(call, 0, "rows")
        for row in () if rows is None else _elements(analysis, place, rows):
            yield from (Use(key, "stores", call) for key in analysis.keys.of(place, row))
    filters = _argument(call, *_FILTERS[method]) if method in _FILTERS else None
    if filters is not None:
        verb = "expects" if method == "compare_and_set" else "filters by"
        yield from (Use(key, verb, call) for key in _filters(analysis, place, filters, 0))
    order = dict(call.record.keywords).get("order_by")
    if order is not None:
        yield from (Use(key, "sorts by", call) for key in _orders(analysis, place, order))
    if method == "increment":
        field = _argument(call, 1, "")
        yield from (Use(key, "increments", call) for key in _texts(analysis, place, field))


def _argument(call: CallAt, position: int, name: str) -> Shape | None:
    args = call.record.args
    return args[position] if len(args) > position else dict(call.record.keywords).get(name)


def _elements(analysis: Analysis, place: Place, rows: Shape) -> Iterator[Shape]:
    """Yield the mappings in a list: as written, of a comprehension, or appended to a name."""
    match rows:
        case ("display", _, tuple(elements)):
            yield from elements
        case ("comp", tuple(element), _):
            yield element
        case ("name", str(name)):
            for row in place.source.facts.bindings:
                if row.function == place.function and row.target == rows and row.value not in {None, rows}:
                    yield from _elements(analysis, place, row.value) if row.value and row.value[0] != "name" else ()
            for call in place.source.calls_of.get(place.function, ()):
                if call.func == ("attr", ("name", name), "append"):
                    yield from call.args[:1]


def _filters(analysis: Analysis, place: Place, shape: Shape, depth: int) -> Iterator[Key]:
    """Yield the fields of a filter, those of its alternatives too."""
    match shape:
        case ("attr", tuple(query), "filters"):
            yield from _listing(analysis, place, query, "filterable", depth)
            return
    for key in analysis.keys.of(place, shape):
        if key.name != "or":
            yield key
            continue
        match key.value:
            case ("display", _, tuple(choices)) if depth < _DEEPEST:
                for choice in choices:
                    yield from _filters(analysis, key.place, choice, depth + 1)


def _orders(analysis: Analysis, place: Place, shape: Shape, depth: int = 0) -> Iterator[Key]:
    match shape:
        case ("attr", tuple(query), "order_by"):
            yield from _listing(analysis, place, query, "sortable", depth)
            return
    yield from _texts(analysis, place, shape)


def _texts(analysis: Analysis, place: Place, shape: Shape | None) -> Iterator[Key]:
    """Yield the names in a text or a collection of texts, without the sign that turns an order round."""
    written = constant_of(analysis.project, place.source, place.function, shape)
    match written:
        case ("const", str(text)):
            yield Key(text.removeprefix("-"), place)
        case ("display", _, tuple(parts)):
            for part in parts:
                if part[0] in {"const", "name"}:
                    yield from _texts(analysis, place, part)
        case ("either", tuple(choices)):
            for choice in choices:
                yield from _texts(analysis, place, choice)


def _listing(analysis: Analysis, place: Place, query: Shape, what: str, depth: int) -> Iterator[Key]:
    """Yield what the query model behind a list declares, back through the calls that pass it on."""
    if depth > _DEEPEST:
        return
    match query:
        case ("call", ("attr", tuple(base), "listing"), _, _):
            yield from _declared(analysis, place, base, what)
        case ("name", str(name)):
            for definition in place.source.names.get((place.function, -1), {}).get(name, ()):
                if definition.what == "binding":
                    row = place.source.facts.bindings[definition.index]
                    if row.how == "=" and row.value is not None:
                        yield from _listing(analysis, place, row.value, what, depth + 1)
                if definition.what == "parameter":
                    yield from _passed_listing(analysis, place, name, what, depth)


def _passed_listing(analysis: Analysis, place: Place, name: str, what: str, depth: int) -> Iterator[Key]:
    function = analysis.project.functions.get(place.symbol)
    for given in () if function is None else analysis.arguments.of(function, name):
        for key in _listing(analysis, _place(given.call), given.shape, what, depth + 1):
            yield key.passed(given.call.source, given.call.record.line)


def _declared(analysis: Analysis, place: Place, base: Shape, what: str) -> Iterator[Key]:
    value = analysis.value(place.source, place.function, base)
    for ancestor in () if value is None else analysis.resolver.ancestors(value):
        klass = analysis.project.classes.get(ancestor.name)
        for row in () if klass is None else klass.source.facts.bindings:
            if klass is not None and row.owner == klass.index and row.target == ("name", what) and row.value:
                where = Place(klass.source, 0, row.line, row.column)
                for key in _texts(analysis, where, row.value):
                    yield key.inside(klass.symbol).passed(place.source, place.line)
                return


# Constructors and statements


def _constructor(analysis: Analysis, call: CallAt) -> tuple[Model, list[Use]] | None:
    value = analysis.callee(call)
    model = analysis.columns.of(value) if value is not None and value.kind == "class" else None
    if model is None or not model.is_complete or model.has_own_constructor or not _is_certain(analysis, call):
        return None
    return model, [Use(key, "stores", call) for key in _keywords(analysis, call)]


def _keywords(analysis: Analysis, call: CallAt) -> Iterator[Key]:
    place = _place(call)
    for name, shape in call.record.keywords:
        if name == "**":
            yield from analysis.keys.of(place, shape)
        else:
            yield Key(name, place)


def _statement(analysis: Analysis, call: CallAt) -> tuple[Model, list[Use]] | None:
    """Return the names that a step of a statement takes as keywords or as the keys of a mapping."""
    func = call.record.func
    if func[0] != "attr" or func[2] not in {"filter_by", "values", "update"} or not isinstance(func[1], tuple):
        return None
    statement = analysis.statements.of(call.source, call.record.function, func[1])
    if statement is None or statement.called(*_JOINS):
        return None
    model = analysis.columns.of(analysis.statements.model(statement))
    start = statement.steps[0]
    is_certain = all(analysis.arguments.is_certain(start.source, start.function, shape) for shape in start.args)
    if model is None or not model.is_complete or not is_certain:
        return None
    verb = "filters by" if func[2] == "filter_by" else "stores"
    is_query_write = statement.kind == "query" and func[2] == "update"  # its keywords are options, its values the rest
    uses = [] if is_query_write else [Use(key, verb, call) for key in _keywords(analysis, call)]
    if func[2] != "filter_by" and statement.kind in {"insert", "update", "query"}:
        for shape in call.record.args[:1]:
            rows = _elements(analysis, _place(call), shape) if shape[0] in {"display", "comp"} else (shape,)
            uses += [Use(key, verb, call) for row in rows for key in analysis.keys.of(_place(call), row)]
    return model, uses


def _is_certain(analysis: Analysis, call: CallAt) -> bool:
    return analysis.arguments.is_certain(call.source, call.record.function, call.record.func)


def _place(call: CallAt) -> Place:
    return Place(call.source, call.record.function, call.record.line, call.record.column)
