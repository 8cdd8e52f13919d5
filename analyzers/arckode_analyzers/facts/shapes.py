"""Expressions reduced to plain tuples: what the model needs to resolve names, and nothing that a cache cannot hold.

("name", id)                      ("attr", base, name)           ("call", func, args, ((keyword, value), ...))
("const", value)                  ("item", base, index)          ("slice", has_fixed_end)
("display", kind, elements)       ("dict", keys, values)         ("either", choices)
("star", value)                   ("lambda", line, column)       ("comp", element, (iterated, ...))
("compare", operators, operands)  ("not", value)                 ("binary", operator, left, right)
("format", parts)                 ("other", children)

The parts of a formatted string are constants and the values between them. `a | b` is "either", as in annotations.
"""

from __future__ import annotations

import ast
import marshal
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Shape: TypeAlias = tuple[object, ...]

UNKNOWN: Shape = ("other", ())
_DEEPEST = 60
_WITHOUT_REFERENCES = 2
LONGEST_TEXT = 4000


class Shapes:
    """Builds shapes, each node once, so that chains of calls stay linear.

    Equal shapes are one object: that halves what facts weigh, and what is known of one is known of all.
    """

    def __init__(self) -> None:
        self._known: dict[int, Shape] = {}
        self._names: dict[str, Shape] = {}
        self._same: dict[object, Shape] = {marshal.dumps(UNKNOWN, _WITHOUT_REFERENCES): UNKNOWN}  # type: ignore[arg-type]  # see `_key`
        self._annotations: dict[int, tuple[Shape, Shape]] = {}
        self._depth = 0

    def of(self, node: ast.AST | None) -> Shape:
        """Return the shape of an expression; beyond a depth nobody writes by hand it is unknown."""
        if node is None or self._depth > _DEEPEST:
            return UNKNOWN
        kind = type(node)
        if kind is ast.Name:
            name = node.id  # type: ignore[attr-defined]  # `type` tells faster than `isinstance`, which mypy knows
            named = self._names.get(name)
            if named is None:
                named = self._names[name] = ("name", name)
            return named
        known = self._known.get(id(node))
        if known is not None:
            return known
        self._depth += 1
        if kind is ast.Attribute:  # the commonest kind, looked for before it is built
            base, name = self.of(node.value), node.attr  # type: ignore[attr-defined]  # see above
            key = (id(base), name)
            same = self._same.get(key)
            if same is None:
                same = self._same[key] = ("attr", base, name)
        else:
            found = _BUILDERS.get(kind, _other)(self, node)
            same = self._same.setdefault(_key(found), found)
        self._known[id(node)] = same
        self._depth -= 1
        return same

    def all_of(self, nodes: Iterable[ast.AST | None]) -> tuple[Shape, ...]:
        return tuple(map(self.of, nodes))

    def annotation(self, node: ast.AST | None) -> Shape | None:
        """Return the shape of an annotation, reading the ones written as strings."""
        if node is None:
            return None
        shape = self.of(node)
        known = self._annotations.get(id(shape))
        if known is None:  # the shape is held, so that no other takes over its identity
            known = self._annotations[id(shape)] = (shape, _unquote(shape))
        return known[1]


def _key(shape: Shape) -> object:
    """Return what tells a new shape from others, given that equal shapes inside it are one object already.

    Only two kinds of key begin with a number, an identity; bytes tell 1 from True.
    """
    kind = shape[0]
    if kind == "call":
        _, func, args, keywords = shape
        given = [(name, id(value)) for name, value in keywords] if keywords else ()  # type: ignore[attr-defined]  # pairs
        return (id(func), *map(id, args), None, *given)  # type: ignore[call-overload]  # the arguments are shapes
    if kind == "const" and isinstance(shape[1], str):
        return shape[1]
    return marshal.dumps(shape, _WITHOUT_REFERENCES)  # type: ignore[arg-type]  # plain values, all the way down


def _unquote(shape: Shape) -> Shape:
    match shape:
        case ("const", str(text)):
            try:
                return Shapes().of(ast.parse(text.strip(), mode="eval").body)
            except (SyntaxError, ValueError, RecursionError):
                return UNKNOWN
        case ("item", tuple(base), tuple(index)):
            return ("item", _unquote(base), index if _is_literal(base) else _unquote(index))
        case ("display", str(kind), tuple(elements)):
            return ("display", kind, tuple(_unquote(element) for element in elements))
        case ("either", tuple(elements)):
            return ("either", tuple(_unquote(element) for element in elements))
    return shape


def _is_literal(shape: Shape) -> bool:
    return shape in {("name", "Literal"), ("attr", ("name", "typing"), "Literal")}


def children(shape: Shape) -> Iterator[Shape]:
    """Yield the shapes directly inside a shape."""
    tag = shape[0]
    if tag == "attr":
        yield shape[1]  # type: ignore[misc]  # the base of an attribute is a shape
        return
    if tag == "call" and not shape[3]:
        yield shape[1]  # type: ignore[misc]  # so is what is called
        yield from shape[2]  # type: ignore[misc]  # and every argument
        return
    if tag in _LEAVES:
        return
    pending: list[object] = list(reversed(shape[1:]))
    while pending:
        part = pending.pop()
        if isinstance(part, tuple):
            if part and isinstance(part[0], str) and part[0] in TAGS and is_shape(part):
                yield part
            else:
                pending.extend(reversed(part))


