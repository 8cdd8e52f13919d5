"""Which loops run over data: as many turns as there are rows, not as many as somebody wrote down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.iteration import Iteration
from arckode_analyzers.model.sinks import words

if TYPE_CHECKING:
    from arckode_analyzers.facts.records import Loop
    from arckode_analyzers.model.calls import CallGraph
    from arckode_analyzers.model.source import Source

_TAKES = words("pop popleft popitem get_nowait")
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
            self._known[key] = _consumes(source, loop) if loop.kind == "while" else self._counts(source, at, loop)
        return self._known[key]

    def _counts(self, source: Source, at: int, loop: Loop) -> bool:
        iteration = Iteration(self._graph, source, loop.function)
        if iteration.is_range(loop.source) and self._sleeps(source, at):
            return False
        return iteration.is_data(loop.source)

    def _sleeps(self, source: Source, at: int) -> bool:
        values = (
            self._graph.resolver.value(source, call.function, call.func)
            for call in source.calls_of.get(source.facts.loops[at].function, ())
            if at in call.loops
        )
        return any(value is not None and value.name in _SLEEPS for value in values)


def _consumes(source: Source, loop: Loop) -> bool:
    """Tell whether a `while` empties the collection it tests, which is a `for` written differently."""
    tested = {shape for shape in within(loop.source) if shape[0] in {"name", "attr"}}
    return any(
        call.func[0] == "attr" and call.func[2] in _TAKES and call.func[1] in tested
        for call in source.calls_of.get(loop.function, ())
    )
