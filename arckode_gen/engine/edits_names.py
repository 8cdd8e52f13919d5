"""What names mean in a file: which import or assignment gave them, under whatever alias."""

from __future__ import annotations

import _ast as ast
from bisect import bisect_left

from arckode_gen.engine.edits_source import BLOCKS, Source, end_line, first_line, is_type_checking, running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_HOLDING = (ast.stmt, ast.Module, ast.ExceptHandler, ast.match_case)


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


def mentions(file: Source, words: Iterable[str]) -> Iterator[ast.AST]:
    """Yield what runs in a file, but only of the statements on whose lines one of the words stands."""
    lines = file.lines_with(*words)
    for statement in file.statements:
        if not isinstance(statement, ast.stmt) or not file.text.isascii() or _stands_on(statement, lines):
            yield from own(statement)


def _stands_on(node: ast.stmt, lines: Sequence[int]) -> bool:
    return bisect_left(lines, first_line(node)) < bisect_left(lines, end_line(node))


def own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a statement and its expressions, without the statements in it."""
    yield node
    for name in node._fields:
        value = getattr(node, name, None)
        if name in BLOCKS and isinstance(node, _HOLDING):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from running(child)


def top_level(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the module is imported: nothing inside functions or classes, nor under TYPE_CHECKING."""
    waiting = list(reversed(_children(tree)))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting += reversed(_children(node))


def _children(node: ast.AST) -> list[ast.AST]:
    hidden = node.body if isinstance(node, ast.If) and is_type_checking(node.test) else ()
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
