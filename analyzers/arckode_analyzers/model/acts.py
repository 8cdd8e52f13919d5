"""What a program does with events, jobs, sockets and the schema: every such call with its meaning, name and handler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.model.event_names import EventNames
from arckode_analyzers.model.project import FunctionAt, is_judged
from arckode_analyzers.model.vocabulary import CALLS, SYNC, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.calls import CallAt, CallGraph
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value
    from arckode_analyzers.model.vocabulary import Kind

_NAMES = ("type", "type_", "name", "event", "event_type", "job", "pattern")
_HANDLERS = ("handler", "callback", "job", "hook")
_MAKES_TABLES = "create_all"
_MODEL_BASES = frozenset(
    {"kernel.Entity", "sqlalchemy.declarative_base"}
    | {f"sqlalchemy.{name}" for name in ("DeclarativeBase", "DeclarativeBaseNoMeta", "SQLModel")}
)


@dataclass(frozen=True, slots=True)
class Act:
    """A call with a meaning; `names` is None when nothing is known of the name."""

    call: CallAt
    word: Word
    names: tuple[str, ...] | None
    handler: FunctionAt | None

    @property
    def kind(self) -> Kind:
        return self.word.kind


class Acts:
    """Every act of the judged files, in order of path and line."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph
        self.names = EventNames(graph)
        calls = ((call, self.word(call)) for call in graph.calls() if is_judged(call.source))
        self.all = tuple(self._act(call, word) for call, word in calls if word is not None)
        self.at = {act.call.key: act for act in self.all}

    def of(self, *kinds: Kind) -> tuple[Act, ...]:
        return tuple(act for act in self.all if act.kind in kinds)

    def word(self, call: CallAt) -> Word | None:
        """Return what a call does, also through a subclass of the project's own."""
        value = self._graph.callee(call)
        if self._makes_tables(call, value):
            return SYNC
        if value is None:
            return None
        if value.kind in {"method", "external"}:
            return CALLS.get(value.name)
        if value.kind != "function" or value.of is None:
            return None
        known = (CALLS.get(f"{each.name}.{value.last}") for each in self._graph.resolver.ancestors(value.of))
        return next((word for word in known if word is not None), None)

    def _makes_tables(self, call: CallAt, value: Value | None) -> bool:
        """Tell whether a call is `Base.metadata.create_all`, or hands it to `run_sync`."""
        func = call.record.func
        if func[0] == "attr" and func[-1] == "run_sync" and call.record.args:
            func = call.record.args[0]
            value = self._graph.resolver.value(call.source, call.record.function, func)
        match func:
            case ("attr", tuple(owner), str(name)) if name == _MAKES_TABLES:
                return (value is not None and CALLS.get(value.name) == SYNC) or self._is_metadata(call, owner)
        return False

    def _is_metadata(self, call: CallAt, owner: Shape) -> bool:
        match owner:
            case ("attr", tuple(base), "metadata"):
                resolver = self._graph.resolver
                klass = resolver.value(call.source, call.record.function, base)
                return klass is not None and any(each.name in _MODEL_BASES for each in resolver.ancestors(klass))
        return False

    def _act(self, call: CallAt, word: Word) -> Act:
        record, keywords = call.record, dict(call.record.keywords)
        name = _given(record.args, keywords, word.name, _NAMES)
        names = None if name is None else self.names.of(call.source, record.function, name)
        return Act(call, word, names, self._handler(call, word, keywords))

    def _handler(self, call: CallAt, word: Word, keywords: dict[str, Shape]) -> FunctionAt | None:
        if word.handler < 0:
            return None
        shape = _given(call.record.args, keywords, word.handler, _HANDLERS)
        if shape is None:
            return decorated(call)
        value = self._graph.resolver.value(call.source, call.record.function, shape)
        return None if value is None else self._graph.function_of(value)


def _given(args: tuple[Shape, ...], keywords: dict[str, Shape], position: int, names: tuple[str, ...]) -> Shape | None:
    if 0 <= position < len(args):
        return args[position]
    return next((keywords[name] for name in names if name in keywords), None) if position >= 0 else None


def decorated(call: CallAt) -> FunctionAt | None:
    """Return the function that a call decorates."""
    functions = call.source.facts.functions
    later = (index for index, row in enumerate(functions) if row.line >= call.record.line and row.parent >= 0)
    nearest = next(later, None)
    if nearest is None or call.record.shape not in functions[nearest].decorators:
        return None
    return FunctionAt(call.source, nearest)


def running(graph: CallGraph, acts: Acts, handlers: Iterator[FunctionAt]) -> dict[str, tuple[CallAt, ...]]:
    """Return every function that runs once requests are served, with a shortest way there."""
    ways: dict[str, tuple[CallAt, ...]] = {}
    served = [act.handler for act in acts.of("subscribe", "register", "schedule") if act.handler is not None]
    level = dict.fromkeys((*(each.symbol for each in handlers), *(each.symbol for each in served)))
    ways.update(dict.fromkeys(level, ()))
    while level:
        following: dict[str, None] = {}
        for symbol in level:
            function = graph.project.functions[symbol]
            for call in calls_in(function.source, function.index):
                for target in graph.reached(call):
                    if target.symbol and target.symbol not in ways:
                        ways[target.symbol] = (*ways[symbol], call)
                        following[target.symbol] = None
        level = following
    return ways


def calls_in(source: Source, function: int) -> Iterator[CallAt]:
    """Yield the calls written in a function, in source order."""
    return (source.call(at) for at in source.numbers_of.get(function, ()))
