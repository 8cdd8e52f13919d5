"""Where things stand on a drawing: layers from who asks to who answers (Sugiyama, Tagawa and Toda, 1981).

Everything is decided by names and counts, so that the same project gives the same picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.engine.graph_text import label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.graph import Edge, Graph, Node

WIDTH, HEAD, ROW = 232, 46, 22
_GAP_X, _GAP_Y, _MARGIN = 128, 28, 32
_SHOWN = 4
_BOW = 70
_LETTER = 6
_SHIFT = {"asks": 0, "imports": -10, "references": 10, "tells": 20}
_FEWEST = 6
_ASPECT = 1.4
_SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Box:
    """A node's place, in pixels; `rows` are the tables and events that fit in."""

    node: Node
    x: int
    y: int
    height: int
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """An edge's path, in SVG's path language, and where its label stands."""

    edge: Edge
    path: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing's boxes and lines, and its size in pixels."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def arrange(graph: Graph) -> Layout:
    """Return the places of everything."""
    layers = _folded(_ordered(graph, _layers(graph)), _tallest(graph))
    nodes = {node.name: node for node in graph.nodes}
    heights = [sum(_height(nodes[name]) + _GAP_Y for name in layer) - _GAP_Y for layer in layers]
    tallest = max(heights, default=0)
    boxes: list[Box] = []
    for at, layer in enumerate(layers):
        y = _MARGIN + (tallest - heights[at]) // 2
        for name in layer:
            boxes.append(_box(nodes[name], _MARGIN + at * (WIDTH + _GAP_X), y))
            y += boxes[-1].height + _GAP_Y
    places = {box.node.name: box for box in boxes}
    width = 2 * _MARGIN + max(len(layers), 1) * (WIDTH + _GAP_X) - _GAP_X
    lines = _lines(graph, places)
    widest = max((line.x + _LETTER * len(label(line.edge)) // 2 + _MARGIN for line in lines), default=0)
    return Layout(tuple(boxes), lines, max(width, widest), tallest + 2 * _MARGIN)


def _box(node: Node, x: int, y: int) -> Box:
    names = [*(f"▤ {table.name}" for table in node.tables), *(f"◆ {event}" for event in node.events)]
    more = len(names) - _SHOWN
    rows = names if more <= 0 else [*names[: _SHOWN - 1], f"and {more + 1} more"]
    return Box(node, x, y, _height(node), tuple(rows))


def _height(node: Node) -> int:
    rows = min(len(node.tables) + len(node.events), _SHOWN)
    return HEAD + ROW * rows + (8 if rows else 0)


def _layers(graph: Graph) -> list[list[str]]:
    """Put every node right of all that lead to it; those of one circle stand in one layer."""
    after: dict[str, set[str]] = {node.name: set() for node in graph.nodes}
    for edge in graph.edges:
        after[edge.source].add(edge.target)
    circles = _circles(after)
    place = {name: at for at, circle in enumerate(circles) for name in circle}
    depth = [0] * len(circles)
    for at in reversed(range(len(circles))):
        for other in {place[target] for name in circles[at] for target in after[name]} - {at}:
            depth[other] = max(depth[other], depth[at] + 1)
    layers: list[list[str]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for name in sorted(place):
        layers[depth[place[name]]].append(name)
    return layers


def _circles(after: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected parts, each after all that it leads to (Tarjan, 1972), without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []
    for start in sorted(after):
        pending = [(start, iter(sorted(after[start])))] if start not in index else []
        while pending:
            name, others = pending[-1]
            if name not in index:
                index[name] = low[name] = len(index)
                stack.append(name)
            for other in others:
                if other not in index:
                    pending.append((other, iter(sorted(after[other]))))
                    break
                if other in stack:
                    low[name] = min(low[name], low[other])
            else:
                pending.pop()
                if pending:
                    above = pending[-1][0]
                    low[above] = min(low[above], low[name])
                if low[name] == index[name]:
                    at = stack.index(name)
                    found.append(stack[at:])
                    del stack[at:]
    return found


def _ordered(graph: Graph, layers: list[list[str]]) -> list[list[str]]:
    """Sort each layer by where its neighbours stand, a few times in both directions."""
    near: dict[str, set[str]] = {node.name: set() for node in graph.nodes}
    for edge in graph.edges:
        near[edge.source].add(edge.target)
        near[edge.target].add(edge.source)
    for sweep in range(_SWEEPS):
        for at in range(len(layers)) if sweep % 2 == 0 else reversed(range(len(layers))):
            beside = layers[at - 1] if sweep % 2 == 0 and at else layers[at + 1] if at + 1 < len(layers) else []
            place = {name: index for index, name in enumerate(beside)}
            layers[at] = sorted(layers[at], key=lambda name: (_middle(near[name], place, len(beside)), name))
    return layers


def _middle(neighbours: set[str], place: Mapping[str, int], size: int) -> float:
    found = [place[name] for name in neighbours if name in place]
    return sum(found) / len(found) if found else size / 2


def _tallest(graph: Graph) -> int:
    """Return how many boxes a column takes, so that the whole is about as wide as a screen."""
    if not graph.nodes:
        return 1
    height = sum(_height(node) + _GAP_Y for node in graph.nodes) / len(graph.nodes)
    return max(_FEWEST, round(math.sqrt(len(graph.nodes) * (WIDTH + _GAP_X) / height / _ASPECT)))


def _folded(layers: list[list[str]], tallest: int) -> list[list[str]]:
    """Cut layers that are too tall into columns beside each other."""
    return [layer[at : at + tallest] for layer in layers for at in range(0, len(layer), tallest)]


def _lines(graph: Graph, places: Mapping[str, Box]) -> tuple[Line, ...]:
    return tuple(_line(edge, places[edge.source], places[edge.target]) for edge in graph.edges)


def _line(edge: Edge, source: Box, target: Box) -> Line:
    """Draw from the right side to the left side; backwards and within a column around the right."""
    start, end = source.x + WIDTH, target.x
    y1, y2 = (box.y + HEAD // 2 + _SHIFT[edge.kind] for box in (source, target))
    if source.x < target.x:
        bend = max((end - start) // 2, 40)
        return Line(
            edge, f"M{start} {y1} C{start + bend} {y1} {end - bend} {y2} {end} {y2}", (start + end) // 2, (y1 + y2) // 2
        )
    end = target.x + WIDTH
    bend, half = max(start, end) + _BOW, _LETTER * len(label(edge)) // 2
    beside = max(start, end) + _BOW - 14  # a curve comes as far as three quarters of the way to its bend
    return Line(
        edge,
        f"M{start} {y1} C{bend} {y1} {bend} {y2} {end} {y2}",
        beside + half,
        (y1 + y2) // 2 + _SHIFT[edge.kind] // 2,
    )
