"""What names mean in a file: which import or assignment gave them, under whatever alias."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Walk everything that exists at run time, in order: not the branch under `if TYPE_CHECKING`."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        children = list(ast.iter_child_nodes(found))
        if isinstance(found, ast.If) and _is_type_checking(found.test):
            children = [child for child in children if child not in found.body]
        waiting.extend(reversed(children))


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def top_level(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the module is imported: nothing inside functions or classes, nor under TYPE_CHECKING."""
    hidden = tree.body if isinstance(tree, ast.If) and _is_type_checking(tree.test) else []
    for child in ast.iter_child_nodes(tree):
        if child in hidden:
            continue
        yield child
        if not isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            yield from top_level(child)


def imported(nodes: Iterator[ast.AST]) -> dict[str, str]:
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


def assigned(nodes: Iterator[ast.AST]) -> set[str]:
    """Return the names that assignments, definitions and loops give a meaning, but not imports."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return names
