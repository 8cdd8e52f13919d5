"""The names of events and jobs, however they are written: texts, constants, enumerations, formats, event classes.

A part that cannot be known becomes `*`; a name of which nothing is known is None, and whoever asks stays silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.values import Value
from arckode_analyzers.model.vocabulary import EVENT_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.calls import CallAt, CallGraph
    from arckode_analyzers.model.project import ClassAt, FunctionAt
    from arckode_analyzers.model.source import Source

_DEEPEST = 12
_LONGEST = 300
_TYPE_ATTRIBUTES = ("type", "event_type", "name")
_MADE = frozenset({"kernel.new_event", "kernel.Event"})
_TEXT = frozenset({"builtins.str"})


class EventNames:
    """Turns the expression that says which event or job is meant into the names it can have."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph
        self._resolver = graph.resolver
        self._project = graph.project
        self._callers: dict[str, list[CallAt]] | None = None
        self._active: set[str] = set()

    def of(self, source: Source, function: int, shape: Shape | None, depth: int = 0) -> tuple[str, ...] | None:
        """Return every name an expression can stand for, or None when one of them is unknown."""
        if shape is None or depth > _DEEPEST:
            return None
        match shape:
            case ("const", str(text)):
                return (text,) if text else None
            case ("name", str(name)):
                return self._named(source, function, name, depth)
            case ("attr", tuple(base), "value"):
                return self.of(source, function, base, depth + 1)
            case ("attr", tuple(base), str(name)):
                return self._attribute(source, function, base, name, depth)
            case ("either", tuple(choices)):
                return self._all(source, function, choices, depth)
            case ("format", tuple(parts)):
                return self._joined(source, function, parts, depth)
            case ("binary", "+", tuple(left), tuple(right)):
                return self._joined(source, function, (left, right), depth)
            case ("call", tuple(func), tuple(args), tuple(pairs)):
                return self._called(source, function, func, (args, dict(pairs)), depth)
        return None

    def _all(self, source: Source, function: int, shapes: Iterable[Shape], depth: int) -> tuple[str, ...] | None:
        found: dict[str, None] = {}
        for shape in shapes:
            names = self.of(source, function, shape, depth + 1)
            if names is None:
                return None
            found.update(dict.fromkeys(names))
        return tuple(found) or None

    def _joined(self, source: Source, function: int, parts: Iterable[Shape], depth: int) -> tuple[str, ...] | None:
        texts = [""]
        for part in parts:
            names = self.of(source, function, part, depth + 1) or ("*",)
            texts = [text + name for text in texts for name in names][:50]
        return None if any(not text.strip("*") for text in texts) else tuple(dict.fromkeys(texts))

    def _named(self, source: Source, function: int, name: str, depth: int) -> tuple[str, ...] | None:
        scope = function
        while scope > 0 and name not in source.names.get((scope, -1), {}):
            scope = source.facts.functions[scope].parent
        definitions = source.names.get((max(scope, 0), -1), {}).get(name, ())
        if len(definitions) != 1:
            return None
        only = definitions[0]
        if only.what == "binding":
            return self._bound(source, max(scope, 0), only.index, depth)
        if only.what == "parameter":
            return self._passed(source, scope, name, depth)
        if only.what == "import":
            row = source.facts.imports[only.index]
            target = self._project.modules.get(source.target(row))
            if target is not None and target is not source and row.name in target.names.get((0, -1), {}):
                return self._named(target, 0, row.name, depth + 1)
        return self.type_of(self._resolver.name(source, function, name))

    def _bound(self, source: Source, scope: int, index: int, depth: int) -> tuple[str, ...] | None:
        row = source.facts.bindings[index]
        if row.how == "=":
            return self.of(source, scope, row.value, depth + 1)
        match row.value:
            case ("display", _, tuple(elements)) if row.how == "for":
                return self._all(source, scope, elements, depth)
        return None

    def _attribute(self, source: Source, function: int, base: Shape, name: str, depth: int) -> tuple[str, ...] | None:
        value = self._resolver.value(source, function, base)
        if value is None:
            return None
        if value.kind == "module":
            target = self._project.modules.get(value.name)
            return None if target is None else self._named(target, 0, name, depth + 1)
        if value.kind in {"class", "instance"}:
            return self._class_text(value, name, depth) or self._self_text(value, name, depth)
        return self.type_of(self._resolver.attribute(value, name))

    def _class_text(self, value: Value, name: str, depth: int) -> tuple[str, ...] | None:
        for ancestor in self._resolver.ancestors(value):
            klass = self._project.classes.get(ancestor.name)
            for row in () if klass is None else klass.source.declared_in.get(klass.index, ()):
                if klass is not None and row.target == ("name", name):
                    return self._class_value(klass, row.value, depth)
        return None

    def _class_value(self, klass: ClassAt, shape: Shape | None, depth: int) -> tuple[str, ...] | None:
        """Read a class attribute: other attributes of the same class are written there without a prefix."""
        match shape:
            case ("name", str(other)) if other in klass.source.names.get((klass.record.function, klass.index), {}):
                return self._class_text(Value("class", klass.symbol), other, depth + 1) if depth < _DEEPEST else None
        return self.of(klass.source, klass.record.function, shape, depth + 1)

    def _self_text(self, value: Value, name: str, depth: int) -> tuple[str, ...] | None:
        """Read `self.x` where the class assigns it once."""
        rows = self._project.attributes.get((value.name, name), ())
        if len(rows) != 1:
            return None
        source, index = rows[0]
        row = source.facts.bindings[index]
        return self.of(source, row.function, row.value, depth + 1)

    def _called(
        self,
        source: Source,
        function: int,
        func: Shape,
        given: tuple[tuple[Shape, ...], dict[str, Shape]],
        depth: int,
    ) -> tuple[str, ...] | None:
        args, keywords = given
        value = self._resolver.value(source, function, func)
        if value is None:
            return None
        if value.name in _MADE:
            position = 0 if value.name == "kernel.new_event" else 1
            said = keywords.get("type_") or keywords.get("type") or (args[position] if len(args) > position else None)
            return self.of(source, function, said, depth + 1)
        if value.name in _TEXT and args:
            return self.of(source, function, args[0], depth + 1)
        if value.kind == "class":
            return self.type_of(value)
        found = self._graph.function_of(value)
        return None if found is None else self._returned(found, depth)

    def _returned(self, function: FunctionAt, depth: int) -> tuple[str, ...] | None:
        results = function.source.results_of.get(function.index, ())
        if not results or function.record.is_generator:
            return self._annotated(function)
        names = self._all(function.source, function.index, (row.value for row in results), depth)
        return names or self._annotated(function)

    def _annotated(self, function: FunctionAt) -> tuple[str, ...] | None:
        said = self._resolver.annotation(function.source, function.record.parent, function.record.returns)
        return self.type_of(said)

    def type_of(self, value: Value | None) -> tuple[str, ...] | None:
        """Return the name of an event class: what its `type` says, else the class itself."""
        if value is None or value.name not in self._project.classes or value.name in self._active:
            return None
        self._active.add(value.name)
        found = (self._class_text(value, attribute, 1) for attribute in _TYPE_ATTRIBUTES)
        names = next((each for each in found if each is not None), None)
        self._active.discard(value.name)
        if names is not None:
            return names
        return (value.last,) if self.is_event(value) else None

    def is_event(self, value: Value) -> bool:
        """Tell whether a class is an event's: built on the runtime's."""
        names = (ancestor.name for ancestor in self._resolver.ancestors(value))
        return any(name.startswith("kernel.") and name.rpartition(".")[2] in EVENT_CLASSES for name in names)

    def _passed(self, source: Source, function: int, name: str, depth: int) -> tuple[str, ...] | None:
        """Return what callers pass for a parameter; an annotation with an event class says it as well."""
        symbol = source.symbol(function)
        row = next(row for row in source.parameters_of[function] if row.name == name)
        said = self.type_of(self._resolver.annotation(source, 0, row.annotation))
        if said is not None:
            return said
        given = [self.given(call, symbol, name) for call in self.calls_to(symbol)]
        found: dict[str, None] = {}
        for call, shape in given:
            names = None if shape is None else self.of(call.source, call.record.function, shape, depth + 3)
            if names is None:
                return None
            found.update(dict.fromkeys(names))
        return tuple(found) or None

    def given(self, call: CallAt, symbol: str, name: str) -> tuple[CallAt, Shape | None]:
        """Return what a call passes for a parameter of the function it reaches: the default when nothing."""
        function = self._project.functions[symbol]
        keywords = dict(call.record.keywords)
        if name in keywords:
            return call, keywords[name]
        rows = [row for row in function.source.parameters_of[function.index] if row.kind == "positional"]
        is_method = function.record.owner >= 0 and ("name", "staticmethod") not in function.record.decorators
        named = [each.name for each in rows[1 if is_method else 0 :]]
        position = named.index(name) if name in named else -1
        args = call.record.args
        if 0 <= position < len(args) and not any(arg[0] == "star" for arg in args):
            return call, args[position]
        default = next((row.default for row in rows if row.name == name), None)
        return call, default

    def calls_to(self, symbol: str) -> list[CallAt]:
        """Return the calls that reach a function themselves."""
        if self._callers is None:
            self._callers = {}
            for call in self._graph.calls():
                for target in self._graph.reached(call):
                    if target.symbol and target.through is None:
                        self._callers.setdefault(target.symbol, []).append(call)
        return self._callers.get(symbol, [])


def covers(pattern: str, name: str) -> bool:
    """Tell whether a subscription's name takes an event's: both may hold `*` for what is unknown or meant as any."""
    if pattern == name or not set(pattern + name) & {"*", "#"} or len(pattern) + len(name) > _LONGEST:
        return pattern == name
    return _covers(pattern, name, 0, 0, {})


def _covers(left: str, right: str, i: int, j: int, known: dict[tuple[int, int], bool]) -> bool:
    """Match two patterns, each of which may hold wildcards, against each other."""
    if (i, j) in known:
        return known[i, j]
    if i == len(left) and j == len(right):
        return True
    found = False
    if i < len(left) and left[i] in "*#":
        found = _covers(left, right, i + 1, j, known) or (j < len(right) and _covers(left, right, i, j + 1, known))
    if not found and j < len(right) and right[j] in "*#":
        found = _covers(left, right, i, j + 1, known) or (i < len(left) and _covers(left, right, i + 1, j, known))
    if not found and i < len(left) and j < len(right) and left[i] == right[j]:
        found = _covers(left, right, i + 1, j + 1, known)
    known[i, j] = found
    return found
