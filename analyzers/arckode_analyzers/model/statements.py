"""SQLAlchemy statements as the steps they are built from, through names, branches and helpers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.model.calls import says_nothing
from arckode_analyzers.model.sinks import words
from arckode_analyzers.model.takers import taker

if TYPE_CHECKING:
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_STARTS = words("sqlalchemy.select sqlalchemy.insert sqlalchemy.update sqlalchemy.delete")
_EXECUTES = words("execute scalars exec stream stream_scalars")
# What ends a query without giving its rows: after these there is nothing left to build.
_ENDS = words("first one one_or_none scalar scalar_one scalar_one_or_none get count delete update exists")
_ALL_ROWS = words("all fetchall scalars unique mappings tuples columns")
_SAME_ROWS = words("list tuple set sorted reversed enumerate")
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One method called on the way, in the file and function where that is written."""

    method: str
    args: tuple[Shape, ...]
    keywords: tuple[tuple[str, Shape], ...]
    source: Source
    function: int


@dataclass(frozen=True, slots=True)
class Statement:
    """`kind` is select, insert, update, delete or query; the first step is the start itself."""

    kind: str
    steps: tuple[Step, ...]
    session: Value | None = None

    def called(self, *methods: str) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.method in methods)


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of a statement, the session that read them and where that is written."""

    statement: Statement
    session: Value
    source: Source
    function: int
    shape: Shape


class _Called(NamedTuple):
    """A call that may be a step of a statement: most are not."""

    source: Source
    function: int
    func: Shape
    args: tuple[Shape, ...]
    pairs: tuple[tuple[str, Shape], ...]

    @property
    def step(self) -> Step:
        return Step(str(self.func[-1]), self.args, self.pairs, self.source, self.function)


class Statements:
    """Reads statements; what is not certainly one is None."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._known: dict[tuple[Source, int, int], Statement | None] = {}
        self._read: dict[tuple[Source, int, int], Rows | None] = {}
        self._answered: dict[tuple[str, int], Rows | None] = {}
        self._built: dict[str, Statement | None] = {}
        self._held: list[Shape] = []

    def of(self, source: Source, function: int, shape: Shape) -> Statement | None:
        """Return the statement an expression stands for."""
        found = self._whole(source, function, shape)
        return found if found is not None and found.kind != "itself" else None

    def _whole(self, source: Source, function: int, shape: Shape) -> Statement | None:
        """Return what an expression says that is not read as a part of another one; each is read once."""
        key = (source, function, id(shape))
        if key not in self._known:
            self._held.append(shape)
            self._known[key] = self._of(source, function, shape, ())
        return self._known[key]

    def _of(self, source: Source, function: int, shape: Shape, names: tuple[str, ...]) -> Statement | None:
        if len(names) > _DEEPEST:
            return None
        match shape:
            case ("call", tuple(func), tuple(args), tuple(pairs)):
                return self._call(_Called(source, function, func, args, pairs), names)
            case ("name", str(name)):
                return self._named(source, function, name, names)
            case ("either", tuple(choices)):
                found = [self._of(source, function, choice, names) for choice in choices]
                return _joined(found)
        return None

    def _call(self, called: _Called, names: tuple[str, ...]) -> Statement | None:
        source, function, func, args, _ = called
        value = self._analysis.value(source, function, func)
        if func[-1] == "query" and says_nothing(value):
            value = taker(self._analysis.resolver, source, function, func, args) or value
        if value is not None and value.name in _STARTS and value.kind == "external":
            return Statement(value.last, (called.step,))
        if value is not None and value.kind == "method" and value.last == "query" and value.of is not None:
            is_session = value.of.last.endswith(("Session", "session"))
            return Statement("query", (called.step,), value.of) if is_session else None
        if func[0] == "attr" and isinstance(func[1], tuple):
            inner = self._of(source, function, func[1], names) if names else self._whole(source, function, func[1])
            if inner is not None and inner.kind == "query" and func[2] in _ENDS:
                return None
            if inner is not None:
                return replace(inner, steps=(*inner.steps, called.step))
        return self._helper(value, names)

    def _helper(self, value: Value | None, names: tuple[str, ...]) -> Statement | None:
        """Return what a function of the project builds, when every way through it builds a statement."""
        found = None if value is None or value.kind != "function" else self._analysis.project.functions.get(value.name)
        if found is None or found.record.is_stub or found.record.is_generator or found.symbol in names:
            return None
        if not names and found.symbol in self._built:
            return self._built[found.symbol]
        results = found.source.results_of.get(found.index, ())
        built = [self._of(found.source, found.index, row.value, (*names, found.symbol)) for row in results]
        made = _joined(built) if built else None
        if not names:
            self._built[found.symbol] = made
        return made

    def _named(self, source: Source, function: int, name: str, names: tuple[str, ...]) -> Statement | None:
        if name in names:
            return Statement("itself", ())
        definitions = source.names.get((function, -1), {}).get(name, ())
        if not definitions or any(each.what != "binding" for each in definitions):
            return None
        rows = [source.facts.bindings[each.index] for each in definitions]
        if any(row.how != "=" or row.value is None for row in rows):
            return None
        built = [self._of(source, function, row.value, (*names, name)) for row in rows if row.value is not None]
        return _joined(built)

    def executed(self, source: Source, function: int, shape: Shape) -> tuple[Statement, Value] | None:
        """Return the statement a call runs and the session that runs it."""
        match shape:
            case ("call", tuple(func), (tuple(statement), *_), _) if func[0] == "attr" and func[2] in _EXECUTES:
                session = self._session(source, function, func, statement)
                found = None if session is None else self.of(source, function, statement)
                return None if found is None or session is None else (found, session)
        return None

    def _session(self, source: Source, function: int, func: Shape, statement: Shape) -> Value | None:
        """Return the session that a method belongs to, by its type or by the statement that it is given."""
        base = self._analysis.value(source, function, func[1]) if isinstance(func[1], tuple) else None
        if base is not None and _is_session(self._analysis, base):
            return base
        is_unknown = says_nothing(self._analysis.value(source, function, func))
        taken = taker(self._analysis.resolver, source, function, func, (statement,)) if is_unknown else None
        return None if taken is None else taken.of

    def rows(self, source: Source, function: int, shape: Shape, depth: int = 0) -> Rows | None:
        """Return what an expression reads, when it stands for all rows of one statement."""
        if depth > _DEEPEST:
            return None
        if depth:
            return self._rows(source, function, shape, depth)
        key = (source, function, id(shape))
        if key not in self._read:
            self._held.append(shape)
            self._read[key] = self._rows(source, function, shape, 0)
        return self._read[key]

    def _rows(self, source: Source, function: int, shape: Shape, depth: int) -> Rows | None:
        run = self.executed(source, function, shape)
        if run is not None:
            return Rows(run[0], run[1], source, function, shape)
        query = self.of(source, function, shape)
        if query is not None and query.kind == "query" and query.session is not None:
            return Rows(query, query.session, source, function, shape)
        match shape:
            case ("call", ("attr", tuple(base), str(method)), _, _) if method in _ALL_ROWS:
                return self.rows(source, function, base, depth + 1)
            case ("call", ("name", str(name)), (tuple(first), *_), _) if name in _SAME_ROWS:
                return self.rows(source, function, first, depth + 1)
            case ("name", str(name)):
                return self._named_rows(source, function, name, depth)
            case ("call", tuple(func), _, _):
                value = self._analysis.value(source, function, func)
                return self._helper_rows(value, depth)
        return None

    def _named_rows(self, source: Source, function: int, name: str, depth: int) -> Rows | None:
        definitions = source.names.get((function, -1), {}).get(name, ())
        if len(definitions) != 1 or definitions[0].what != "binding":
            return None
        row = source.facts.bindings[definitions[0].index]
        is_given = row.how == "=" and row.value is not None
        return self.rows(source, function, row.value, depth + 1) if is_given and row.value is not None else None

    def _helper_rows(self, value: Value | None, depth: int) -> Rows | None:
        found = None if value is None or value.kind != "function" else self._analysis.project.functions.get(value.name)
        if found is None or found.record.is_generator:
            return None
        key = (found.symbol, depth)
        if key not in self._answered:
            results = found.source.results_of.get(found.index, ())
            only = results[0].value if len(results) == 1 else None
            answered = None if only is None else self.rows(found.source, found.index, only, depth + 1)
            self._answered[key] = answered
        return self._answered[key]

    def model(self, statement: Statement) -> Value | None:
        """Return the only class a statement is about, when it names one."""
        start = statement.steps[0] if statement.steps else None
        if start is None or not start.args:
            return None
        values = [self._analysis.value(start.source, start.function, shape) for shape in start.args]
        only = values[0]
        return only if len(values) == 1 and only is not None and only.kind == "class" else None


def _is_session(analysis: Analysis, value: Value) -> bool:
    names = {ancestor.name for ancestor in analysis.resolver.ancestors(value)}
    return any(name.startswith("sqlalchemy.") and name.lower().endswith(("session", "connection")) for name in names)


def _joined(built: list[Statement | None]) -> Statement | None:
    """Return one statement with the steps of all: a name is given a statement, then its extensions."""
    known = [each for each in built if each is not None]
    kinds = {each.kind for each in known} - {"itself"}
    if len(known) != len(built) or len(kinds) != 1:
        return None
    first = next(each for each in known if each.kind != "itself")
    starts = [each for each in known if each.kind != "itself"]
    if len({each.steps[0].args for each in starts}) > 1:
        return None
    steps = [step for each in known for step in each.steps]
    return Statement(first.kind, tuple(dict.fromkeys((first.steps[0], *steps))), first.session)
