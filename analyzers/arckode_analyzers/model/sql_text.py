"""The calls that run SQL written as text, by what they call and never by a look at the words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import Shape, within
from arckode_analyzers.model.constants import text_of
from arckode_analyzers.model.given import place_of
from arckode_analyzers.model.passing import Passing
from arckode_analyzers.model.sinks import QUERIES, words
from arckode_analyzers.model.sql_parts import Origin, SqlParts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_RUNS = words(
    "execute executemany executescript exec_driver_sql scalar scalars stream stream_scalars exec fetch fetchrow"
    " fetchval fetch_one fetch_all fetch_val execute_fetchall execute_insert iterate prepare"
)
_SAYS = words("sqlalchemy.text sqlalchemy.literal_column sqlalchemy.DDL")
_RUN_ELSEWHERE = words("alembic.op.execute pandas.read_sql pandas.read_sql_query django.db.connection.cursor.execute")
_KEYWORDS = words("statement query sql operation text sqltext")
_ROWS = re.compile(r"\s*\(?\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|REPLACE|TRUNCATE|CALL)\b", re.IGNORECASE)
_PROBE = re.compile(r"\s*(select\s+\d+\s*;?\s*$|(set|pragma)\s)", re.IGNORECASE)
_TEXT: Shape = ("name", "sqlalchemy.text")
_MIGRATION_RUNS = words("execute fetch batches")


@dataclass(frozen=True, slots=True)
class Run:
    """A call that runs a text, or makes one an SQL expression; `through` is the call inside a helper that does."""

    call: CallAt
    statement: Shape
    label: str
    through: CallAt | None = None


class SqlTexts:
    """Every call that runs SQL given as text, helpers that run their parameter included."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self.parts = SqlParts(analysis, self.passing)
        self.runs: dict[str, list[Run]] = {}
        self._leading: dict[str, CallAt] | None = None
        self._find()

    @cached_property
    def passing(self) -> Passing:
        return Passing(self._analysis)

    def of(self, source: Source) -> list[Run]:
        return self.runs.get(source.path, [])

    def built(self, run: Run) -> Origin | None:
        """Return what is formatted into the statement of a run."""
        return self.parts.built(place_of(run.call), run.statement)

    def is_raw(self, run: Run) -> bool:
        """Tell whether a call runs a written text; `SELECT 1` and `SET LOCAL` ask nothing of a table."""
        if says_sql(self._analysis.callee(run.call)):
            return False
        text = self._written(run.call, run.statement)
        if text is not None:
            return _PROBE.match(text) is None
        return any(self._is_text(run.call, part) for part in _expanded(run.call, run.statement))

    def _uses_rows(self, run: Run) -> bool:
        """Tell whether a call runs a written text about rows; what sets a database up serves no module."""
        if not self.is_raw(run):
            return False
        written = [self._written(run.call, run.statement)]
        written += [
            str(inner[1])
            for part in _expanded(run.call, run.statement)
            for inner in within(part)
            if inner[0] == "const" and isinstance(inner[1], str)
        ]
        return any(text is not None and _ROWS.match(text) is not None for text in written)

    def leading_to_raw(self, outside: Callable[[Source], bool]) -> dict[str, CallAt]:
        """Return the functions of some files that lead to raw SQL, with the call that runs it; asked once."""
        if self._leading is None:
            self._leading = self._climb(outside)
        return self._leading

    def _climb(self, outside: Callable[[Source], bool]) -> dict[str, CallAt]:
        found: dict[str, CallAt] = {}
        for path in sorted(self.runs):
            for run in self.runs[path]:
                if run.call.record.function and outside(run.call.source) and self._uses_rows(run):
                    found.setdefault(run.call.caller, run.call)
        callers: dict[str, list[CallAt]] = {}
        for call in self._analysis.graph.calls():
            if outside(call.source) and call.record.function:
                for target in self._analysis.reached(call):
                    callers.setdefault(target.symbol, []).append(call)
        pending = list(found)
        while pending:
            symbol = pending.pop(0)
            for call in callers.get(symbol, ()):
                if call.caller not in found:
                    found[call.caller] = found[symbol]
                    pending.append(call.caller)
        return found

    def _written(self, call: CallAt, shape: Shape) -> str | None:
        match shape:
            case ("call", tuple(func), (tuple(first), *_), _):
                if says_sql(self._analysis.value(call.source, call.record.function, func)):
                    return self._written(call, first)
                return None
            case ("format", (("const", str(head)), *_)) if _PROBE.match(head):
                return head
        return text_of(self._analysis.project, call.source, call.record.function, shape)

    def _is_text(self, call: CallAt, shape: Shape) -> bool:
        match shape:
            case ("call", tuple(func), _, _):
                return func == _TEXT or says_sql(self._analysis.value(call.source, call.record.function, func))
        return False

    def _find(self) -> None:
        pending = list(self._direct())
        seen: set[tuple[str, str]] = set()
        while pending:
            run = pending.pop()
            self.runs.setdefault(run.call.source.path, []).append(run)
            for name in self.parts.whole_parameters(place_of(run.call), run.statement):
                key = (run.call.caller, name)
                if key in seen:
                    continue
                seen.add(key)
                label = ".".join(run.call.caller.rsplit(".", 2)[-2:])
                for call, shape in self.passing.to(*key):
                    pending.append(Run(call, shape, label, run.through or run.call))
        for path, runs in self.runs.items():
            self.runs[path] = sorted(runs, key=lambda run: (run.call.at, run.label))

    def _direct(self) -> Iterator[Run]:
        for source in self._analysis.project.sources.values():
            if "kernel" in source.layers:
                continue
            for call in self._analysis.calls(source):
                statement = _statement(call)
                label = self._label(call) if statement is not None else ""
                if statement is not None and label:
                    yield Run(call, statement, label)

    def _label(self, call: CallAt) -> str:
        value = self._analysis.callee(call)
        if value is None:
            return _of_migration(call)
        if value.name in _SAYS or value.name in _RUN_ELSEWHERE:
            return ".".join(value.name.rsplit(".", 2)[-2:]) if value.name in _RUN_ELSEWHERE else value.last
        return f"{value.of.last}.{value.last}" if value.of is not None and runs_text(value) else ""


