"""What an `if` says about how often its body runs: never, once, or once in many turns of a loop."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from arckode_analyzers.facts.shapes import Shape, Shapes

_GROWS = frozenset({"append", "appendleft", "add", "extend"})
_LEAVES = (ast.Return, ast.Raise, ast.Continue)


def is_never(test: ast.expr) -> bool:
    """Tell whether a condition is written to fail: `False`, `0`, `not True`, `False and x`."""
    match test:
        case ast.Constant(value=value):
            return not value
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
            return bool(value)
        case ast.BoolOp(op=ast.And(), values=values):
            return any(map(is_never, values))
    return False


def empty(shapes: Shapes, test: ast.expr, body: Sequence[ast.stmt] = ()) -> Shape | None:
    """Return what a condition says holds nothing yet: `x is None`, `not x`, `not hasattr(x, "y")`.

    `x is None or is_stale()` counts too, unless the other half asks for what the body then loads: that is another row.
    """
    match test:
        case ast.BoolOp(op=ast.Or(), values=[first, *others]):
            holder = empty(shapes, first)
            asked = {name for other in others for name in _names(other)} - _names(first)
            loaded = {name for statement in body for call in _calls(statement) for name in _names(call)}
            return None if asked & loaded else holder
        case ast.Compare(left=left, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None)]):
            return _holder(shapes, left)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return filled(shapes, operand)
    return None


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (part for part in ast.walk(node) if isinstance(part, ast.Call))


def filled(shapes: Shapes, test: ast.expr) -> Shape | None:
    """Return what a condition says holds something: `x`, `x is not None`, `hasattr(x, "y")`."""
    match test:
        case ast.Compare(left=left, ops=[ast.IsNot() | ast.NotEq()], comparators=[ast.Constant(value=None)]):
            return _holder(shapes, left)
        case ast.Call(func=ast.Name(id="hasattr"), args=[owner, ast.Constant(value=str(name))]):
            return ("attr", shapes.of(owner), name)
    return _holder(shapes, test)


def filled_already(shapes: Shapes, node: ast.stmt) -> Shape | None:
    """Return what the statements after this one know to be empty: `if x: return x` lets only the other case pass."""
    match node:
        case ast.If(test=test, body=[*_, last], orelse=[]) if isinstance(last, _LEAVES):
            return filled(shapes, test)
    return None


def _holder(shapes: Shapes, node: ast.expr) -> Shape | None:
    return shapes.of(node) if isinstance(node, ast.Name | ast.Attribute) else None


def is_now_and_then(test: ast.expr, loop: ast.AST) -> bool:
    """Tell whether a condition lets one of many turns pass: a full buffer, every n-th row.

    The buffer must grow in this loop and the number must count its turns; a property of the row itself proves nothing.
    """
    match test:
        case ast.BoolOp(values=values):
            return any(is_now_and_then(value, loop) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _is_remainder(operand, loop)
        case ast.Compare(left=ast.Call(func=ast.Name(id="len"), args=[buffer]), ops=[ast.GtE() | ast.Gt() | ast.Eq()]):
            return _grows(buffer, loop)
        case ast.Compare(left=ast.Name(id=name), ops=[ast.GtE() | ast.Gt() | ast.Eq()]):
            return name in _counters(loop) and name in _reset(loop)
        case ast.Compare(left=left):
            return _is_remainder(left, loop)
    return False


def waits_for_more(node: ast.stmt, loop: ast.AST) -> bool:
    """Tell whether a statement ends most turns before what follows: `if len(buffer) < 500: continue`."""
    match node:
        case ast.If(test=test, body=[*_, ast.Continue()], orelse=[]):
            match test:
                case ast.Compare(left=ast.Call(func=ast.Name(id="len"), args=[buffer]), ops=[ast.Lt() | ast.LtE()]):
                    return _grows(buffer, loop)
                case ast.Compare(left=left, ops=[ast.NotEq()]):
                    return _is_remainder(left, loop)
            return _is_remainder(test, loop)
    return False


def _is_remainder(node: ast.expr, loop: ast.AST) -> bool:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mod):
        return False
    names = {part.id for part in ast.walk(node.left) if isinstance(part, ast.Name)}
    return bool(names) and names <= _counters(loop)


def _counters(loop: ast.AST) -> set[str]:
    """Return the names that count turns: `for n, x in enumerate(...)`, or `n += 1` in the loop."""
    found = {
        part.target.id for part in _parts(loop) if isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name)
    }
    match loop:
        case (
            ast.For(target=ast.Tuple(elts=[ast.Name(id=name), *_]), iter=ast.Call(func=func))
            | ast.AsyncFor(target=ast.Tuple(elts=[ast.Name(id=name), *_]), iter=ast.Call(func=func))
        ) if getattr(func, "id", getattr(func, "attr", "")) == "enumerate":
            found.add(name)
    return found


def _reset(loop: ast.AST) -> set[str]:
    return {
        target.id
        for part in _parts(loop)
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant)
        for target in part.targets
        if isinstance(target, ast.Name)
    }


def _grows(buffer: ast.expr, loop: ast.AST) -> bool:
    wanted = ast.dump(buffer)
    return any(ast.dump(part) == wanted for part in _grown(loop))


def _grown(loop: ast.AST) -> Iterator[ast.expr]:
    for part in _parts(loop):
        match part:
            case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _GROWS:
                yield value
            case ast.Assign(targets=[ast.Subscript(value=value)]):
                yield value
            case ast.AugAssign(target=ast.Name(id=name)):
                yield ast.Name(name, ast.Load())


def _parts(loop: ast.AST) -> Iterable[ast.AST]:
    return (part for statement in getattr(loop, "body", ()) for part in ast.walk(statement))
