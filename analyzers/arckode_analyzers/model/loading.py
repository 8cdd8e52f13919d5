"""Which relationships the rows of a query bring along, and which ones load themselves when they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import Shape, within
from arckode_analyzers.model.sinks import REPOSITORIES, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.columns import Model, Relation
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.statements import Rows, Statement

_LOADERS = words(
    "selectinload joinedload subqueryload contains_eager immediateload defaultload lazyload load_only defer undefer"
    " with_loader_criteria selectin_polymorphic"
)
_LAZY = frozenset({"select", "True"})
_ONE = words("first one one_or_none scalar_one scalar_one_or_none")
_READS = frozenset({"find_many", "find_by_id", "find_one"})
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows of a model: many or one, where they were read, what came along, and whether they can still load more.

    `shared` are the columns that the query holds to one value: what they refer to is the same row for all of them.
    `closing` is the block of the reading `function` that ends the session, -1 when there is none.
    """

    model: Model
    many: bool
    eager: frozenset[str]
    shared: frozenset[str]
    is_async: bool
    is_detached: bool
    source: Source
    function: int
    line: int
    closing: int = -1

    def lazy(self, name: str) -> Relation | None:
        """Return a relationship that reading it would have to load."""
        relation = self.model.relations.get(name)
        if relation is None or relation.lazy not in _LAZY or name in self.eager or "*" in self.eager:
            return None
        if f"{name}_id" in self.shared and self.many and not (self.is_async or self.is_detached):
            return None
        return relation


