"""Which loops run over data: as many turns as there are rows, not as many as somebody wrote down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.calls import says_nothing
from arckode_analyzers.model.iteration import Iteration
from arckode_analyzers.model.sinks import TAKES, words

if TYPE_CHECKING:
    from arckode_analyzers.facts.records import Loop
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.calls import CallGraph
    from arckode_analyzers.model.source import Source

_SLEEPS = words("asyncio.sleep time.sleep anyio.sleep trio.sleep")


class Loops:
    """Answers for one loop at a time; each answer is computed once."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph
        self._known: dict[tuple[str, int], bool] = {}

    def over_data(self, source: Source, at: int) -> bool:
        """Tell whether a loop turns once per row."""
        key = (source.path, at)
        if key not in self._known:
            loop = source.facts.loops[at]
            counts = self._consumes if loop.kind == "while" else self._counts
            self._known[key] = counts(source, at, loop)
        return self._known[key]

    def in_chunks(self, source: Source, at: int) -> bool:
        """Tell whether each turn of a loop is handed a batch of rows."""
        loop = source.facts.loops[at]
        return loop.kind != "while" and Iteration(self._graph, source, loop.function).is_chunks(loop.source)

    def _counts(self, source: Source, at: int, loop: Loop) -> bool:
        iteration = Iteration(self._graph, source, loop.function)
        if iteration.is_range(loop.source) and (self._sleeps(source, at) or self._counts_pages(source, at, loop)):
            return False
        if loop.kind == "async for" and self._is_stream(iteration, loop.source):
            return False
        return iteration.is_data(loop.source)

    def _is_stream(self, iteration: Iteration, shape: Shape) -> bool:
        """Tell whether an `async for` waits for what arrives, as far as can be known: messages, not rows.

        A project's own generators, the database's results and what is annotated as an iterator of rows are rows.
        """
        made = shape[1] if shape[0] == "call" and isinstance(shape[1], tuple) else shape
        value = iteration.value(made)
        if says_nothing(value) or value is None:
            return True
        if value.kind in {"function", "class"} or value.name in self._graph.project.classes:
            return False
        return not value.name.startswith(("kernel.", "sqlalchemy.", "django.", "typing.", "collections.", "builtins."))

    def _counts_pages(self, source: Source, at: int, loop: Loop) -> bool:
        """Tell whether a range's number is turned into an offset: `page * size`."""
        given = [
            shape
            for call in source.calls_of.get(loop.function, ())
            if at in call.loops
            for shape in (*call.args, *(shape for _, shape in call.keywords))
        ]
        given += [row.value for row in source.facts.bindings if at in row.loops and row.value is not None]
        return any(
            part[0] == "binary" and part[1] == "*" and loop.target in part[2:]
            for shape in given
            for part in within(shape)
        )

    def _sleeps(self, source: Source, at: int) -> bool:
        values = (
            self._graph.resolver.value(source, call.function, call.func)
            for call in source.calls_of.get(source.facts.loops[at].function, ())
            if at in call.loops
        )
        return any(value is not None and value.name in _SLEEPS for value in values)

    def _consumes(self, source: Source, at: int, loop: Loop) -> bool:
        """Tell whether a `while` empties a collection, which is a `for` written differently."""
        tested = {shape for shape in within(loop.source) if shape[0] in {"name", "attr"}}
        endless = loop.source[0] == "const"
        if endless and self._sleeps(source, at):
            return False  # it watches for work, however it gets hold of it
        refilled = {row.target for row in source.facts.bindings if at in row.loops and row.how == "="}
        parts = list(within(loop.source))
        if any(self._draws(source, loop, part) or self._counts_up(source, at, part) for part in parts):
            return True
        return any(
            call.func[0] == "attr"
            and call.func[2] in TAKES
            and (call.func[1] in tested or (endless and at in call.loops and call.func[1] not in refilled))
            for call in source.calls_of.get(loop.function, ())
        )

    def _counts_up(self, source: Source, at: int, part: Shape) -> bool:
        """Tell whether a test compares a number that each turn raises by one with a length: `while i < len(rows)`."""
        match part:
            case ("compare", _, (("name", str(counter)), ("call", ("name", "len"), (tuple(rows),), _))):
                pass
            case ("compare", _, (("call", ("name", "len"), (tuple(rows),), _), ("name", str(counter)))):
                pass
            case _:
                return False
        steps = [row.value for row in source.facts.bindings if at in row.loops and row.target == ("name", counter)]
        by_one = bool(steps) and all(step == ("other", (("const", 1),)) for step in steps)
        return by_one and Iteration(self._graph, source, source.facts.loops[at].function).is_data(rows)

    def _draws(self, source: Source, loop: Loop, part: Shape) -> bool:
        """Tell whether a test takes the next of something: `while (row := next(rows, None)) is not None`."""
        match part:
            case ("call", ("name", "next" | "anext"), (tuple(drawn), *_), _):
                return Iteration(self._graph, source, loop.function).is_data(drawn)
        return False
