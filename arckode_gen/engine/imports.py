"""Adds to generated Python the imports that it uses, in isort's sections and order.

A template writes its docstring and its code; which names need an import is read from the code itself, so no list of
imports has to be kept in step with it.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from arckode_gen.engine.known_names import COMMON
from arckode_gen.engine.layout import LINE_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def with_imports(source: str, known: Mapping[str, str], package: str) -> str:
    """Insert the imports of every known name that the source uses and does not define, after its docstring.

    `known` adds to the common names (name -> module); `package` is the project's, where the kernel lives.
    """
    tree = ast.parse(source)
    end = tree.body[0].end_lineno or 0
    table = {**COMMON, **known}
    used = sorted(_used(tree) & table.keys())
    pairs = [(_absolute(table[name], package), name) for name in used]
    lines = source.splitlines(keepends=True)
    block = import_block(pairs, (package, "tests"))
    head, rest = "".join(lines[:end]), "".join(lines[end:])
    return f"{head}\n{block}\n{rest}" if block else source


def import_block(pairs: Iterable[tuple[str, str]], first_party: Iterable[str]) -> str:
    """Write (module, name) pairs as import statements; the name of a module that starts with `=` does not matter."""
    own = frozenset(first_party)
    sections: dict[int, dict[str, set[str]]] = {}
    for module, name in pairs:
        sections.setdefault(_section(module, own), {}).setdefault(module, set()).add(name)
    return "\n\n".join(_section_text(sections[number]) for number in sorted(sections))


def order_names(names: Iterable[str]) -> list[str]:
    """Order names as isort does: CONSTANTS, then Classes, then functions."""
    return sorted(set(names), key=lambda name: (_kind(name), name.lower(), name))


def order_exports(names: Iterable[str]) -> list[str]:
    """Order the names of `__all__` as ruff does: as imports, but with capital letters first."""
    return sorted(set(names), key=lambda name: (_kind(name), name))


def _used(tree: ast.Module) -> set[str]:
    defined = {
        node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assigned = (node.targets for node in tree.body if isinstance(node, ast.Assign))
    defined |= {target.id for targets in assigned for target in targets if isinstance(target, ast.Name)}
    loaded = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    return ({node.id for node in loaded} | _exported(tree)) - defined


def _exported(tree: ast.Module) -> set[str]:
    """Return the names in `__all__`, which are texts and used all the same."""
    lists = (
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    return {name for value in lists for name in ast.literal_eval(value)}


def _absolute(module: str, package: str) -> str:
    return f"{package}.kernel{module}" if module.startswith(".") else module


def _section(module: str, first_party: frozenset[str]) -> int:
    top = module.removeprefix("=").partition(".")[0].partition(" ")[0]
    if top in first_party:
        return 2
    return 0 if top in sys.stdlib_module_names else 1


def _section_text(modules: Mapping[str, set[str]]) -> str:
    whole = [f"import {module[1:]}" for module in modules if module.startswith("=")]
    parts = [_from(module, names) for module, names in sorted(modules.items()) if not module.startswith("=")]
    return "\n".join((*sorted(whole), *parts))


def _from(module: str, names: Iterable[str]) -> str:
    ordered = order_names(names)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= LINE_LENGTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"


def _kind(name: str) -> int:
    if name.isupper() and len(name) > 1:
        return 0
    return 1 if name[:1].isupper() else 2
