"""What names mean in a file: which import or assignment gave them, under whatever alias."""

from __future__ import annotations

import _ast as ast

from arckode_gen.engine.edits_source import BLOCKS, Source, end_line, first_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BLOCKS = frozenset(BLOCKS)


# What holds no statements and is most of a file.
_SIMPLE = frozenset({ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Return, ast.Pass})


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Walk everything that exists at run time, in order: not the branch under `if TYPE_CHECKING`."""
    return _walk(node, inside=True)


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the statements among these, and what holds statements; no expressions, which are most of a tree."""
    return _walk(node, inside=False)


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a node and everything below it, as `ast.walk` does."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        for name in current._fields:
            value = getattr(current, name, None)
            waiting += [
                child for child in (value if isinstance(value, list) else [value]) if isinstance(child, ast.AST)
            ]


def _walk(node: ast.AST, *, inside: bool) -> Iterator[ast.AST]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if not inside and type(current) in _SIMPLE:
            continue
        hidden = current.body if isinstance(current, ast.If) and _is_type_checking(current.test) else ()
        children: list[ast.AST] = []
        for name in current._fields:
            if not inside and name not in _BLOCKS:
                continue
            value = getattr(current, name, None)
            if isinstance(value, ast.AST):
                children.append(value)
            elif isinstance(value, list) and value is not hidden:
                children += [child for child in value if isinstance(child, ast.AST)]
        waiting += reversed(children)


def mentions(file: Source, node: ast.AST, words: Iterable[str]) -> Iterator[ast.AST]:
    """Yield what runs in a file's node, but only of the statements on whose lines one of the words stands."""
    lines = file.lines_with(*words)
    for statement in statements(node):
        if not isinstance(statement, ast.stmt) or not file.text.isascii() or _stands_on(statement, lines):
            yield from own(statement)


def _stands_on(node: ast.stmt, lines: Sequence[int]) -> bool:
    start, stop = first_line(node), end_line(node)
    return any(start <= line < stop for line in lines)


def own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a statement and its expressions, without the statements in it."""
    yield node
    for name in node._fields:
        value = getattr(node, name, None)
        if name in _BLOCKS and isinstance(node, ast.stmt | ast.Module | ast.ExceptHandler | ast.match_case):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child, inside=True)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def top_level(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the module is imported: nothing inside functions or classes, nor under TYPE_CHECKING."""
    waiting = list(reversed(_children(tree)))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting += reversed(_children(node))


def _children(node: ast.AST) -> list[ast.AST]:
    hidden = node.body if isinstance(node, ast.If) and _is_type_checking(node.test) else ()
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list) and value is not hidden:
            found += [child for child in value if isinstance(child, ast.AST)]
    return found


def imported(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Map each imported local name to the full dotted name it stands for; relative ones start with a dot."""
    names: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                names[local] = alias.name if alias.asname else local
        elif isinstance(node, ast.ImportFrom):
            prefix = f"{'.' if node.level else ''}{node.module or ''}"
            for alias in node.names:
                names[alias.asname or alias.name] = f"{prefix}.{alias.name}".replace("..", ".")
    return names


def same(found: str, wanted: str) -> bool:
    """Tell whether two dotted names are one; a relative import is believed to start in the same package."""
    return found == wanted or (found.startswith(".") and wanted.endswith(found))


def dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    """Spell out a name or an attribute through the file's imports; empty when it is something else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value, names)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def assigned(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that assignments, definitions and loops give a meaning, but not imports."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return names
