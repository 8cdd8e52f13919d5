"""Who calls whom, as far as types say: the call graph that effects climb.

A method of a protocol leads to every implementation that callers, ports or subclasses put behind it. A function passed
as an argument is called by the call that passes it, when the callee calls that parameter.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from arckode_analyzers.model.constants import tabled
from arckode_analyzers.model.django_rows import refines
from arckode_analyzers.model.evaluated import evaluated
from arckode_analyzers.model.implied import Implied
from arckode_analyzers.model.library import SAYS_NOTHING
from arckode_analyzers.model.sinks import LOOK_UPS, Effect, effect
from arckode_analyzers.model.takers import taker
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arckode_analyzers.facts.records import Call, Parameter
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.effects import Edges
    from arckode_analyzers.model.project import FunctionAt, Project
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source

# A parameter of a function, and what a call passes for it.
_Match: TypeAlias = "tuple[str, Parameter, Value | None]"
_ROUNDS = 12
_SEVERAL = 2
_CALL_THEIR_ARGUMENTS = frozenset(
    {
        "builtins.map",
        "builtins.filter",
        "functools.reduce",
        "itertools.starmap",
        "asyncio.to_thread",
        "anyio.to_thread.run_sync",
        "starlette.concurrency.run_in_threadpool",
        "fastapi.concurrency.run_in_threadpool",
    }
)
# What these start runs a function that is handed over, whoever the object belongs to: task groups and executors.
# A job put into a queue or a scheduler is not among them: it runs on its own, later.
_START = frozenset({"start_soon", "run_in_executor", "run_in_threadpool", "call_soon", "submit"})
_MAPPED: tuple[Shape, ...] = (
    *(("name", name) for name in ("map", "filter", "starmap")),
    ("attr", ("name", "itertools"), "starmap"),
)
_KEYED = frozenset({"builtins.sorted", "builtins.min", "builtins.max", "itertools.groupby"})
_MAPS = frozenset({"builtins.map", "builtins.filter", "itertools.starmap"})


class CallAt:
    """A call and the file it is in; `Source.call` holds the one object for each.

    `value` is what is called and `targets` what that reaches, once the graph knows.
    """

    __slots__ = ("at", "record", "source", "targets", "value")

    def __init__(self, source: Source, at: int, record: Call) -> None:
        self.source = source
        self.at = at
        self.record = record
        self.value: Value | None = None
        self.targets: tuple[Target, ...] = ()

    @property
    def caller(self) -> str:
        return self.source.symbol(self.record.function)

    @property
    def key(self) -> tuple[str, int]:
        return (self.source.path, self.at)


class Target(NamedTuple):
    """What a call reaches: a function of the project, or a library's method with its effect.

    `through` is the call inside the callee that runs a function it was given.
    """

    symbol: str = ""
    effect: Effect = Effect.NONE
    owner: str = ""
    method: str = ""
    through: CallAt | None = None

    @property
    def label(self) -> str:
        if self.symbol:
            return ".".join(self.symbol.rsplit(".", 2)[-2:])
        return f"{self.owner.rpartition('.')[2]}.{self.method}"


def is_mapping(value: Value | None) -> bool:
    """Tell whether calling this runs its first argument for every member of the second."""
    if value is None:
        return False
    return value.name in _MAPS or (value.last == "map" and value.name.startswith("concurrent.futures."))


def key_of(call: Call, value: Value | None) -> Shape | None:
    """Return the function that sorting runs for every member: `sorted(rows, key=f)`."""
    if value is None or not call.keywords or (value.name not in _KEYED and value.last != "sort"):
        return None
    return next((shape for name, shape in call.keywords if name == "key"), None)


def mapped_over(call: Call, value: Value | None) -> tuple[Shape, ...]:
    """Return what `map`, `filter` or a sort with a key runs through; nothing when a call is none of them."""
    if is_mapping(value):
        return call.args[1:]
    if key_of(call, value) is None:
        return ()
    func = call.func
    return (func[1],) if func[0] == "attr" and func[2] == "sort" and isinstance(func[1], tuple) else call.args[:1]


def says_nothing(value: Value | None) -> bool:
    """Tell whether nothing is known of a value, or only that it belongs to something typed `Any`."""
    if value is None or value.name in SAYS_NOTHING:
        return True
    return value.of is not None and value.of.name in SAYS_NOTHING


class CallGraph:
    """Every call with what it reaches; `unresolved` counts the ones nothing is known about."""

    def __init__(self, project: Project, resolver: Resolver) -> None:
        self.project = project
        self.resolver = resolver
        self.implementations: dict[str, dict[Value, None]] = {}
        self._with_stubs: dict[str, bool] = {}
        self._evaluated: dict[str, frozenset[tuple[int, Shape]]] = {}
        self._inherit()
        self._parameters_called = self._find_called_parameters()
        self._imply()
        pending = [*self.calls(), *self.implied()]
        self.total = sum(len(source.facts.calls) for source in self.sources())
        for _ in range(_ROUNDS):
            before = self._learnt()
            pending = [call for call in pending if self._is_open(call)]
            if self._learnt() == before:
                break
            resolver.forget()
        self.unresolved = sum(says_nothing(self.callee(call)) for call in self.calls())

    def sources(self) -> Iterator[Source]:
        """Yield the files whose calls matter: the runtime's own are known from tables."""
        return (source for source in self.project.sources.values() if "kernel" not in source.layers)

    def calls(self) -> Iterator[CallAt]:
        for source in self.sources():
            yield from source.written_calls

    def implied(self) -> Iterator[CallAt]:
        """Yield the calls that nobody wrote as one: a property that is read, `rows[key]`, `key in rows`."""
        for source in self.sources():
            yield from source.implied_calls

    @cached_property
    def edges(self) -> Edges:
        """The calls that effects climb along."""
        from arckode_analyzers.model.effects import (
            edges_of,  # which knows what is remembered, and this module's classes
        )

        return edges_of(self)

    def _imply(self) -> None:
        methods = Implied(self.project)
        for source in self.sources():
            source.imply(methods.calls(source))

    def reached(self, call: CallAt) -> tuple[Target, ...]:
        return call.targets

    def callee(self, call: CallAt) -> Value | None:
        """Return what is being called."""
        return call.value

    def _learnt(self) -> int:
        return len(self.resolver.learned) + sum(map(len, self.implementations.values()))

    def _is_open(self, call: CallAt) -> bool:
        """Resolve a call as far as is known; tell whether learning more could change the answer."""
        doubts = self.resolver.doubts
        return self._resolve(call) and self.resolver.doubts != doubts

    def _resolve(self, call: CallAt) -> bool:
        """Resolve a call as far as is known; tell whether something about it is not."""
        record = call.record
        if call.at < len(call.source.facts.calls):
            value = self.resolver.value(call.source, record.function, record.func)
            if says_nothing(value):
                value = taker(self.resolver, call.source, record.function, record.func, record.args) or value
        else:
            value = self._operator(call)
        call.value = value
        matched = () if value is None else tuple(self._matched(call, value))
        targets = tuple(self._targets(call, value, matched))
        call.targets = targets if len(targets) < _SEVERAL else tuple(dict.fromkeys(targets))
        if value is None:
            return True
        self._learn(call, value, matched)
        if says_nothing(value) or self._is_stub(value):
            return True
        value_of, source, function = self.resolver.value, call.source, record.function
        for shape in record.args:
            if says_nothing(value_of(source, function, shape)):
                return True
        if not record.keywords:
            return False
        return any(says_nothing(value_of(source, function, shape)) for _, shape in record.keywords)

    def _operator(self, call: CallAt) -> Value | None:
        """Return the method behind a property or an operator."""
        match call.record.func:
            case ("attr", tuple(base), str(name)):
                owner = self.resolver.value(call.source, call.record.function, base)
                return None if owner is None or owner.kind != "instance" else self.resolver.method(owner, name)
        return None

    def _is_stub(self, value: Value) -> bool:
        function = self.project.functions.get(value.name)
        return function is not None and function.record.is_stub

    # What a value leads to

    def _targets(self, call: CallAt, value: Value | None, matched: Iterable[_Match]) -> Iterator[Target]:
        if call.record.func[0] in {"item", "call"}:
            yield from self._chosen(call)
        key = key_of(call.record, value)
        if key is not None:
            yield from (target._replace(through=call) for target in self._leads(self._argument(call, key)))
        if self._starts(call, value):
            for argument in self._arguments(call):
                if argument is not None and argument.kind != "instance":
                    yield from (target._replace(through=call) for target in self._leads(argument))
            return
        if value is None:
            return
        if value.kind == "method" and value.of is not None and refines(value.of, value.last) and self._runs_out(call):
            yield Target("", Effect.QUERIES, value.of.name, value.last)
        yield from self._leads(value)
        yield from self._handed_over(matched)

    def _runs_out(self, call: CallAt) -> bool:
        """Tell whether a loop or a collection runs through what a call gives."""
        known = self._evaluated.get(call.source.path)
        if known is None:
            known = self._evaluated[call.source.path] = evaluated(call.source)
        return (call.record.function, call.record.shape) in known

    def _chosen(self, call: CallAt) -> Iterator[Target]:
        """Yield what a call picks from a table of functions: `ACTIONS[name](row)`, `ACTIONS.get(name)(row)`."""
        match call.record.func:
            case ("item", tuple(table), tuple(key)) if key[0] != "slice":
                pass
            case ("call", ("attr", tuple(table), "get"), _, _):
                pass
            case _:
                return
        for source, function, shape in tabled(self.resolver, call.source, call.record.function, table):
            value = self.resolver.value(source, function, shape)
            if value is not None and value.kind in {"function", "class", "method"}:
                yield from self._leads(value)

    def _starts(self, call: CallAt, value: Value | None) -> bool:
        """Tell whether a call runs the functions among its arguments."""
        if value is not None and value.kind == "external" and value.name in _CALL_THEIR_ARGUMENTS:
            return True
        func = call.record.func
        known = value is None or value.kind == "method"
        return known and func[0] == "attr" and (func[2] in _START or (func[2] == "map" and is_mapping(value)))

    def _leads(self, value: Value | None, seen: set[str] | None = None) -> Iterator[Target]:
        """Yield what calling a value runs; `seen` keeps interfaces that implement each other from going round."""
        seen = set() if seen is None else seen
        if value is None or value.name in seen:
            return
        seen.add(value.name)
        if value.kind == "function":
            yield from self._function(value, seen)
        elif value.kind == "class":
            yield from self._constructor(value)
        elif value.kind == "method" and value.of is not None:
            yield Target("", effect(value.of.name, value.last), value.of.name, value.last)
        elif value.kind == "external" and value.name in LOOK_UPS:
            yield Target("", Effect.QUERIES, value.name.rpartition(".")[0], value.last)
        elif value.kind == "instance" and value.name in self.project.classes:
            yield from self._leads(self.resolver.attribute(value, "__call__"), seen)

    def _function(self, value: Value, seen: set[str]) -> Iterator[Target]:
        function = self.project.functions.get(value.name)
        if function is None:
            return
        if not function.record.is_stub or function.record.owner < 0:
            yield Target(value.name)
            yield from map(Target, self._wrappers(function))
            return
        owner = function.source.class_symbols[function.record.owner]
        self.resolver.doubts += 1  # a call may still put something else behind it
        for implementation in self.implementations.get(owner, ()):
            found = self.resolver.attribute(implementation, function.record.name)
            if found is not None and found.name != value.name:
                yield from self._leads(found, seen)

    def _wrappers(self, function: FunctionAt) -> Iterator[str]:
        """Yield what the project's own decorators run in place of a function: the functions they return."""
        for shape in function.record.decorators:
            decorator = self.resolver.value(function.source, function.record.parent, shape)
            found = None if decorator is None else self.project.functions.get(decorator.name)
            if decorator is None or decorator.kind != "function" or found is None:
                continue
            for row in found.source.results_of.get(found.index, ()):
                wrapper = self.resolver.value(found.source, found.index, row.value)
                if wrapper is not None and wrapper.kind == "function" and wrapper.name.startswith(f"{decorator.name}."):
                    yield wrapper.name

    def _constructor(self, value: Value) -> Iterator[Target]:
        for name in ("__init__", "__post_init__"):
            found = self.resolver.attribute(value, name) if value.name in self.project.classes else None
            if found is not None and found.name in self.project.functions:
                yield Target(found.name)

    # Functions handed to functions

    def _find_called_parameters(self) -> dict[tuple[str, str], CallAt]:
        """Index the parameters that a function, or one nested in it, calls."""
        found: dict[tuple[str, str], CallAt] = {}
        for call in self.calls():
            match self._runs(call):
                case ("name", str(name)):
                    function = call.record.function
                    while function > 0:
                        if any(row.name == name for row in call.source.parameters_of.get(function, ())):
                            found.setdefault((call.source.symbol(function), name), call)
                        function = call.source.facts.functions[function].parent
        return found

    def _runs(self, call: CallAt) -> Shape:
        """Return what a call runs: what it calls, or for `map` what it is handed."""
        record = call.record
        if record.func in _MAPPED and record.args:
            return record.args[0]
        return record.func

    def _handed_over(self, matched: Iterable[_Match]) -> Iterator[Target]:
        for symbol, parameter, argument in matched:
            through = self._parameters_called.get((symbol, parameter.name))
            if through is not None and argument is not None and argument.kind in {"function", "method"}:
                yield from (target._replace(through=through) for target in self._leads(argument))

    # What callers pass

    def _arguments(self, call: CallAt) -> list[Value | None]:
        return [self._argument(call, shape) for shape in call.record.args]

    def _argument(self, call: CallAt, shape: Shape) -> Value | None:
        return self.resolver.value(call.source, call.record.function, shape)

    def _matched(self, call: CallAt, value: Value) -> Iterator[_Match]:
        """Pair the arguments of a call with the parameters of the project's function it reaches."""
        record = call.record
        given = record.args
        if value.name == "functools.partial" and given:
            inner = self._argument(call, given[0])
            value, given = (value if inner is None else inner), given[1:]
        function = self.function_of(value)
        if function is None:
            return
        parameters = function.source.parameters_of.get(function.index, ())
        bound = value.kind in {"class", "instance"} or (value.of is not None and value.of.kind == "instance")
        bound = bound or ("name", "classmethod") in function.record.decorators
        static = ("name", "staticmethod") in function.record.decorators
        positional = [row for row in parameters if row.kind == "positional"][1 if bound and not static else 0 :]
        pairs = [*zip(positional, given, strict=False)]
        by_name = {row.name: row for row in parameters if row.kind != "rest"}
        pairs += [(by_name[name], shape) for name, shape in record.keywords if name in by_name]
        for parameter, shape in pairs:
            yield function.symbol, parameter, self.resolver.value(call.source, record.function, shape)

    def function_of(self, value: Value) -> FunctionAt | None:
        """Return the project's function that calling a value runs."""
        if value.kind == "function":
            return self.project.functions.get(value.name)
        if value.kind in {"class", "instance"} and value.name in self.project.classes:
            name = "__init__" if value.kind == "class" else "__call__"
            found = self.resolver.attribute(value, name)
            return None if found is None else self.project.functions.get(found.name)
        return None

    def _learn(self, call: CallAt, value: Value, matched: Iterable[_Match]) -> None:
        if value.name == "kernel.Port.connect" and value.of is not None and value.of.args:
            for argument in self._arguments(call)[:1]:
                self._implement(value.of.args[0].name, argument)
        for symbol, parameter, argument in matched:
            if argument is None or argument.name in SAYS_NOTHING or argument.kind in {"module", "external"}:
                continue
            source = self.project.functions[symbol].source
            said = self.resolver.annotation(source, 0, parameter.annotation)
            if argument.kind in {"function", "method"} and (symbol, parameter.name) in self._parameters_called:
                continue
            if said is None or said.name in SAYS_NOTHING:
                self.resolver.learned.setdefault((symbol, parameter.name), argument)
            elif said.kind == "instance":
                self._implement(said.name, argument)

    def _implement(self, interface: str, argument: Value | None) -> None:
        if argument is None or argument.kind != "instance" or argument.name == interface:
            return
        if interface in self.project.classes and self._has_stubs(interface):
            self.implementations.setdefault(interface, {}).setdefault(argument)

    def _has_stubs(self, symbol: str) -> bool:
        known = self._with_stubs.get(symbol)
        if known is None:
            methods = self.project.methods(self.project.classes[symbol])
            known = self._with_stubs[symbol] = any(method.record.is_stub for _, method in methods)
        return known

    def _inherit(self) -> None:
        self.resolver.descendants("")
        self.resolver.relations.find()
        for symbol in self.project.classes:
            value = Value("instance", symbol)
            for ancestor in self.resolver.ancestors(value):
                self._implement(ancestor.name, value)
