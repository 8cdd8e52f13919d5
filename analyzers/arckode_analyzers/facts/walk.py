"""The stack a file is walked with, and where each node stands.

The walk keeps its own stack, so that deeply nested code cannot exhaust Python's. A block that ends in `return`, `raise`
or `break` runs at most once per loop, therefore its statements are recorded as standing outside the loops it leaves; so
are those of a block that runs when a buffer is full, because they run once per batch.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.facts.comments import ignores
from arckode_analyzers.facts.conditions import filled_already, waits_for_more
from arckode_analyzers.facts.kept import remember_kept
from arckode_analyzers.facts.memo import remember, remember_once
from arckode_analyzers.facts.records import (
    Binding,
    Block,
    Call,
    Class,
    FileFacts,
    Function,
    Import,
    Loop,
    Parameter,
    Raise,
    Read,
    Result,
)
from arckode_analyzers.facts.shapes import Shape, Shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LEAVES = frozenset(
    (ast.Name, ast.Constant, ast.Pass, *ast.expr_context.__subclasses__(), *ast.operator.__subclasses__())
)
_ENDS = (ast.Return, ast.Raise, ast.Break, ast.Continue)


class Place(NamedTuple):
    """Where a node stands; `inner` is the innermost loop as written, even when `loops` no longer has it.

    `unset` holds what the conditions around the node say is still empty.
    """

    function: int = 0
    owner: int = -1
    loops: tuple[int, ...] = ()
    inner: int = -1
    imports: str = "runtime"
    unset: tuple[Shape, ...] = ()
    blocks: tuple[int, ...] = ()

    def inside(self, loop: int) -> Place:
        return self._replace(loops=(*self.loops, loop), inner=loop)

    def once_per_loop(self) -> Place:
        return self._replace(loops=tuple(loop for loop in self.loops if loop != self.inner))


class Walk:
    """Collects the records of one file; `visits` says what each kind of node adds."""

    def __init__(self, visits: Mapping[type[ast.AST], Callable[..., None]]) -> None:
        self._visits = visits
        self.shapes = Shapes()
        self.stack: list[tuple[ast.AST, Place]] = []
        self.imports: list[Import] = []
        self.parameters: list[Parameter] = []
        self.functions: list[Function] = [Function("", -1, -1, 1, 0, False, False, None, ())]  # noqa: FBT003
        self.generators: set[int] = set()
        self.classes: list[Class] = []
        self.bindings: list[Binding] = []
        self.calls: list[Call] = []
        self.loops: list[Loop] = []
        self.results: list[Result] = []
        self.tested: list[tuple[int, Shape]] = []
        self.guarded: set[int] = set()
        self.loop_nodes: list[ast.AST] = []
        self.unset_at: dict[int, tuple[Shape, ...]] = {}
        self.discarded: set[int] = set()
        self.blocks: list[Block] = []
        self.raises: list[Raise] = []
        self.reads: list[Read] = []
        self.implied: list[Call] = []
        self.called: set[int] = set()
        self.parts: set[int] = set()

    def run(self, tree: ast.Module) -> None:
        self.block(tree.body, Place())
        while self.stack:
            node, place = self.stack.pop()
            visit = self._visits.get(type(node))
            if visit is None:
                self.inside(node, place)
            else:
                visit(self, node, place)

    def facts(self, source: bytes) -> FileFacts:
        for index in self.generators:
            self.functions[index] = self.functions[index]._replace(is_generator=True)
        calls = remember(self.calls, self.bindings, self.tested, self.guarded)
        calls = remember_once(calls, self.bindings, self.unset_at)
        calls = remember_kept(calls, self.bindings, self.results, self.blocks)
        return FileFacts(
            tuple(self.imports),
            tuple(self.parameters),
            tuple(self.functions),
            tuple(self.classes),
            tuple(self.bindings),
            tuple(calls),
            tuple(self.loops),
            tuple(self.results),
            ignores(source),
            tuple(self.blocks),
            tuple(self.raises),
            tuple(self.reads),
            tuple(self.implied),
        )

    def push(self, nodes: Sequence[ast.AST | None], place: Place) -> None:
        for node in reversed(nodes):
            if node is not None and type(node) not in _LEAVES:
                self.stack.append((node, place))

    def block(self, statements: Sequence[ast.stmt], place: Place) -> None:
        """Push the statements that can run, knowing what the last of them leaves."""
        reachable = statements
        for index, node in enumerate(statements, 1):
            if isinstance(node, _ENDS):
                reachable = statements[:index]
                break
        last = reachable[-1] if reachable else None
        if isinstance(last, ast.Return | ast.Raise):
            place = place._replace(loops=())
        elif isinstance(last, ast.Break):
            place = place.once_per_loop()
        placed: list[tuple[ast.AST, Place]] = []
        for node in reachable:
            placed.append((node, place))
            if place.inner >= 0 and waits_for_more(node, self.loop_nodes[place.inner]):
                place = place.once_per_loop()
            known = filled_already(self.shapes, node) if isinstance(node, ast.If) else None
            if known is not None:
                place = place._replace(unset=(*place.unset, known))
        self.stack.extend(pair for pair in reversed(placed) if type(pair[0]) not in _LEAVES)

    def inside(self, node: ast.AST, place: Place) -> None:
        """Push what a node contains: blocks as blocks, expressions as they are."""
        for name in reversed(node._fields):
            part = getattr(node, name)
            if isinstance(part, list):
                if part and isinstance(part[0], ast.stmt):
                    self.block(part, place)
                else:
                    self.push([item for item in part if isinstance(item, ast.AST)], place)
            elif isinstance(part, ast.AST) and type(part) not in _LEAVES:
                self.stack.append((part, place))

    def bind(self, node: ast.AST, place: Place, value: Shape | None, how: str, annotation: Shape | None = None) -> None:
        """Record a target; each name of a destructuring one depends on the value without being it."""
        line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        if isinstance(node, ast.Tuple | ast.List):
            for element, part in zip(node.elts, _spread(node.elts, value, how), strict=True):
                self.bind(element.value if isinstance(element, ast.Starred) else element, place, part, how)
            return
        target = self.shapes.of(node)
        self.bindings.append(
            Binding(
                place.function, place.owner, target, annotation, value, how, place.loops, line, column, place.blocks
            )
        )

    def under(self, kind: str, test: Shape, node: ast.AST, place: Place, body: Sequence[ast.stmt] = ()) -> Place:
        """Record a block that starts at a node, and return where its body stands."""
        line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        self.blocks.append(Block(place.function, kind, test, _ends(body), place.blocks, line, column))
        function, owner, loops, inner, imports, unset, blocks = place
        return Place(function, owner, loops, inner, imports, unset, (*blocks, len(self.blocks) - 1))

    def is_tried(self, place: Place) -> bool:
        """Tell whether a failure here is expected, as that of an import for which there is a substitute."""
        return any(self.blocks[block].kind in {"try", "except"} for block in place.blocks)

    def loop(self, node: ast.AST, kind: str, target: ast.AST | None, source: ast.AST, place: Place) -> Place:
        line = getattr(node, "lineno", getattr(source, "lineno", 0))
        column = getattr(node, "col_offset", getattr(source, "col_offset", 0))
        shape = self.shapes.of(source)
        self.loops.append(Loop(place.function, kind, self.shapes.of(target), shape, line, column))
        self.loop_nodes.append(node)
        inner = place.inside(len(self.loops) - 1)
        if target is not None:
            self.bind(target, inner, shape, "for")
        return inner


def _ends(body: Sequence[ast.stmt]) -> bool:
    """Tell whether control never runs past the end of a body: every way through it leaves."""
    pending = [body]  # a stack of its own: a chain of `elif` nests as deeply as it is long
    while pending:
        current = pending.pop()
        last = next((node for node in current if isinstance(node, _ENDS)), current[-1] if current else None)
        if isinstance(last, ast.If) and last.orelse:
            pending += [last.body, last.orelse]
        elif isinstance(last, ast.With | ast.AsyncWith):
            pending.append(last.body)
        elif not isinstance(last, _ENDS):
            return False
    return True


def _spread(elements: Sequence[ast.expr], value: Shape | None, how: str) -> Sequence[Shape | None]:
    """Return what each part of a destructuring target receives: its own part where both sides are written out."""
    match value:
        case ("display", str(), tuple(parts)) if how == "=" and len(parts) == len(elements):
            starred = any(isinstance(element, ast.Starred) for element in elements)
            if not starred and all(part[0] != "star" for part in parts):
                return parts
        case ("call", ("name", "enumerate"), (tuple(counted), *_), _) if how == "for" and len(elements) == 2:
            return [("other", (value,)), counted]
        case ("call", ("name", "zip"), tuple(zipped), _) if how == "for" and len(elements) == len(zipped):
            if not any(isinstance(element, ast.Starred) for element in elements) and all(
                p[0] != "star" for p in zipped
            ):
                return zipped
    return [None if value is None else ("other", (value,))] * len(elements)
