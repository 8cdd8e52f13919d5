"""Which lines, comments and blank ones among them, come and go with a statement."""

from __future__ import annotations

import _ast as ast

from arckode_gen.engine.edits_source import end_line, first_line, is_docstring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_gen.engine.edits_source import Source


def above_comments(file: Source, at: int) -> int:
    """Return the line above the comments that belong to line `at`; a shebang and a coding line stay first."""
    while at > 0 and file.lines[at - 1].lstrip().startswith("#") and not _is_leading(file.lines[at - 1]):
        at -= 1
    return at


def _is_leading(comment: str) -> bool:
    return comment.startswith("#!") or (comment.startswith("#") and ("coding:" in comment or "coding=" in comment))


def without_statement(file: Source, node: ast.stmt) -> bytes:
    """Delete a statement's lines, and the blank lines that came with it when it was put in."""
    at, stop = first_line(node), end_line(node)
    body = file.tree.body
    if body == [node]:
        return file.with_lines(at, [], drop=stop - at)
    index = body.index(node) if node in body else None
    if index == 0:
        stop += _blanks_before(file, body[1], stop)
    elif file.is_blank(at - 1):
        at -= file.is_blank(stop) or stop >= len(file.lines) or _ends_the_imports(body, index)
    elif index is not None and not isinstance(body[index - 1], ast.Import | ast.ImportFrom):
        stop += file.is_blank(stop) and any(is_relative(other) for other in body[index + 1 : index + 2])
    return file.with_lines(at, [], drop=stop - at)


def _blanks_before(file: Source, node: ast.stmt, at: int) -> int:
    """Count the blank lines from `at` on that an import on top of the file is set apart with."""
    wide = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and file.is_blank(at + 1)
    return file.is_blank(at) * (2 if wide else 1)


def _ends_the_imports(body: Sequence[ast.stmt], index: int | None) -> bool:
    """Tell whether a statement is the last line of the file's head: under the docstring or imports, above code."""
    if index is None:
        return False
    above, below = body[index - 1], body[index + 1 : index + 2]
    head = is_docstring(above) or isinstance(above, ast.Import | ast.ImportFrom)
    return head and not any(isinstance(other, ast.Import | ast.ImportFrom) for other in below)


def is_relative(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.level > 0
