"""What a name was given before a line: assignments that always happen hide the earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arckode_analyzers.model.constants import constant_of
from arckode_analyzers.model.sinks import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Binding
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source

_ADDS = words("append extend insert add update appendleft")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression is evaluated: what was assigned before that line counts."""

    source: Source
    function: int
    line: int
    blocks: tuple[int, ...] = ()


def place_of(call: CallAt) -> Place:
    record = call.record
    return Place(call.source, record.function, record.line, record.blocks)


class Given:
    """Answers with definitions; what is appended to a list or put into a dictionary counts as given to its name."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._bindings: dict[tuple[str, int, str], list[Binding]] = {}
        self._added: dict[tuple[str, int, str], list[tuple[int, Shape]]] = {}
        for source in analysis.project.sources.values():
            if "kernel" not in source.layers:
                self._index(source)

    def _index(self, source: Source) -> None:
        for row in source.facts.bindings:
            name = row.target[1] if row.target[0] == "name" and row.owner < 0 else None
            if isinstance(name, str):
                self._bindings.setdefault((source.path, row.function, name), []).append(row)
            match row.target:
                case ("item", ("name", str(held)), tuple(key)):
                    entry: Shape = ("dict", (key,), (row.value or ("const", None),))
                    self._added.setdefault((source.path, row.function, held), []).append((row.line, entry))
        for call in source.facts.calls:
            match call.func:
                case ("attr", ("name", str(held)), str(method)) if method in _ADDS:
                    added = (call.line, ("other", call.args))
                    self._added.setdefault((source.path, call.function, held), []).append(added)

    def definitions(self, place: Place, name: str) -> Iterator[tuple[str, Place, Shape | None]]:
        """Yield what may have given a name its value, last first, up to the assignment that always happens."""
        source, scope = place.source, _scope_of(place, name)
        for line, value in self._added.get((source.path, scope, name), ()):
            if line < place.line or scope != place.function:
                yield "added", replace(place, function=scope, line=line), value
        for row in reversed(self._bindings.get((source.path, scope, name), ())):
            if scope == place.function and not _is_before(row, place):
                continue
            given = self._element(source, row) if row.how == "for" else row.value
            yield "binding", Place(source, scope, row.line, row.blocks), given
            if row.how == "=" and scope == place.function and row.blocks == place.blocks[: len(row.blocks)]:
                return
        yield from self._given_elsewhere(place, scope, name)

    def _given_elsewhere(self, place: Place, scope: int, name: str) -> Iterator[tuple[str, Place, Shape | None]]:
        source = place.source
        for definition in source.names.get((scope, -1), {}).get(name, ()):
            if definition.what == "parameter":
                yield "parameter", replace(place, function=scope), None
            elif definition.what == "import":
                row = source.facts.imports[definition.index]
                module = self._analysis.project.modules.get(source.target(row))
                if module is not None and row.name and "kernel" not in module.layers:
                    yield "import", end_of(module), ("name", row.name)

    def _element(self, source: Source, row: Binding) -> Shape | None:
        """Return what a loop's target takes: of pairs, the half that has the name."""
        loop = source.facts.loops[row.loops[-1]] if row.loops else None
        if loop is None:
            return row.value
        at = _index_in(loop.target, row.target)
        match loop.source:
            case ("call", ("name", "enumerate"), (tuple(members), *_), _) if at >= 0:
                return members if at else ("const", 0)
            case ("call", ("name", "zip"), tuple(members), _) if 0 <= at < len(members):
                chosen: Shape = members[at]
                return chosen
            case ("call", ("attr", tuple(base), "items" | "keys"), (), ()):
                return self._half(source, row.function, base, values=at == 1) or row.value
            case ("name", _) | ("attr", _, _) if at < 0:
                return self._half(source, row.function, loop.source, values=False) or row.value
        return row.value

    def _half(self, source: Source, function: int, shape: Shape, *, values: bool) -> Shape | None:
        written = constant_of(self._analysis.project, source, function, shape)
        match written:
            case ("dict", tuple(keys), tuple(held)):
                return ("display", "tuple", held if values else keys)
        return None


def _scope_of(place: Place, name: str) -> int:
    scope = place.function
    while scope > 0 and name not in place.source.names.get((scope, -1), {}):
        scope = place.source.facts.functions[scope].parent
    return max(scope, 0)


def _index_in(target: Shape, name: Shape) -> int:
    """Return where a name stands in a loop's targets, or -1 when it is the only one."""
    match target:
        case ("display", _, tuple(names)) if name in names:
            return names.index(name)
    return -1


def _is_before(row: Binding, place: Place) -> bool:
    return row.line < place.line or (row.line == place.line and row.how == "for")


def end_of(source: Source) -> Place:
    return Place(source, 0, 1_000_000_000)
