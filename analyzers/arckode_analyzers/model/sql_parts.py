"""Whether a text that becomes SQL holds something that no one has made harmless.

Only what is shown to come from outside counts: a parameter, a stored value, user input. Numbers, identifiers,
enumerations, constants, members of a closed set and quoted names are harmless; what nothing is known of stays so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from arckode_analyzers.facts.shapes import Shape, children, root_of, within
from arckode_analyzers.model.constants import constant_of
from arckode_analyzers.model.given import Given, Place, end_of, place_of
from arckode_analyzers.model.narrowing import Narrowing
from arckode_analyzers.model.passing import arguments
from arckode_analyzers.model.project import receiver_name
from arckode_analyzers.model.sinks import Effect, effect, words
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from arckode_analyzers.facts.records import Parameter
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.passing import Passed, Passing
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source

_DEEPEST = 14
_HARMLESS = words(
    "builtins.int builtins.float builtins.bool builtins.complex builtins.None builtins.range typing.Literal"
    " decimal.Decimal uuid.UUID datetime.date datetime.datetime datetime.time datetime.timedelta"
    " typing_extensions.Literal http.HTTPStatus"
)
_TEXTS = words(
    "builtins.str builtins.bytes builtins.list builtins.tuple builtins.dict builtins.set builtins.frozenset"
    " builtins.object typing.Any typing.List typing.Dict typing.Sequence typing.Iterable typing.Mapping typing.Tuple"
    " typing.AnyStr typing.LiteralString collections.abc.Sequence collections.abc.Iterable collections.abc.Mapping"
    " collections.abc.Collection collections.abc.Set fastapi.Request starlette.requests.Request"
)
_HAND_ON = words(
    "builtins.str builtins.repr builtins.format builtins.list builtins.tuple builtins.set builtins.sorted"
    " builtins.reversed builtins.map builtins.filter builtins.zip builtins.enumerate builtins.dict builtins.iter"
    " builtins.next builtins.frozenset textwrap.dedent textwrap.indent inspect.cleandoc json.dumps typing.cast"
    " itertools.chain string.Template urllib.parse.unquote"
)
_QUOTES = words("quote quote_identifier quote_schema format_table format_column format_schema quote_ident")
_QUOTED = words(
    "sqlalchemy.quoted_name psycopg.sql.Identifier psycopg.sql.Literal psycopg.sql.Placeholder psycopg.sql.SQL"
    " psycopg2.sql.Identifier psycopg2.sql.Literal psycopg2.sql.Placeholder psycopg2.sql.SQL"
    " sqlalchemy.sql.quoted_name"
)
_OF_A_CLASS = words("__tablename__ __name__ __qualname__ __table__ __class__")
_SETTINGS = words("pydantic_settings.BaseSettings pydantic.BaseSettings kernel.Settings starlette.config.Config")
_CATALOGUES = ("information_schema", "pg_", "sqlite_master", "pragma", "show ")


@dataclass(frozen=True, slots=True)
class Origin:
    """Something that is not harmless, as it is written, and where."""

    text: str
    source: Source
    line: int


_Bound: TypeAlias = "Mapping[str, tuple[Place, Shape, _Bound]]"
_NOTHING: _Bound = {}


class SqlParts:
    """Follows the parts of a text back to where they come from."""

    def __init__(self, analysis: Analysis, passing: Passing) -> None:
        self._analysis = analysis
        self._passing = passing
        self._given = Given(analysis)
        self._checks = Narrowing(analysis)
        self._asked: set[tuple[str, str]] = set()
        self._families: dict[str, list[str]] = {}
        self._held: dict[tuple[str, str], tuple[tuple[Place, Shape], ...]] = {}

    def built(self, place: Place, shape: Shape, bound: _Bound = _NOTHING, depth: int = 0) -> Origin | None:
        """Return what is put into a text that is a statement as a whole."""
        if depth > _DEEPEST:
            return None
        match shape:
            case ("format", _) | ("binary", "+" | "%", _, _):
                return self._any(place, children(shape), bound, depth)
            case ("either", tuple(choices)):
                return self._first(self.built(place, choice, bound, depth + 1) for choice in choices)
            case ("name", str(name)):
                return self._statement_named(place, name, bound, depth)
            case ("attr", ("name", str(owner)), str(name)) if owner == receiver_name(place.source, place.function):
                return self._first(
                    self.built(there, value, _NOTHING, depth + 1) for there, value in self._members(place, name)
                )
            case ("call", tuple(func), tuple(args), tuple(keywords)):
                return self._statement_called(place, func, (args, keywords), bound, depth)
        return None

    def whole_parameters(self, place: Place, shape: Shape, depth: int = 0) -> Iterator[str]:
        """Yield the parameters of the function that are handed on as a statement, unchanged."""
        match shape:
            case ("name", str(name)) if depth < _DEEPEST:
                for what, there, value in self._given.definitions(place, name):
                    if what == "parameter":
                        yield name
                    elif value is not None:
                        yield from self.whole_parameters(there, value, depth + 1)
            case ("either", tuple(choices)):
                for choice in choices:
                    yield from self.whole_parameters(place, choice, depth + 1)
            case ("call", tuple(func), (tuple(first), *_), _):
                callee = self._analysis.value(place.source, place.function, func)
                if callee is not None and callee.name in _HAND_ON:
                    yield from self.whole_parameters(place, first, depth + 1)
            case ("call", ("attr", tuple(base), "strip" | "rstrip" | "lstrip" | "encode"), _, _):
                yield from self.whole_parameters(place, base, depth + 1)

    # Whole statements

    def _statement_named(self, place: Place, name: str, bound: _Bound, depth: int) -> Origin | None:
        for what, there, value in self._given.definitions(place, name):
            if what == "parameter" and name in bound:
                where, passed, outer = bound[name]
                found = self.built(where, passed, outer, depth + 1)
            elif what == "parameter" or value is None:
                continue
            elif what == "added" or value[0] == "other":
                found = self._part(there, value, bound, depth + 1)
            else:
                found = self.built(there, value, bound, depth + 1)
            if found is not None:
                return found
        return None

    def _statement_called(
        self, place: Place, func: Shape, given: tuple[tuple[Shape, ...], tuple[object, ...]], bound: _Bound, depth: int
    ) -> Origin | None:
        args, keywords = given
        values = [part for pair in keywords if isinstance(pair, tuple) for part in pair[1:] if isinstance(part, tuple)]
        match func:
            case ("attr", tuple(base), "format" | "format_map" | "substitute" | "safe_substitute"):
                if self._is_text(place, base):
                    return self._any(place, (base, *args, *values), bound, depth)
                return None
            case ("attr", ("const", str(_)), "join"):
                return self._any(place, args, bound, depth)
            case ("attr", tuple(base), "replace"):
                return self.built(place, base, bound, depth + 1) or self._any(place, args, bound, depth)
            case ("attr", tuple(base), "strip" | "rstrip" | "lstrip" | "encode" | "lower" | "upper"):
                return self.built(place, base, bound, depth + 1)
        callee = self._analysis.value(place.source, place.function, func)
        if callee is not None and callee.name in _HAND_ON and args:
            return self.built(place, args[0], bound, depth + 1)
        return self._returned(place, callee, ("call", func, args, keywords), bound, depth, whole=True)

    def _is_text(self, place: Place, base: Shape) -> bool:
        value = self._analysis.value(place.source, place.function, base)
        return value is None or value.name in {"builtins.str", "string.Template"}

    # Parts

    def _any(self, place: Place, parts: Iterable[Shape], bound: _Bound, depth: int) -> Origin | None:
        return self._first(self._part(place, part, bound, depth + 1) for part in parts)

    @staticmethod
    def _first(found: Iterable[Origin | None]) -> Origin | None:
        return next((each for each in found if each is not None), None)

    def _part(self, place: Place, shape: Shape, bound: _Bound, depth: int, *, whole: bool = False) -> Origin | None:
        """Return what makes a part harmful; `whole` asks for the object behind an attribute, of whatever type."""
        if depth > _DEEPEST or shape[0] in {"const", "compare", "not", "lambda", "slice"}:
            return None
        value = self._analysis.value(place.source, place.function, shape)
        is_single = value is not None and value.name not in _TEXTS
        if (is_single and self.is_harmless(value)) or self._checks.is_checked(place, shape):
            return None
        match shape:
            case ("binary", str(operator), tuple(left), tuple(right)):
                return self._computed(place, operator, (left, right), bound, depth)
            case ("comp", tuple(element), _):
                return self._part(place, element, bound, depth + 1)
            case ("item", tuple(base), tuple(key)):
                return self._keyed(place, base, key, bound, depth)
            case ("name", str(name)):
                return self._named(place, name, bound, depth, whole=whole)
            case ("attr", _, "fullname" | "__tablename__"):
                return None  # a table's own name
            case ("attr", tuple(base), str(name)):
                return self._attribute(place, base, name, bound, depth)
            case ("call", tuple(func), tuple(args), tuple(keywords)):
                return self._called(place, func, (args, keywords), bound, depth)
        return self._any(place, children(shape), bound, depth)

    def _computed(
        self, place: Place, operator: str, sides: tuple[Shape, Shape], bound: _Bound, depth: int
    ) -> Origin | None:
        if operator == "*" and any(side[0] == "const" for side in sides):
            return None
        return self._any(place, sides, bound, depth) if operator in {"+", "%", "*"} else None

    def is_harmless(self, value: Value | None) -> bool:
        """Tell whether a value cannot hold SQL whatever it is: a number, a moment, an enumeration's member."""
        if value is None or value.kind != "instance":
            return False
        if value.name in _HARMLESS:
            return True
        if value.args and value.name in _TEXTS:
            return all(self.is_harmless(argument) for argument in value.args)
        ancestors = self._analysis.resolver.ancestors(value) if value.name in self._analysis.project.classes else ()
        return any(each.name.startswith("enum.") for each in ancestors)

    def _looked_up(self, place: Place, base: Shape, bound: _Bound, depth: int) -> Origin | None:
        written = constant_of(self._analysis.project, place.source, place.function, base)
        match written:
            case ("dict", _, tuple(values)):
                return self._any(place, values, bound, depth)
        return self._part(place, base, bound, depth + 1, whole=True)

    def _named(self, place: Place, name: str, bound: _Bound, depth: int, *, whole: bool) -> Origin | None:
        for what, there, value in self._given.definitions(place, name):
            if what == "parameter":
                found = self._passed(there, name, bound, depth, whole=whole)
            elif value is None:
                continue
            else:
                found = self._part(there, value, bound, depth + 1, whole=whole)
            if found is not None:
                return found
        return None

    def _passed(self, place: Place, name: str, bound: _Bound, depth: int, *, whole: bool) -> Origin | None:
        if name in bound:
            where, passed, outer = bound[name]
            return self._part(where, passed, outer, depth + 1, whole=whole)
        row = self._parameter(place, name)
        if row is None or name == receiver_name(place.source, row.function):
            return None
        value = self._analysis.resolver.parameter(place.source, row)
        if not self._may_hold_text(value, whole=whole) or self._checks.is_narrowed(place.source, row):
            return None
        symbol = place.source.symbol(row.function)
        callers = self._passing.to(symbol, name)
        if callers and (symbol, name) not in self._asked:
            self._asked.add((symbol, name))
            try:
                found = [self._part(place_of(call), shape, _NOTHING, depth + 1) for call, shape in callers]
            finally:
                self._asked.discard((symbol, name))
            if not any(found):
                return None
        return Origin(name, place.source, row.line)

    def _rest(self, place: Place, shape: Shape) -> Parameter | None:
        """Return the `**rest` of a function that a name stands for."""
        row = self._parameter(place, str(shape[1])) if shape[0] == "name" else None
        return row if row is not None and row.kind == "rest" else None

    def _keyed(self, place: Place, base: Shape, key: Shape, bound: _Bound, depth: int) -> Origin | None:
        """Judge one member of a mapping; of a `**rest`, what callers pass under that name."""
        rest = self._rest(place, base)
        if rest is None or key[0] != "const":
            return self._looked_up(place, base, bound, depth)
        return self._of_rest(place, rest, str(key[1]), depth)

    def _of_rest(self, place: Place, rest: Parameter, key: str, depth: int) -> Origin | None:
        asked = (place.source.symbol(rest.function), f"**{key}")
        if asked in self._asked or depth > _DEEPEST:
            return None
        callers = self._passing.to_rest(asked[0], key)
        self._asked.add(asked)
        harmful = callers is None or any(self._hands_on(name, passed, key, depth + 1) for name, passed in callers)
        self._asked.discard(asked)
        return Origin(rest.name, place.source, rest.line) if harmful else None

    def _hands_on(self, name: str, passed: Passed, key: str, depth: int) -> bool:
        """Tell whether a caller passes something harmful by name, or in a mapping that may hold anything."""
        there = place_of(passed.call)
        if name != "**":
            return self._part(there, passed.shape, _NOTHING, depth) is not None
        rest = self._rest(there, passed.shape)
        return rest is None or self._of_rest(there, rest, key, depth) is not None

    def _may_hold_text(self, value: Value | None, *, whole: bool) -> bool:
        if value is None:
            return True
        if value.kind != "instance" or self.is_harmless(value):
            return False
        if value.name in self._analysis.project.classes:
            names = {each.name for each in self._analysis.resolver.ancestors(value)}
            return whole and not names & _SETTINGS
        return value.name in _TEXTS

    def _parameter(self, place: Place, name: str) -> Parameter | None:
        function = place.function
        while function > 0:
            rows = place.source.parameters_of.get(function, ())
            found = next((row for row in rows if row.name == name), None)
            if found is not None:
                return found
            function = place.source.facts.functions[function].parent
        return None

    def _attribute(self, place: Place, base: Shape, name: str, bound: _Bound, depth: int) -> Origin | None:
        if name in _OF_A_CLASS:
            return None
        owner = self._analysis.value(place.source, place.function, base)
        if self.is_harmless(owner) or (owner is not None and owner.kind in {"class", "external", "method"}):
            return None
        if owner is not None and owner.kind == "module":
            module = self._analysis.project.modules.get(owner.name)
            return None if module is None else self._part(end_of(module), ("name", name), _NOTHING, depth + 1)
        if base == ("name", receiver_name(place.source, place.function)):
            members = self._members(place, name)
            return self._first(self._part(there, value, _NOTHING, depth + 1) for there, value in members)
        if root_of(base) == ("name", receiver_name(place.source, place.function)):
            return None
        found = self._part(place, base, bound, depth + 1, whole=True)
        return found and Origin(f"{found.text}.{name}", found.source, found.line)

    def _members(self, place: Place, name: str) -> tuple[tuple[Place, Shape], ...]:
        """Return what an attribute of the receiver is given, in its class, its bases and its subclasses."""
        owner = place.source.method_owner(place.function)
        if owner < 0:
            return ()
        key = (place.source.class_symbols[owner], name)
        found = self._held.get(key)
        if found is None:
            found = self._held[key] = tuple(self._given_to(self._family(key[0]), name))
        return found

    def _family(self, symbol: str) -> list[str]:
        """Return a class with its bases and its subclasses, as far as the project has them."""
        known = self._families.get(symbol)
        if known is None:
            resolver, project = self._analysis.resolver, self._analysis.project
            family = {each.name for each in resolver.ancestors(Value("instance", symbol))}
            family |= {
                other
                for other in project.classes
                if any(each.name == symbol for each in resolver.ancestors(Value("instance", other)))
            }
            known = self._families[symbol] = sorted(family & project.classes.keys())
        return known

    def _given_to(self, family: list[str], name: str) -> Iterator[tuple[Place, Shape]]:
        project = self._analysis.project
        for symbol in family:
            for source, index in project.attributes.get((symbol, name), ()):
                row = source.facts.bindings[index]
                if row.value is not None:
                    yield Place(source, row.function, row.line, row.blocks), row.value
            klass = project.classes[symbol]
            for row in klass.source.facts.bindings:
                if row.owner == klass.index and row.target == ("name", name) and row.value is not None:
                    yield Place(klass.source, row.function, row.line), row.value

    def _called(
        self, place: Place, func: Shape, given: tuple[tuple[Shape, ...], tuple[object, ...]], bound: _Bound, depth: int
    ) -> Origin | None:
        args, keywords = given
        shape: Shape = ("call", func, args, keywords)
        callee = self._analysis.value(place.source, place.function, func)
        if callee is not None and (callee.name in _QUOTED or (callee.of is not None and callee.of.name in _QUOTED)):
            return None
        if self._is_stored(callee, shape):
            return Origin("a stored value", place.source, place.line)
        if callee is not None and callee.name == "builtins.input":
            return Origin("input()", place.source, place.line)
        if callee is not None and callee.kind == "external":
            return self._any(place, children(shape), bound, depth) if callee.name in _HAND_ON else None
        match func:
            case ("attr", ("name", str(held)), "keys") if not args:
                return self._keys(place, held, bound, depth)
            case ("attr", tuple(base), str(name)):
                if name in _QUOTES or (name == "replace" and _doubles_quotes(args)):
                    return None
                if callee is None or callee.kind == "method":
                    return self._from_method(place, (base, name), given, bound, depth)
        return self._returned(place, callee, shape, bound, depth, whole=False)

    def _from_method(
        self,
        place: Place,
        method: tuple[Shape, str],
        given: tuple[tuple[Shape, ...], tuple[object, ...]],
        bound: _Bound,
        depth: int,
    ) -> Origin | None:
        """Judge what a method of a text or a collection gives: it is made of its receiver, some also of arguments."""
        (base, name), (args, keywords) = method, given
        if name in {"get", "pop"} and args:
            return self._keyed(place, base, args[0], bound, depth)
        also = args if name in {"join", "format", "replace", "format_map"} else ()
        values = children(("other", keywords)) if name in {"format", "substitute"} else ()
        return self._looked_up(place, base, bound, depth) or self._any(place, (*also, *values), bound, depth)

    def _keys(self, place: Place, name: str, bound: _Bound, depth: int) -> Origin | None:
        """Judge the keys that a dictionary is written with; its values never reach the text."""
        for what, there, value in self._given.definitions(place, name):
            match value:
                case ("dict", tuple(keys), _):
                    found = self._any(there, keys, bound, depth)
                case _ if what == "parameter":
                    found = self._passed(there, name, bound, depth, whole=False)
                case _:
                    found = None if value is None else self._part(there, value, bound, depth + 1)
            if found is not None:
                return found
        return None

    def _is_stored(self, callee: Value | None, shape: Shape) -> bool:
        if callee is None or callee.of is None:
            return False
        texts = (str(part[1]).lower() for part in within(shape) if part[0] == "const" and isinstance(part[1], str))
        reads = effect(callee.of.name, callee.last) is Effect.QUERIES and not callee.of.name.startswith("kernel.")
        return reads and not any(word in text for text in texts for word in _CATALOGUES)

    def _returned(
        self, place: Place, callee: Value | None, shape: Shape, bound: _Bound, depth: int, *, whole: bool
    ) -> Origin | None:
        """Follow a function of the project to what it returns, with what this call passes."""
        function = self._analysis.graph.function_of(callee) if callee is not None else None
        if function is None or callee is None or callee.kind != "function" or "kernel" in function.source.layers:
            return None
        given = self._arguments(place, function, shape)
        inner = {name: (place, passed, bound) for name, passed in given.items()}
        for result in function.source.results_of.get(function.index, ()):
            there = Place(function.source, function.index, result.line, result.blocks)
            judge = self.built if whole else self._part
            found = judge(there, result.value, inner, depth + 1)
            if found is not None:
                return found
        return None

    def _arguments(self, place: Place, function: FunctionAt, shape: Shape) -> Mapping[str, Shape]:
        for call in self._analysis.calls(place.source):
            if call.record.function == place.function and call.record.shape == shape:
                return arguments(self._analysis, call, function)
        return {}


def _doubles_quotes(args: tuple[Shape, ...]) -> bool:
    match args:
        case (("const", str(old)), ("const", str(new))):
            return bool(old) and new == old * 2
    return False
