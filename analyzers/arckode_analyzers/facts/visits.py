"""What each kind of node adds to the records of a file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from arckode_analyzers.facts import newer
from arckode_analyzers.facts.conditions import empty, is_never, is_now_and_then
from arckode_analyzers.facts.records import Call, Class, Function, Import, Parameter, Raise, Read, Result
from arckode_analyzers.facts.shapes import UNKNOWN, Shape
from arckode_analyzers.facts.walk import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arckode_analyzers.facts.walk import Walk


def _function(walk: Walk, node: ast.FunctionDef | ast.AsyncFunctionDef, place: Place) -> None:
    index = len(walk.functions)
    row = (node.name, place.function, place.owner, node.lineno, node.col_offset, _is_stub(node.body), False)
    returns, decorators = walk.shapes.annotation(node.returns), walk.shapes.all_of(node.decorator_list)
    walk.functions.append(Function(*row, returns, decorators, isinstance(node, ast.AsyncFunctionDef)))
    walk.block(node.body, _body(index, place))
    _parameters(walk, node.args, index)
    walk.push([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults], place)


def _lambda(walk: Walk, node: ast.Lambda, place: Place) -> None:
    index = len(walk.functions)
    row = (place.function, place.owner, node.lineno, node.col_offset, False, False)
    walk.functions.append(Function("<lambda>", *row, None, ()))
    walk.results.append(Result(index, walk.shapes.of(node.body), "return", (), node.lineno, node.col_offset))
    walk.push([node.body], _body(index, place))
    _parameters(walk, node.args, index)
    walk.push([*node.args.defaults, *node.args.kw_defaults], place)


def _body(index: int, place: Place) -> Place:
    return Place(function=index, imports="lazy" if place.imports == "runtime" else place.imports)


def _parameters(walk: Walk, args: ast.arguments, function: int) -> None:
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


def _class(walk: Walk, node: ast.ClassDef, place: Place) -> None:
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


def _for(walk: Walk, node: ast.For | ast.AsyncFor, place: Place) -> None:
    kind = "async for" if isinstance(node, ast.AsyncFor) else "for"
    inner = walk.loop(node, kind, node.target, node.iter, place)
    walk.block(node.orelse, place)
    walk.block(node.body, inner)
    walk.push([node.iter], place)


def _while(walk: Walk, node: ast.While, place: Place) -> None:
    inner = walk.loop(node, "while", None, node.test, place)
    walk.block(node.orelse, place)
    if not is_never(node.test):
        walk.block(node.body, inner)
    walk.push([node.test], inner)


def _comprehension(
    walk: Walk, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, place: Place
) -> None:
    results: list[ast.AST] = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    inner = place
    for part in node.generators:
        walk.push([part.iter], inner)
        inner = walk.loop(node, "comprehension", part.target, part.iter, inner)
        for test in part.ifs:
            walk.push([test], inner)
            inner = walk.under("filter", walk.shapes.of(test), test, inner)
    walk.push(results, inner)


def _assign(walk: Walk, node: ast.Assign, place: Place) -> None:
    value = walk.shapes.of(node.value)
    for target in node.targets:
        walk.bind(target, place, value, "=")
    walk.push([node.value], place)


def _annotated(walk: Walk, node: ast.AnnAssign, place: Place) -> None:
    value = None if node.value is None else walk.shapes.of(node.value)
    walk.bind(node.target, place, value, "=", walk.shapes.annotation(node.annotation))
    walk.push([node.value], place)


def _augmented(walk: Walk, node: ast.AugAssign, place: Place) -> None:
    walk.bind(node.target, place, ("other", (walk.shapes.of(node.value),)), "+=")
    walk.push([node.value], place)


def _named(walk: Walk, node: ast.NamedExpr, place: Place) -> None:
    walk.bind(node.target, place, walk.shapes.of(node.value), "=")
    walk.push([node.value], place)


def _alias(walk: Walk, node: ast.AST, place: Place) -> None:
    name, value = node.name, node.value  # type: ignore[attr-defined]  # ast.TypeAlias exists from Python 3.12 on
    walk.bind(name, place, walk.shapes.of(value), "=")


def _with(walk: Walk, node: ast.With | ast.AsyncWith, place: Place) -> None:
    for item in node.items:
        if item.optional_vars is not None:
            walk.bind(item.optional_vars, place, walk.shapes.of(item.context_expr), "with")
    inner = place
    for item in node.items:
        inner = walk.under("with", walk.shapes.of(item.context_expr), item.context_expr, inner, node.body)
    walk.block(node.body, inner)
    walk.push([item.context_expr for item in node.items], place)


def _if(walk: Walk, node: ast.If, place: Place) -> None:
    test = walk.shapes.of(node.test)
    if node.orelse:
        walk.block(node.orelse, walk.under("else", test, node, place, node.orelse))
    if test in {("name", "TYPE_CHECKING"), ("attr", ("name", "typing"), "TYPE_CHECKING")}:
        imports = [part for part in node.body if not isinstance(part, ast.Expr)]
        walk.block(imports, place._replace(imports="typing"))
    elif not is_never(node.test):
        walk.block(node.body, walk.under("if", test, node, _guarded(walk, node, place), node.body))
    walk.push([node.test], place)


def _choice(walk: Walk, node: ast.IfExp, place: Place) -> None:
    test = walk.shapes.of(node.test)
    walk.push([node.orelse], walk.under("otherwise", test, node, place))
    walk.push([node.body], walk.under("then", test, node, place))
    walk.push([node.test], place)


def _match(walk: Walk, node: ast.Match, place: Place) -> None:
    subject = walk.shapes.of(node.subject)
    for case in reversed(node.cases):
        test: Shape = ("other", (subject, *_pattern_values(walk, case.pattern)))
        inner = walk.under("case", test, case.pattern, place, case.body)
        walk.block(case.body, inner)
        walk.push([case.guard], inner)
        walk.inside(case.pattern, inner)
    walk.push([node.subject], place)


def _pattern_values(walk: Walk, pattern: ast.pattern) -> tuple[Shape, ...]:
    return tuple(walk.shapes.of(part.value) for part in ast.walk(pattern) if isinstance(part, ast.MatchValue))


def _try(walk: Walk, node: ast.Try, place: Place) -> None:
    if node.finalbody:
        walk.block(node.finalbody, walk.under("finally", UNKNOWN, node, place, node.finalbody))
    walk.block(node.orelse, place)
    walk.push(node.handlers, place)
    walk.block(node.body, walk.under("try", UNKNOWN, node, place, node.body))


def _assert(walk: Walk, node: ast.Assert, place: Place) -> None:
    walk.under("assert", walk.shapes.of(node.test), node, place)
    walk.push([node.test, node.msg], place)


def _raise(walk: Walk, node: ast.Raise, place: Place) -> None:
    value = None if node.exc is None else walk.shapes.of(node.exc)
    walk.raises.append(Raise(place.function, value, place.blocks, node.lineno, node.col_offset))
    walk.push([node.exc, node.cause], place)


def _delete(walk: Walk, node: ast.Delete, place: Place) -> None:
    """Record `del rows[key]` as the call that it is."""
    for target in node.targets:
        if isinstance(target, ast.Subscript):
            func: Shape = ("attr", walk.shapes.of(target.value), "__delitem__")
            row = (func, (walk.shapes.of(target.slice),), (), place.loops, None, True)
            walk.calls.append(Call(place.function, *row, target.lineno, target.col_offset, place.blocks))
    walk.inside(node, place)


def _subscript(walk: Walk, node: ast.Subscript, place: Place) -> None:
    if isinstance(node.ctx, ast.Load) and not isinstance(node.slice, ast.Constant | ast.Slice):
        _imply(walk, node, (walk.shapes.of(node.value), "__getitem__", walk.shapes.of(node.slice)), place)
    walk.inside(node, place)


def _imply(walk: Walk, node: ast.expr, parts: tuple[Shape, str, Shape], place: Place) -> None:
    owner, method, given = parts
    row = (("attr", owner, method), (given,), (), place.loops, None, False)
    walk.implied.append(Call(place.function, *row, node.lineno, node.col_offset, place.blocks))


def _attribute(walk: Walk, node: ast.Attribute, place: Place) -> None:
    if id(node) not in walk.called:
        if id(node) not in walk.parts:
            row = (place.function, walk.shapes.of(node), place.loops, place.blocks)
            walk.reads.append(Read(*row, node.lineno, node.col_offset))
        walk.parts.add(id(node.value))
    walk.push([node.value], place)


def _guarded(walk: Walk, node: ast.If, place: Place) -> Place:
    """Return where the body of an `if` stands."""
    if place.inner >= 0 and is_now_and_then(node.test, walk.loop_nodes[place.inner]):
        place = place.once_per_loop()
    unset = empty(walk.shapes, node.test, node.body)
    return place if unset is None else place._replace(unset=(*place.unset, unset))


def _and_or(walk: Walk, node: ast.BoolOp, place: Place) -> None:
    never = next((index for index, value in enumerate(node.values) if is_never(value)), None)
    walk.push(node.values if never is None or isinstance(node.op, ast.Or) else node.values[:never], place)


def _expression(walk: Walk, node: ast.Expr, place: Place) -> None:
    value = node.value.value if isinstance(node.value, ast.Await) else node.value
    if isinstance(value, ast.Call):
        walk.discarded.add(id(value))
    walk.push([node.value], place)


def _compare(walk: Walk, node: ast.Compare, place: Place) -> None:
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.In | ast.NotIn):
            walk.tested.append((place.function, walk.shapes.of(right)))
            if not isinstance(right, ast.List | ast.Tuple | ast.Set | ast.Constant):
                _imply(walk, node, (walk.shapes.of(right), "__contains__", walk.shapes.of(node.left)), place)
    walk.inside(node, place)


def _handler(walk: Walk, node: ast.ExceptHandler, place: Place) -> None:
    if walk.shapes.of(node.type) == ("name", "KeyError"):
        walk.guarded.add(place.function)
    walk.push([node.type], place)
    walk.block(node.body, walk.under("except", walk.shapes.of(node.type), node, place, node.body))


def _call(walk: Walk, node: ast.Call, place: Place) -> None:
    shape = walk.shapes.of(node)
    _, func, args, keywords = ("call", UNKNOWN, (), ()) if shape is UNKNOWN else shape
    if place.unset:
        walk.unset_at[len(walk.calls)] = place.unset
    row = (func, args, keywords, place.loops, None, id(node) in walk.discarded)
    walk.calls.append(
        Call(place.function, *row, node.lineno, node.col_offset, place.blocks)  # type: ignore[arg-type]  # the parts of a call's shape
    )
    walk.called.add(id(node.func))
    if node.keywords:
        walk.push([keyword.value for keyword in node.keywords], place)
    if node.args:
        walk.push(node.args, place)
    walk.push((node.func,), place)


def _return(walk: Walk, node: ast.Return | ast.Yield | ast.YieldFrom, place: Place) -> None:
    how = "return" if isinstance(node, ast.Return) else "yield" if isinstance(node, ast.Yield) else "yield from"
    if how != "return":
        walk.generators.add(place.function)
    if node.value is not None:
        row = (place.function, walk.shapes.of(node.value), how, place.loops)
        walk.results.append(Result(*row, node.lineno, node.col_offset, place.blocks))
    walk.push([node.value], place)


def _import(walk: Walk, node: ast.Import, place: Place) -> None:
    for alias in node.names:
        local = alias.asname or alias.name.split(".")[0]
        module = alias.name if alias.asname else alias.name.split(".")[0]
        row = ("", 0, place.imports, alias.lineno, alias.col_offset, walk.is_tried(place))
        walk.imports.append(Import(place.function, local, module, *row))
        if module != alias.name:
            walk.imports.append(Import(place.function, "", alias.name, *row))


def _import_from(walk: Walk, node: ast.ImportFrom, place: Place) -> None:
    for alias in node.names:
        local = alias.asname or alias.name
        row = (local, node.module or "", alias.name, node.level, place.imports, alias.lineno, alias.col_offset)
        walk.imports.append(Import(place.function, *row, walk.is_tried(place)))


VISITS: dict[type[ast.AST], Callable[..., None]] = {
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
    ast.IfExp: _choice,
    ast.Match: _match,
    ast.Try: _try,
    ast.Assert: _assert,
    ast.Raise: _raise,
    ast.Attribute: _attribute,
    ast.BoolOp: _and_or,
    ast.Expr: _expression,
    ast.Compare: _compare,
    ast.ExceptHandler: _handler,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Delete: _delete,
    ast.Return: _return,
    ast.Yield: _return,
    ast.YieldFrom: _return,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
}
if hasattr(ast, "TryStar"):
    VISITS[ast.TryStar] = _try
VISITS[getattr(ast, "TypeAlias", newer.TypeAlias)] = _alias