class Loading:
    """Answers for one expression at a time; what nobody can know is None."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._answered: dict[tuple[str, int], Loaded | None] = {}

    def of(self, source: Source, function: int, shape: Shape, depth: int = 0) -> Loaded | None:
        """Return the rows an expression stands for, through names, helpers and what callers pass."""
        if depth > _DEEPEST:
            return None
        rows = self._analysis.statements.rows(source, function, shape)
        if rows is not None:
            return self._loaded(rows, many=True)
        match shape:
            case ("call", ("attr", _, _), _, _):
                found = self._read(source, function, shape)
                return found or self._helper(source, function, shape, depth)
            case ("call", _, _, _):
                return self._helper(source, function, shape, depth)
            case ("name", str(name)):
                return self._named(source, function, name, depth)
        return None

    def _read(self, source: Source, function: int, shape: Shape) -> Loaded | None:
        match shape:
            case ("call", ("attr", tuple(base), "scalar"), tuple(args), _):
                rows = self._analysis.statements.rows(source, function, ("call", ("attr", base, "scalars"), args, ()))
                return None if rows is None else self._loaded(rows, many=False)
            case ("call", ("attr", tuple(base), str(method)), _, _) if method in _ONE:
                rows = self._analysis.statements.rows(source, function, base)
                return None if rows is None else self._loaded(rows, many=False)
            case ("call", ("attr", tuple(base), "get" | "get_one" as method), (tuple(entity), *_), tuple(pairs)):
                return self._by_key(source, function, (base, str(method)), entity, dict(pairs).get("options"))
            case ("call", ("attr", tuple(base), str(method)), _, _) if method in _READS:
                return self._by_repository(source, function, base, method)
        return None

    def _by_key(
        self, source: Source, function: int, called: tuple[Shape, str], entity: Shape, options: Shape | None
    ) -> Loaded | None:
        base, method = called
        session = self._analysis.value(source, function, base)
        if session is None or not session.last.lower().endswith("session"):
            return None
        model = self._analysis.columns.of(self._analysis.value(source, function, entity))
        eager = frozenset[str]() if options is None else self._options(source, function, (options,))
        if model is None or eager is None or not self._analysis.arguments.is_certain(source, function, entity):
            return None
        record = next((call for call in source.calls_of.get(function, ()) if call.func == ("attr", base, method)), None)
        closing = -1 if record is None else self.ending(source, function, record.blocks)
        line = source.facts.functions[function].line if record is None else record.line
        is_async = session.last.startswith(("Async", "async"))
        return Loaded(
            model,
            many=False,
            eager=eager,
            shared=frozenset(),
            is_async=is_async,
            is_detached=closing >= 0,
            source=source,
            function=function,
            line=line,
            closing=closing,
        )

    def _by_repository(self, source: Source, function: int, base: Shape, method: str) -> Loaded | None:
        """Return what a repository of the runtime answers: rows that belong to no session any more."""
        value = self._analysis.value(source, function, ("attr", base, method))
        if value is None or value.kind != "method" or value.of is None or value.of.last not in REPOSITORIES:
            return None
        model = self._analysis.columns.of(value.of.args[0]) if value.of.args else None
        line = source.facts.functions[function].line
        if model is None:
            return None
        return Loaded(
            model,
            many=method == "find_many",
            eager=frozenset(),
            shared=frozenset(),
            is_async=True,
            is_detached=True,
            source=source,
            function=-1,
            line=line,
        )

    def _helper(self, source: Source, function: int, shape: Shape, depth: int) -> Loaded | None:
        value = self._analysis.value(source, function, shape[1]) if isinstance(shape[1], tuple) else None
        found = None if value is None or value.kind != "function" else self._analysis.project.functions.get(value.name)
        if found is None or found.record.is_generator or "kernel" in found.source.layers:
            return None
        key = (found.symbol, depth)
        if key not in self._answered:
            results = [row for row in found.source.results_of.get(found.index, ()) if row.value != ("const", None)]
            loaded = [self.of(found.source, found.index, row.value, depth + 1) for row in results]
            self._answered[key] = loaded[0] if len(loaded) == 1 else None
        return self._answered[key]

    def _named(self, source: Source, function: int, name: str, depth: int) -> Loaded | None:
        definitions = source.names.get((function, -1), {}).get(name, ())
        if len(definitions) != 1 or definitions[0].what != "binding":
            return None
        row = source.facts.bindings[definitions[0].index]
        if row.how != "=" or row.value is None:
            return None
        return self.of(source, function, row.value, depth + 1)

    def _loaded(self, rows: Rows, *, many: bool) -> Loaded | None:
        statement = rows.statement
        model = self._analysis.columns.of(self._analysis.statements.model(statement))
        start = statement.steps[0]
        certain = all(self._analysis.arguments.is_certain(start.source, start.function, each) for each in start.args)
        eager = self._eager(statement)
        if model is None or eager is None or not certain or statement.kind not in {"select", "query"}:
            return None
        is_async = rows.session.last.startswith(("Async", "async"))
        record = next((call for call in rows.source.calls_of.get(rows.function, ()) if call.is_shape(rows.shape)), None)
        closing = -1 if record is None else self.ending(rows.source, rows.function, record.blocks)
        line = rows.source.facts.functions[rows.function].line if record is None else record.line
        held = _shared(statement)
        return Loaded(model, many, eager, held, is_async, closing >= 0, rows.source, rows.function, line, closing)

    def ending(self, source: Source, function: int, blocks: tuple[int, ...]) -> int:
        """Return the block around a place that ends a session, or -1."""
        return next((at for at in blocks if self._closes(source, function, at)), -1)

    def _closes(self, source: Source, function: int, at: int) -> bool:
        """Tell whether a block is the life of a session: `with Session() as session`."""
        block = source.facts.blocks[at]
        return block.kind == "with" and any(
            row.how == "with" and row.value == block.test and self._is_session(source, function, row.target)
            for row in source.bindings_of.get(function, ())
        )

    def _is_session(self, source: Source, function: int, target: Shape) -> bool:
        value = self._analysis.value(source, function, target)
        return value is not None and value.name.startswith("sqlalchemy.") and value.last.lower().endswith("session")

    # Eager loading

    def _eager(self, statement: Statement) -> frozenset[str] | None:
        found: set[str] = set()
        for step in statement.called("options"):
            names = self._options(step.source, step.function, step.args)
            if names is None:
                return None
            found |= names
        return frozenset(found)

    def _options(self, source: Source, function: int, options: tuple[Shape, ...]) -> frozenset[str] | None:
        """Return the names that options mention, or None when they hold what cannot be read."""
        found: set[str] = set()
        for option in options:
            if option[0] == "display" and isinstance(option[2], tuple):
                inner = self._options(source, function, option[2])
                if inner is None:
                    return None
                found |= inner
            elif not self._is_loader(source, function, option):
                return None
            else:
                found.update(_names(option))
        return frozenset(found)

    def _is_loader(self, source: Source, function: int, option: Shape) -> bool:
        while option[0] == "call":
            func = option[1]
            if not isinstance(func, tuple):
                return False
            value = self._analysis.value(source, function, func)
            if value is not None and value.kind == "external":
                return value.name.startswith("sqlalchemy.") and value.last in _LOADERS
            if func[0] != "attr" or not isinstance(func[1], tuple):
                return False
            option = func[1]
        return False


def _shared(statement: Statement) -> frozenset[str]:
    """Return the columns that a condition compares with one value."""
    found: set[str] = set()
    for step in statement.called("where", "filter", "filter_by"):
        found.update(name for name, _ in step.keywords)
        for shape in step.args:
            match shape:
                case ("compare", ("==",), (("attr", _, str(name)), _)):
                    found.add(name)
    return frozenset(found)


def _names(option: Shape) -> Iterator[str]:
    for part in within(option):
        if part[0] == "attr":
            yield str(part[2])
        elif part[0] == "const" and isinstance(part[1], str):
            yield part[1]
