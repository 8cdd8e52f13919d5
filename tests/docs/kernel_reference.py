"""The reference of the kernel, written from its docstrings: every module, and what each offers."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = "docs/reference/kernel-api.md"
_KERNEL = ROOT / "templates/kernel/kernel"
_WIDEST = 110
_HEAD = """\
# What the kernel offers

Written by `python -m tests.docs.generate` from the docstrings of `src/<package>/kernel/`. A project carries the modules
that it uses; [the kernel](kernel.md) says which task needs which, with examples. What is not here is nobody's but the
kernel's own.
"""


def page() -> str:
    """Return the page: one heading a module, one line for each class, function and method."""
    return "\n".join([_HEAD, *(line for file in sorted(_KERNEL.rglob("*.py")) for line in _module(file))])


def _module(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    offered = [each for each in tree.body if _is_offered(each)]
    if not offered:
        return
    name = ".".join(file.relative_to(_KERNEL).with_suffix("").parts).removesuffix(".__init__")
    yield f"## {name}"
    yield ""
    yield _first(tree)
    yield ""
    for each in offered:
        yield from _told(each, "")
    yield ""


def _told(node: ast.stmt, indent: str) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        yield f"{indent}- `{_class(node)}`: {_first(node)}"
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and _is_offered(inner) and _first(inner):
                yield from _told(inner, f"{indent}  ")
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        said = _first(node)
        yield f"{indent}- `{_function(node)}`{f': {said}' if said else ''}"


def _is_offered(node: ast.stmt) -> bool:
    if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return not node.name.startswith("_")


def _class(node: ast.ClassDef) -> str:
    bases = ", ".join(map(ast.unparse, node.bases))
    return f"{node.name}({bases})" if bases else node.name


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return a signature; one that would not fit into a line leaves out what is optional."""
    before = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    whole = f"{before}{node.name}({ast.unparse(_without_self(node.args))}){returns}"
    return whole if len(whole) <= _WIDEST else f"{before}{node.name}(...){returns}"


def _without_self(given: ast.arguments) -> ast.arguments:
    if not given.args or given.args[0].arg not in {"self", "cls"}:
        return given
    return ast.arguments(
        given.posonlyargs,
        given.args[1:],
        given.vararg,
        given.kwonlyargs,
        given.kw_defaults,
        given.kwarg,
        given.defaults,
    )


def _first(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the first paragraph of a docstring, so that Markdown reads it as text."""
    said = " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())
    pieces = said.split("`")
    pieces[::2] = [piece.replace("<", "\\<").replace("*", "\\*").replace("[", "\\[") for piece in pieces[::2]]
    return "`".join(pieces)