def is_shape(part: tuple[object, ...]) -> bool:
    """Tell a shape from the tuples between shapes, such as `(keyword, value)` pairs."""
    return not (len(part) == 2 and isinstance(part[1], tuple) and part[0] not in _UNARY)


def within(shape: Shape) -> Iterator[Shape]:
    """Yield a shape and everything inside it, outermost first."""
    pending = [shape]
    while pending:
        current = pending.pop()
        yield current
        tag = current[0]
        if tag == "attr":
            pending.append(current[1])  # type: ignore[arg-type]  # the base of an attribute is a shape
        elif tag == "call" and not current[3]:  # the commonest kinds by hand, the others as `children` finds them
            pending.extend(reversed(current[2]))  # type: ignore[call-overload]  # the arguments are shapes
            pending.append(current[1])  # type: ignore[arg-type]  # and so is what is called
        elif tag not in _LEAVES:
            pending.extend(reversed(list(children(current))))


def names_in(shape: Shape) -> frozenset[str]:
    """Return every plain name an expression mentions."""
    return frozenset(str(part[1]) for part in within(shape) if part[0] == "name")


def root_of(shape: Shape) -> Shape:
    """Return the name that a chain of attributes starts from, or the shape itself."""
    while shape[0] == "attr" and isinstance(shape[1], tuple):
        shape = shape[1]
    return shape


def _constant(_: Shapes, node: ast.Constant) -> Shape:
    value = node.value
    if isinstance(value, str):
        return ("const", value[:LONGEST_TEXT])
    return ("const", value) if isinstance(value, int | float | None) else UNKNOWN


def _call(shapes: Shapes, node: ast.Call) -> Shape:
    keywords = tuple((keyword.arg or "**", shapes.of(keyword.value)) for keyword in node.keywords)
    return ("call", shapes.of(node.func), shapes.all_of(node.args), keywords)


def _slice(_: Shapes, node: ast.Slice) -> Shape:
    return ("slice", isinstance(node.upper, ast.Constant))


def _display(shapes: Shapes, node: ast.List | ast.Tuple | ast.Set) -> Shape:
    return ("display", type(node).__name__.lower(), shapes.all_of(node.elts))


def _binary(shapes: Shapes, node: ast.BinOp) -> Shape:
    if isinstance(node.op, ast.BitOr):
        return ("either", shapes.all_of((node.left, node.right)))
    return ("binary", _OPERATORS[type(node.op)], shapes.of(node.left), shapes.of(node.right))


def _compare(shapes: Shapes, node: ast.Compare) -> Shape:
    return ("compare", tuple(_OPERATORS[type(op)] for op in node.ops), shapes.all_of((node.left, *node.comparators)))


def _unary(shapes: Shapes, node: ast.UnaryOp) -> Shape:
    kind = "not" if isinstance(node.op, ast.Not) else "other"
    return (kind, shapes.of(node.operand)) if kind == "not" else (kind, (shapes.of(node.operand),))


def _format(shapes: Shapes, node: ast.JoinedStr) -> Shape:
    return (
        "format",
        tuple(shapes.of(part.value if isinstance(part, ast.FormattedValue) else part) for part in node.values),
    )


def _comprehension(shapes: Shapes, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Shape:
    return ("comp", shapes.of(node.elt), tuple(shapes.of(part.iter) for part in node.generators))


def _other(shapes: Shapes, node: ast.AST) -> Shape:
    inner = (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr | ast.comprehension))
    return ("other", shapes.all_of(inner))


_BUILDERS: dict[type[ast.AST], Callable[..., Shape]] = {
    ast.Call: _call,
    ast.Constant: _constant,
    ast.Subscript: lambda shapes, node: ("item", shapes.of(node.value), shapes.of(node.slice)),
    ast.Slice: _slice,
    ast.List: _display,
    ast.Tuple: _display,
    ast.Set: _display,
    ast.Dict: lambda shapes, node: ("dict", shapes.all_of(node.keys), shapes.all_of(node.values)),
    ast.BoolOp: lambda shapes, node: ("either", shapes.all_of(node.values)),
    ast.IfExp: lambda shapes, node: ("either", shapes.all_of((node.body, node.orelse))),
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    ast.JoinedStr: _format,
    ast.Starred: lambda shapes, node: ("star", shapes.of(node.value)),
    ast.Await: lambda shapes, node: shapes.of(node.value),
    ast.NamedExpr: lambda shapes, node: shapes.of(node.value),
    ast.Lambda: lambda _, node: ("lambda", node.lineno, node.col_offset),
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
}
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.MatMult: "@",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitXor: "^",
}
TAGS = frozenset(
    "name attr call const item slice display dict either star lambda comp compare not binary format other".split()
)
_LEAVES = frozenset({"name", "const", "lambda", "slice"})
_UNARY = frozenset({"star", "either", "not", "format", "other"})
