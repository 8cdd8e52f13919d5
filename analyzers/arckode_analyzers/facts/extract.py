"""One parse and one pass: source bytes in, facts out.

The walk keeps its own stack, so that deeply nested code cannot exhaust Python's. A block that ends in `return`, `raise`
or `break` runs at most once per loop, therefore its statements are recorded as standing outside the loops it leaves; so
are those of a block that runs when a buffer is full, because they run once per batch.
"""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.facts.comments import ignores
from arckode_analyzers.facts.conditions import empty, filled_already, is_never, is_now_and_then
from arckode_analyzers.facts.memo import remember, remember_once
from arckode_analyzers.facts.records import Binding, Call, Class, FileFacts, Function, Import, Loop, Parameter, Result
from arckode_analyzers.facts.shapes import UNKNOWN, Shape, Shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LEAVES = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.Pass)
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

    def inside(self, loop: int) -> Place:
        return self._replace(loops=(*self.loops, loop), inner=loop)

    def once_per_loop(self) -> Place:
        return self._replace(loops=tuple(loop for loop in self.loops if loop != self.inner))


def extract(source: bytes) -> FileFacts:
    """Read one file.

    Raises:
        SyntaxError, ValueError, RecursionError: this Python cannot parse it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    walk = _Walk()
    walk.run(tree)
    return walk.facts(source)


class _Walk:
    def __init__(self) -> None:
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

    def run(self, tree: ast.Module) -> None:
        self.block(tree.body, Place())
        while self.stack:
            node, place = self.stack.pop()
            visit = _VISITS.get(type(node))
            if visit is None:
                self.inside(node, place)
            else:
                visit(self, node, place)

    def facts(self, source: bytes) -> FileFacts:
        functions = (
            function._replace(is_generator=index in self.generators) for index, function in enumerate(self.functions)
        )
        calls = remember(self.calls, self.bindings, self.tested, self.guarded)
        calls = remember_once(calls, self.bindings, self.unset_at)
        return FileFacts(
            tuple(self.imports),
            tuple(self.parameters),
            tuple(functions),
            tuple(self.classes),
            tuple(self.bindings),
            tuple(calls),
            tuple(self.loops),
            tuple(self.results),
            ignores(source),
        )

    def push(self, nodes: Sequence[ast.AST | None], place: Place) -> None:
        self.stack.extend(
            (node, place) for node in reversed(nodes) if node is not None and not isinstance(node, _LEAVES)
        )

    def block(self, statements: Sequence[ast.stmt], place: Place) -> None:
        """Push the statements that can run, knowing what the last of them leaves."""
        end = next((index for index, node in enumerate(statements) if isinstance(node, _ENDS)), len(statements) - 1)
        reachable = statements[: end + 1]
        last = reachable[-1] if reachable else None
        if isinstance(last, ast.Return | ast.Raise):
            place = place._replace(loops=())
        elif isinstance(last, ast.Break):
            place = place.once_per_loop()
        placed: list[tuple[ast.AST, Place]] = []
        for node in reachable:
            placed.append((node, place))
            known = filled_already(self.shapes, node)
            if known is not None:
                place = place._replace(unset=(*place.unset, known))
        self.stack.extend(pair for pair in reversed(placed) if not isinstance(pair[0], _LEAVES))

    def inside(self, node: ast.AST, place: Place) -> None:
        """Push what a node contains: blocks as blocks, expressions as they are."""
        parts: list[tuple[ast.AST, Place]] = []
        kept, self.stack = self.stack, parts
        for name in reversed(node._fields):
            part = getattr(node, name)
            if isinstance(part, list) and part and isinstance(part[0], ast.stmt):
                self.block(part, place)
            elif isinstance(part, list):
                self.push([item for item in part if isinstance(item, ast.AST)], place)
            elif isinstance(part, ast.AST):
                self.push([part], place)
        self.stack = kept
        self.stack.extend(parts)

    def bind(self, node: ast.AST, place: Place, value: Shape | None, how: str, annotation: Shape | None = None) -> None:
        """Record a target; each name of a destructuring one depends on the value without being it."""
        line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        if isinstance(node, ast.Tuple | ast.List):
            for element, part in zip(node.elts, _spread(node.elts, value, how), strict=True):
                self.bind(element.value if isinstance(element, ast.Starred) else element, place, part, how)
            return
        target = self.shapes.of(node)
        self.bindings.append(
            Binding(place.function, place.owner, target, annotation, value, how, place.loops, line, column)
        )

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


def _spread(elements: Sequence[ast.expr], value: Shape | None, how: str) -> Sequence[Shape | None]:
    """Return what each part of a destructuring target receives: its own part where both sides are written out."""
    match value:
        case ("display", str(), tuple(parts)) if how == "=" and len(parts) == len(elements):
            starred = any(isinstance(element, ast.Starred) for element in elements)
            if not starred and all(part[0] != "star" for part in parts):
                return parts
    return [None if value is None else ("other", (value,))] * len(elements)


def _function(walk: _Walk, node: ast.FunctionDef | ast.AsyncFunctionDef, place: Place) -> None:
    index = len(walk.functions)
    row = (node.name, place.function, place.owner, node.lineno, node.col_offset, _is_stub(node.body), False)
    walk.functions.append(Function(*row, walk.shapes.annotation(node.returns), walk.shapes.all_of(node.decorator_list)))
    walk.block(node.body, _body(index, place))
    _parameters(walk, node.args, index)
    walk.push([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults], place)


def _lambda(walk: _Walk, node: ast.Lambda, place: Place) -> None:
    index = len(walk.functions)
    row = (place.function, place.owner, node.lineno, node.col_offset, False, False)
    walk.functions.append(Function("<lambda>", *row, None, ()))
    walk.results.append(Result(index, walk.shapes.of(node.body), "return", (), node.lineno, node.col_offset))
    walk.push([node.body], _body(index, place))
    _parameters(walk, node.args, index)
    walk.push([*node.args.defaults, *node.args.kw_defaults], place)


def _body(index: int, place: Place) -> Place:
    return Place(function=index, imports="lazy" if place.imports == "runtime" else place.imports)


def _parameters(walk: _Walk, args: ast.arguments, function: int) -> None:
    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults)) + [*args.defaults]
    rest = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    rows = [
        *((arg, default, "positional") for arg, default in zip(positional, defaults, strict=True)),
        *((arg, default, "keyword") for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)),
        *((arg, None, "rest") for arg in rest),
    ]
    for arg, default, kind in rows:
        annotation = walk.shapes.annotation(arg.annotation)
        value = None if default is None else walk.shapes.of(default)
        walk.parameters.append(Parameter(function, arg.arg, annotation, value, kind, arg.lineno, arg.col_offset))


def _is_stub(body: Sequence[ast.stmt]) -> bool:
    return all(
        isinstance(node, ast.Pass)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Raise) and "NotImplementedError" in ast.dump(node))
        for node in body
    )


def _class(walk: _Walk, node: ast.ClassDef, place: Place) -> None:
    keywords = tuple((keyword.arg or "**", walk.shapes.of(keyword.value)) for keyword in node.keywords)
    walk.classes.append(
        Class(
            node.name,
            place.function,
            place.owner,
            node.lineno,
            node.col_offset,
            walk.shapes.all_of(node.bases),
            keywords,
            walk.shapes.all_of(node.decorator_list),
        )
    )
    walk.block(node.body, place._replace(owner=len(walk.classes) - 1))
    walk.push([*node.decorator_list, *node.bases], place)


def _for(walk: _Walk, node: ast.For | ast.AsyncFor, place: Place) -> None:
    kind = "async for" if isinstance(node, ast.AsyncFor) else "for"
    inner = walk.loop(node, kind, node.target, node.iter, place)
    walk.block(node.orelse, place)
    walk.block(node.body, inner)
    walk.push([node.iter], place)


def _while(walk: _Walk, node: ast.While, place: Place) -> None:
    inner = walk.loop(node, "while", None, node.test, place)
    walk.block(node.orelse, place)
    if not is_never(node.test):
        walk.block(node.body, inner)
    walk.push([node.test], inner)


def _comprehension(
    walk: _Walk, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, place: Place
) -> None:
    results: list[ast.AST] = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    inner = place
    for part in node.generators:
        walk.push([part.iter], inner)
        inner = walk.loop(node, "comprehension", part.target, part.iter, inner)
        walk.push(part.ifs, inner)
    walk.push(results, inner)


def _assign(walk: _Walk, node: ast.Assign, place: Place) -> None:
    value = walk.shapes.of(node.value)
    for target in node.targets:
        walk.bind(target, place, value, "=")
    walk.push([node.value], place)


def _annotated(walk: _Walk, node: ast.AnnAssign, place: Place) -> None:
    value = None if node.value is None else walk.shapes.of(node.value)
    walk.bind(node.target, place, value, "=", walk.shapes.annotation(node.annotation))
    walk.push([node.value], place)


def _augmented(walk: _Walk, node: ast.AugAssign, place: Place) -> None:
    walk.bind(node.target, place, ("other", (walk.shapes.of(node.value),)), "+=")
    walk.push([node.value], place)


def _named(walk: _Walk, node: ast.NamedExpr, place: Place) -> None:
    walk.bind(node.target, place, walk.shapes.of(node.value), "=")
    walk.push([node.value], place)


def _alias(walk: _Walk, node: ast.AST, place: Place) -> None:
    name, value = node.name, node.value  # type: ignore[attr-defined]  # ast.TypeAlias exists from Python 3.12 on
    walk.bind(name, place, walk.shapes.of(value), "=")


def _with(walk: _Walk, node: ast.With | ast.AsyncWith, place: Place) -> None:
    for item in node.items:
        if item.optional_vars is not None:
            walk.bind(item.optional_vars, place, walk.shapes.of(item.context_expr), "with")
    walk.block(node.body, place)
    walk.push([item.context_expr for item in node.items], place)


def _if(walk: _Walk, node: ast.If, place: Place) -> None:
    walk.block(node.orelse, place)
    test = walk.shapes.of(node.test)
    if test in {("name", "TYPE_CHECKING"), ("attr", ("name", "typing"), "TYPE_CHECKING")}:
        imports = [part for part in node.body if not isinstance(part, ast.Expr)]
        walk.block(imports, place._replace(imports="typing"))
    elif not is_never(node.test):
        walk.block(node.body, _guarded(walk, node, place))
    walk.push([node.test], place)


def _guarded(walk: _Walk, node: ast.If, place: Place) -> Place:
    """Return where the body of an `if` stands."""
    if place.inner >= 0 and is_now_and_then(node.test, walk.loop_nodes[place.inner]):
        place = place.once_per_loop()
    unset = empty(walk.shapes, node.test, node.body)
    return place if unset is None else place._replace(unset=(*place.unset, unset))


def _and_or(walk: _Walk, node: ast.BoolOp, place: Place) -> None:
    never = next((index for index, value in enumerate(node.values) if is_never(value)), None)
    walk.push(node.values if never is None or isinstance(node.op, ast.Or) else node.values[:never], place)


def _expression(walk: _Walk, node: ast.Expr, place: Place) -> None:
    value = node.value.value if isinstance(node.value, ast.Await) else node.value
    if isinstance(value, ast.Call):
        walk.discarded.add(id(value))
    walk.push([node.value], place)


def _compare(walk: _Walk, node: ast.Compare, place: Place) -> None:
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.In | ast.NotIn):
            walk.tested.append((place.function, walk.shapes.of(right)))
    walk.inside(node, place)


def _handler(walk: _Walk, node: ast.ExceptHandler, place: Place) -> None:
    if walk.shapes.of(node.type) == ("name", "KeyError"):
        walk.guarded.add(place.function)
    walk.inside(node, place)


def _call(walk: _Walk, node: ast.Call, place: Place) -> None:
    _, func, args, keywords = walk.shapes.of(node) if walk.shapes.of(node) != UNKNOWN else ("call", UNKNOWN, (), ())
    if place.unset:
        walk.unset_at[len(walk.calls)] = place.unset
    row = (func, args, keywords, place.loops, None, id(node) in walk.discarded)
    walk.calls.append(
        Call(place.function, *row, node.lineno, node.col_offset)  # type: ignore[arg-type]  # the parts of a call's shape
    )
    walk.inside(node, place)


def _return(walk: _Walk, node: ast.Return | ast.Yield | ast.YieldFrom, place: Place) -> None:
    how = "return" if isinstance(node, ast.Return) else "yield" if isinstance(node, ast.Yield) else "yield from"
    if how != "return":
        walk.generators.add(place.function)
    if node.value is not None:
        row = (place.function, walk.shapes.of(node.value), how, place.loops)
        walk.results.append(Result(*row, node.lineno, node.col_offset))
    walk.push([node.value], place)


def _import(walk: _Walk, node: ast.Import, place: Place) -> None:
    for alias in node.names:
        local = alias.asname or alias.name.split(".")[0]
        module = alias.name if alias.asname else alias.name.split(".")[0]
        walk.imports.append(Import(place.function, local, module, "", 0, place.imports, alias.lineno, alias.col_offset))
        if module != alias.name:
            walk.imports.append(
                Import(place.function, "", alias.name, "", 0, place.imports, alias.lineno, alias.col_offset)
            )


def _import_from(walk: _Walk, node: ast.ImportFrom, place: Place) -> None:
    for alias in node.names:
        local = alias.asname or alias.name
        row = (local, node.module or "", alias.name, node.level, place.imports, alias.lineno, alias.col_offset)
        walk.imports.append(Import(place.function, *row))


_VISITS: dict[type[ast.AST], Callable[..., None]] = {
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _lambda,
    ast.ClassDef: _class,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.NamedExpr: _named,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.If: _if,
    ast.BoolOp: _and_or,
    ast.Expr: _expression,
    ast.Compare: _compare,
    ast.ExceptHandler: _handler,
    ast.Call: _call,
    ast.Return: _return,
    ast.Yield: _return,
    ast.YieldFrom: _return,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
}
if hasattr(ast, "TypeAlias"):
    _VISITS[ast.TypeAlias] = _alias