def says_sql(value: Value | None) -> bool:
    """Tell whether a call makes an SQL expression of a text."""
    return value is not None and value.kind == "external" and value.name in _SAYS


def runs_text(value: Value) -> bool:
    """Tell whether a method belongs to a session, connection or cursor and takes a statement."""
    return value.kind == "method" and value.of is not None and value.last in _RUNS and _is_database(value.of.name)


def _expanded(call: CallAt, shape: Shape, depth: int = 0) -> Iterator[Shape]:
    """Yield the parts of a statement, of local names what they were given; a text that is the whole of it is `text`."""
    if shape[0] == "format" or (shape[0] == "binary" and any(part[0] in {"const", "format"} for part in within(shape))):
        yield ("call", _TEXT, (), ())
    yield from within(shape)
    if shape[0] == "name" and depth < 4:
        for row in call.source.facts.bindings:
            if row.function == call.record.function and row.target == shape and row.value is not None:
                yield from _expanded(call, row.value, depth + 1)


def _is_database(name: str) -> bool:
    return (
        name == "kernel.Database"
        or (name in QUERIES and not name.startswith("kernel."))
        or name == "databases.Database"
    )


def _of_migration(call: CallAt) -> str:
    """Return a name for `db.execute(...)` in the `up(db)` and `down(db)` of a migration."""
    match call.record.func:
        case ("attr", ("name", str(name)), str(method)) if "migrations" in call.source.layers:
            record = call.source.facts.functions[call.record.function]
            own = [row.name for row in call.source.parameters_of.get(call.record.function, ())]
            if record.name in {"up", "down"} and own == [name] and method in _MIGRATION_RUNS:
                return f"{name}.{method}"
    return ""


def _statement(call: CallAt) -> Shape | None:
    record = call.record
    if record.args:
        return record.args[0]
    return next((shape for name, shape in record.keywords if name in _KEYWORDS), None)
