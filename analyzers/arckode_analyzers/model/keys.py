"""Which names a mapping holds: literals, merges, dumps of schemas, what callers pass and what helpers add or take out.

Only names that are certainly in the mapping are answered. Where a part cannot be known, that part is left out; where
names are taken out in a way that cannot be known, nothing is answered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import UNKNOWN, Shape, names_in, within
from arckode_analyzers.model.constants import constant_of
from arckode_analyzers.model.project import FunctionAt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from arckode_analyzers.facts.records import Result
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.schemas import Schema
    from arckode_analyzers.model.source import Source

_DEEPEST = 8
_DUMPS = frozenset({"model_dump", "dict"})
_COPIES = frozenset({"copy", "deepcopy"})
_PASS_ON = frozenset({"copy.copy", "copy.deepcopy", "builtins.dict", "typing.cast", "types.MappingProxyType"})
_TAKES_OUT = frozenset({"pop", "__delitem__"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands."""

    source: Source
    function: int
    line: int
    column: int

    @property
    def symbol(self) -> str:
        return self.source.symbol(self.function)


@dataclass(frozen=True, slots=True)
class Key:
    """One name in a mapping: where it is written and the calls it passes; `schema` says whose field it is."""

    name: str
    place: Place
    chain: tuple[tuple[Source, int], ...] = ()
    schema: str = ""
    value: Shape | None = None

    def passed(self, source: Source, line: int) -> Key:
        """Return the same name one call further."""
        return replace(self, chain=tuple(dict.fromkeys((*self.chain, (source, line)))))

    def inside(self, schema: str) -> Key:
        """Return the same name as something a schema declares."""
        return replace(self, schema=schema)


class _UnknownRemovalError(Exception):
    """Names are taken out that cannot be known."""


