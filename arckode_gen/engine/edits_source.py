"""A Python file as lines that keep their bytes, beside the tree that `ast` reads in them."""

from __future__ import annotations

import _ast as ast  # the classes of the tree without the rest of `ast`, which costs more to import than an edit takes
import gc
import io
from codecs import BOM_UTF8
from itertools import groupby

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Final

# The fields of a statement that hold statements, or the handlers and cases that hold them.
BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
_DIGITS = frozenset("0123456789")
_KEPT = 4


class UnreadableError(Exception):
    """The file is no Python that this interpreter can read; the text says why."""


class Source:
    """Lines as ast counts them (a form feed ends none), with their own line ends; `mark` is the byte order mark."""

    __slots__ = ("_statements", "encoding", "lines", "mark", "text", "tree")

    def __init__(self, mark: bytes, encoding: str, text: str, tree: ast.Module) -> None:
        self.mark: Final = mark
        self.encoding: Final = encoding
        self.text: Final = text
        self.lines: Final = tuple(io.StringIO(text, newline=""))
        self.tree: Final = tree
        self._statements: tuple[ast.AST, ...] = ()

    @property
    def statements(self) -> tuple[ast.AST, ...]:
        """The tree's statements, and what holds statements, in order; no expressions, which are most of a tree."""
        self._statements = self._statements or tuple(statements(self.tree))
        return self._statements

    @property
    def end(self) -> str:
        """The line end to write: that of the first line."""
        first = self.lines[0] if self.lines else ""
        return first[len(first.rstrip("\r\n")) :] or "\n"

    def is_blank(self, index: int) -> bool:
        return 0 <= index < len(self.lines) and not self.lines[index].strip()

    def lines_with(self, *words: str) -> list[int]:
        """Return the lines that hold one of some texts."""
        return sorted({at for word in words for at, line in enumerate(self.lines) if word in line})

    def may_say(self, name: str) -> bool:
        """Tell whether a name may stand in the file; letters beyond ASCII are other spellings of some names."""
        return name in self.text or not self.text.isascii()

    def indent(self, node: ast.stmt) -> str | None:
        """Return what stands before a statement on its line, or None when that is code."""
        before = self.lines[first_line(node)].encode()[: _column(node)].decode()
        return None if before.strip() else before

    def own_lines(self, node: ast.stmt) -> str | None:
        """Return the statement's lines when nothing else, not even a comment, stands on them."""
        import ast as whole

        lines = self.lines[first_line(node) : end_line(node)]
        segment = whole.get_source_segment(self.text, node)
        return "".join(lines) if segment is not None and "".join(lines).strip() == segment.strip() else None

    def with_lines(self, at: int, new: Sequence[str], *, drop: int = 0) -> bytes:
        """Return the bytes with lines put before line `at`, in place of `drop` lines; the last line's end stays odd."""
        lines = [*self.lines[:at], *(f"{line}{self.end}" for line in new), *self.lines[at + drop :]]
        if self.lines and not self.lines[-1].endswith(("\n", "\r")):
            stem = [line if line.endswith(("\n", "\r")) else f"{line}{self.end}" for line in lines]
            lines = [*stem[:-1], stem[-1].rstrip("\r\n")] if stem else stem
        return self.mark + "".join(lines).encode(self.encoding)


_read: dict[bytes, Source] = {}


def read(data: bytes) -> Source:
    """Read a file; the text that one edit leaves is the one that the next begins with.

    Raises:
        UnreadableError: the encoding or the syntax is wrong.
    """
    if data in _read:
        return _read[data]
    mark = BOM_UTF8 if data.startswith(BOM_UTF8) else b""
    try:
        encoding = _encoding(data)
        text = data[len(mark) :].decode(encoding)
        tree = parse(text)
    except SyntaxError as error:
        raise UnreadableError(f"line {error.lineno or 1} is no valid Python: {error.msg}") from None
    except (ValueError, LookupError, RecursionError, MemoryError) as error:
        raise UnreadableError(f"it cannot be read: {error}") from None
    while len(_read) >= _KEPT:
        _read.pop(next(iter(_read)))
    _read[data] = Source(mark, encoding, text, tree)
    return _read[data]


def _encoding(data: bytes) -> str:
    """Return the encoding that a file declares in its first two lines (PEP 263); hardly any does."""
    if not any(b"coding" in line for line in data.split(b"\n", 2)[:2]) and data.isascii():
        return "utf-8"
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return "utf-8" if encoding == "utf-8-sig" else encoding


def parse(text: str) -> ast.Module:
    """Parse a text as `ast.parse` does.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it has null bytes.
    """
    collects = gc.isenabled()
    gc.disable()  # a tree is thousands of objects and none of them garbage
    try:
        tree = compile(text, "<unknown>", "exec", ast.PyCF_ONLY_AST)
    finally:
        if collects:
            gc.enable()
    if not isinstance(tree, ast.Module):
        raise TypeError(tree)
    return tree


def first_line(node: ast.stmt) -> int:
    """Return the index of a statement's first line, its decorators included."""
    if isinstance(node, DEFINITIONS) and node.decorator_list:
        return node.decorator_list[0].lineno - 1
    return node.lineno - 1


def end_line(node: ast.stmt) -> int:
    """Return the index of the line after a statement."""
    return node.end_lineno or node.lineno


def _column(node: ast.stmt) -> int:
    if isinstance(node, DEFINITIONS) and node.decorator_list:
        return node.decorator_list[0].col_offset - 1
    return node.col_offset


# What holds no statements and is most of a file.
_SIMPLE = frozenset({ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Return, ast.Pass})


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Walk everything that exists at run time, in order: not the branch under `if TYPE_CHECKING`."""
    return _walk(node, inside=True)


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the statements among these, and what holds statements; no expressions, which are most of a tree."""
    return _walk(node, inside=False)


def _walk(node: ast.AST, *, inside: bool) -> Iterator[ast.AST]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if not inside and type(current) in _SIMPLE:
            continue
        hidden = current.body if isinstance(current, ast.If) and is_type_checking(current.test) else ()
        children: list[ast.AST] = []
        for name in current._fields:
            if not inside and name not in BLOCKS:
                continue
            value = getattr(current, name, None)
            if isinstance(value, ast.AST):
                children.append(value)
            elif isinstance(value, list) and value is not hidden:
                children += [child for child in value if isinstance(child, ast.AST)]
        waiting += reversed(children)


def is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def natural(text: str) -> str:
    """Return what sorts names as ruff's isort does: without regard to case, numbers by their value."""
    text = text.lower()
    if _DIGITS.isdisjoint(text):
        return text
    head = text.rstrip("0123456789")
    if _DIGITS.isdisjoint(head):  # nearly always, and a long root sorts hundreds of names
        return f"{head}{_by_value(text[len(head) :])}"
    runs = ("".join(run) for _, run in groupby(text, _DIGITS.__contains__))
    return "".join(_by_value(run) if run[0] in _DIGITS else run for run in runs)


def _by_value(number: str) -> str:
    """Write a number so that of two the greater sorts later: how long it is comes first."""
    digits = number.lstrip("0")
    return f"0{chr(len(digits))}{digits}"