class Keys:
    """Answers for one expression at a time."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis

    def of(self, place: Place, shape: Shape) -> tuple[Key, ...]:
        """Return the names that a mapping certainly holds."""
        try:
            return tuple(dict.fromkeys(self._of(place, shape, 0)))
        except _UnknownRemovalError:
            return ()

    def _of(self, place: Place, shape: Shape, depth: int) -> Iterator[Key]:
        if depth > _DEEPEST:
            return
        match shape:
            case ("dict", tuple(keys), tuple(values)):
                for key, value in zip(keys, values, strict=True):
                    yield from self._entry(place, key, value, depth)
            case ("either", tuple(choices)):
                for choice in choices:
                    yield from self._of(place, choice, depth + 1)
            case ("name", str(name)):
                yield from self._named(place, name, depth)
            case ("call", ("attr", tuple(base), str(method)), _, _):
                yield from self._method(place, shape, base, method, depth)
            case ("call", _, _, _):
                yield from self._call(place, shape, depth)

    def _entry(self, place: Place, key: Shape, value: Shape, depth: int) -> Iterator[Key]:
        if key == UNKNOWN:
            yield from self._of(place, value, depth + 1)
            return
        written = constant_of(self._analysis.project, place.source, place.function, key)
        if written is not None and written[0] == "const" and isinstance(written[1], str):
            yield Key(written[1], place, value=value)

    # Names

    def _named(self, place: Place, name: str, depth: int) -> Iterator[Key]:
        source, function = place.source, place.function
        while function > 0 and name not in source.names.get((function, -1), {}):
            function = source.facts.functions[function].parent
        definitions = source.names.get((function, -1), {}).get(name, ())
        taken = self._taken_out(source, function, name, 0) if function == place.function else frozenset()
        found: list[Key] = []
        for definition in definitions:
            if definition.what == "binding":
                row = source.facts.bindings[definition.index]
                if row.how not in {"=", "+="} or row.value is None:
                    return
                where = Place(source, function, row.line, row.column)
                is_itself = ("name", name) in within(row.value)
                found += self._of(where, _without(row.value, name) if is_itself else row.value, depth + 1)
            elif definition.what == "parameter":
                found += self._passed(FunctionAt(source, function), name, depth)
            elif definition.what == "import":
                written = constant_of(self._analysis.project, source, function, ("name", name))
                found += self._of(place, written, depth + 1) if written is not None and written[0] == "dict" else ()
        found += self._added(source, function, name, depth)
        yield from (key for key in found if key.name not in taken)

    def _passed(self, function: FunctionAt, name: str, depth: int) -> Iterator[Key]:
        row = next((row for row in function.source.parameters_of.get(function.index, ()) if row.name == name), None)
        if row is None or row.kind == "rest":
            return
        for given in self._analysis.arguments.of(function, name):
            call = given.call
            where = Place(call.source, call.record.function, call.record.line, call.record.column)
            for key in self._safely(where, given.shape, depth + 1):
                yield key.passed(call.source, call.record.line)

    def _safely(self, place: Place, shape: Shape, depth: int) -> tuple[Key, ...]:
        """Answer for one caller: what another one does to its mapping is not its business."""
        try:
            return tuple(self._of(place, shape, depth))
        except _UnknownRemovalError:
            return ()

    def _added(self, source: Source, function: int, name: str, depth: int) -> Iterator[Key]:
        for row in source.facts.bindings:
            match row.target:
                case ("item", ("name", str(holder)), ("const", str(key))) if (holder, row.function) == (name, function):
                    yield Key(key, Place(source, function, row.line, row.column), value=row.value)
        for call in source.calls_of.get(function, ()):
            match call.func:
                case ("attr", ("name", str(holder)), "update") if holder == name:
                    where = Place(source, function, call.line, call.column)
                    for argument in call.args:
                        yield from self._of(where, argument, depth + 1)
                    yield from (Key(key, where, value=value) for key, value in call.keywords if key != "**")

    def _taken_out(self, source: Source, function: int, name: str, depth: int) -> frozenset[str]:
        """Return the names a function takes out of a mapping.

        Raises:
            _UnknownRemovalError: it takes out what cannot be known, or hands the mapping to unknown code.
        """
        taken: set[str] = set()
        for index, call in enumerate(source.facts.calls):
            if call.function != function:
                continue
            match call.func:
                case ("attr", ("name", str(holder)), str(method)) if holder == name:
                    if method in _TAKES_OUT and call.args and call.args[0][0] == "const":
                        taken.add(str(call.args[0][1]))
                    elif method in _TAKES_OUT | {"popitem", "clear"}:
                        raise _UnknownRemovalError
                    continue
            if ("name", name) in (*call.args, *(shape for _, shape in call.keywords)):
                taken |= self._taken_by(source, index, name, depth)
        return frozenset(taken)

    def _taken_by(self, source: Source, at: int, name: str, depth: int) -> frozenset[str]:
        call = source.call(at)
        if self._analysis.callee(call) is None and call.record.discarded:
            raise _UnknownRemovalError
        taken: frozenset[str] = frozenset()
        for target in self._analysis.reached(call):
            callee = self._analysis.project.functions.get(target.symbol)
            if callee is None or depth > 3:
                continue
            for parameter, shape in self._analysis.arguments.given(call, callee).items():
                if shape == ("name", name):
                    taken |= self._taken_out(callee.source, callee.index, parameter, depth + 1)
        return taken

    # Calls

    def _method(self, place: Place, shape: Shape, base: Shape, method: str, depth: int) -> Iterator[Key]:
        args, pairs = _given(shape)
        owner = self._analysis.value(place.source, place.function, base)
        schema = self._analysis.schemas.of(owner)
        if schema is not None:
            if method in _DUMPS or (method == "values" and not args and not pairs):
                yield from self._dumped(place, schema, dict(pairs))
            return
        if method in _COPIES and not args:
            yield from self._of(place, base, depth + 1)
            return
        yield from self._returned(place, shape, depth)

    def _call(self, place: Place, shape: Shape, depth: int) -> Iterator[Key]:
        func = shape[1]
        value = self._analysis.value(place.source, place.function, func) if isinstance(func, tuple) else None
        if value is None or value.name not in _PASS_ON:
            yield from self._returned(place, shape, depth)
            return
        args, pairs = _given(shape)
        schema = self._schema_of(place, args[-1]) if args else None
        if schema is not None:
            yield from self._dumped(place, schema, {})
            return
        for argument in (*args[-1:], *(given for key, given in pairs if key == "**")):
            yield from self._of(place, argument, depth + 1)
        if value.name == "builtins.dict":
            yield from (Key(key, place, value=given) for key, given in pairs if key != "**")

    def _schema_of(self, place: Place, shape: Shape) -> Schema | None:
        return self._analysis.schemas.of(self._analysis.value(place.source, place.function, shape))

    def _dumped(self, place: Place, schema: Schema, options: Mapping[str, Shape]) -> Iterator[Key]:
        """Yield the fields that a dump holds: those that nothing leaves out."""
        if schema.own_dump or set(options) & {"by_alias", "**"}:
            return
        left_out, only = (self._listed(place, options.get(name)) for name in ("exclude", "include"))
        if left_out is None or only is None:
            return
        for name, row in schema.fields.items():
            if row.is_excluded or name in left_out or ("include" in options and name not in only):
                continue
            where = Place(row.source, 0, row.line, row.column)
            yield Key(name, where, ((place.source, place.line),), schema.symbol)

    def _listed(self, place: Place, shape: Shape | None) -> frozenset[str] | None:
        """Return the texts of a collection, or None when they cannot be known."""
        written = constant_of(self._analysis.project, place.source, place.function, shape)
        match written:
            case None:
                return frozenset() if shape is None else None
            case ("const", None):
                return frozenset()
            case ("display", _, tuple(parts)) if all(part[0] == "const" for part in parts):
                return frozenset(str(part[1]) for part in parts)
            case ("dict", tuple(keys), _) if all(key[0] == "const" for key in keys):
                return frozenset(str(key[1]) for key in keys)
        return None

    def _returned(self, place: Place, shape: Shape, depth: int) -> Iterator[Key]:
        """Yield what a helper of the project answers, its parameters standing for what this call gives them."""
        call = self._call_of(place, shape)
        if call is None:
            return
        for target in self._analysis.reached(call):
            callee = self._analysis.project.functions.get(target.symbol)
            if callee is None or callee.record.is_generator or callee.symbol == place.symbol:
                continue
            given = self._analysis.arguments.given(call, callee)
            for result in callee.source.results_of.get(callee.index, ()):
                yield from self._answer(place, callee, result, given, depth)

    def _answer(
        self, place: Place, callee: FunctionAt, result: Result, given: Mapping[str, Shape], depth: int
    ) -> Iterator[Key]:
        where = Place(callee.source, callee.index, result.line, 0)
        parameters = {row.name for row in callee.source.parameters_of.get(callee.index, ())}
        for part in _merged(result.value):
            if part[0] == "name" and part[1] in parameters:
                taken = self._taken_out(callee.source, callee.index, str(part[1]), 0)
                if str(part[1]) in given:
                    found = self._of(place, given[str(part[1])], depth + 1)
                    yield from (key for key in found if key.name not in taken)
            else:
                optional = _optional(callee, parameters)
                yield from (key for key in self._of(where, part, depth + 1) if key.place not in optional)

    def _call_of(self, place: Place, shape: Shape) -> CallAt | None:
        for index in place.source.numbers_of.get(place.function, ()):
            if place.source.facts.calls[index].shape == shape:
                return place.source.call(index)
        return None


def _optional(function: FunctionAt, parameters: Collection[str]) -> frozenset[Place]:
    """Return where a helper adds what another caller may have asked for: under a condition on its parameters."""
    source = function.source
    added = [(row.line, row.column, row.blocks) for row in source.facts.bindings if row.function == function.index]
    added += [(call.line, call.column, call.blocks) for call in source.calls_of.get(function.index, ())]
    return frozenset(
        Place(source, function.index, line, column)
        for line, column, blocks in added
        if any(names_in(source.facts.blocks[at].test) & set(parameters) for at in blocks)
    )


def _given(shape: Shape) -> tuple[tuple[Shape, ...], tuple[tuple[str, Shape], ...]]:
    """Return the positional and the named arguments of a call."""
    match shape:
        case ("call", _, tuple(args), tuple(pairs)):
            return args, pairs
    return (), ()


def _merged(shape: Shape) -> Iterator[Shape]:
    """Yield the parts that a merge is made of."""
    match shape:
        case ("either", tuple(choices)):
            for choice in choices:
                yield from _merged(choice)
        case ("dict", tuple(keys), tuple(values)):
            yield (
                "dict",
                tuple(key for key in keys if key != UNKNOWN),
                tuple(value for key, value in zip(keys, values, strict=True) if key != UNKNOWN),
            )
            for key, value in zip(keys, values, strict=True):
                if key == UNKNOWN:
                    yield from _merged(value)
        case _:
            yield shape


def _without(shape: Shape, name: str) -> Shape:
    """Return a merge without the name that it extends: `values = values | {...}`."""
    match shape:
        case ("either", tuple(choices)):
            return ("either", tuple(_without(choice, name) for choice in choices))
        case ("dict", tuple(keys), tuple(values)):
            kept = [(key, value) for key, value in zip(keys, values, strict=True) if value != ("name", name)]
            return ("dict", tuple(key for key, _ in kept), tuple(value for _, value in kept))
        case ("name", own) if own == name:
            return UNKNOWN
    return UNKNOWN if ("name", name) in within(shape) else shape
