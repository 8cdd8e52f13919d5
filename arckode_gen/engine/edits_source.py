"""A Python file as lines that keep their bytes, beside the tree that `ast` reads in them."""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BLOCKS = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})


@dataclass(frozen=True, slots=True)
class Inserted:
    """The file's new bytes."""

    text: bytes


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The file says it already, perhaps in other words."""


@dataclass(frozen=True, slots=True)
class CannotInsert:
    """Why the edit has no safe place, and the lines for a person to paste."""

    reason: str
    patch: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The file's new bytes."""

    text: bytes


@dataclass(frozen=True, slots=True)
class AlreadyGone:
    """Nothing of it is in the file."""


@dataclass(frozen=True, slots=True)
class CannotRemove:
    """Why the lines stay, and which they are."""

    reason: str
    patch: str


Insertion = Inserted | AlreadyThere | CannotInsert
Removal = Removed | AlreadyGone | CannotRemove


class UnreadableError(Exception):
    """The file is no Python that this interpreter can read; the text says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """Lines as ast counts them (a form feed ends none), with their own line ends; `mark` is the byte order mark."""

    mark: bytes
    encoding: str
    lines: tuple[str, ...]
    tree: ast.Module

    @property
    def text(self) -> str:
        return "".join(self.lines)

    @property
    def end(self) -> str:
        """The line end to write: that of the first line."""
        found = re.search(r"\r\n|\r|\n", self.lines[0]) if self.lines else None
        return found[0] if found else "\n"

    def is_blank(self, index: int) -> bool:
        return 0 <= index < len(self.lines) and not self.lines[index].strip()

    def indent(self, node: ast.stmt) -> str | None:
        """Return what stands before a statement on its line, or None when that is code."""
        before = self.lines[first_line(node)].encode()[: _column(node)].decode()
        return None if before.strip() else before

    def own_lines(self, node: ast.stmt) -> str | None:
        """Return the statement's lines when nothing else, not even a comment, stands on them."""
        lines = self.lines[first_line(node) : end_line(node)]
        segment = ast.get_source_segment(self.text, node)
        return "".join(lines) if segment is not None and "".join(lines).strip() == segment.strip() else None

    def with_lines(self, at: int, new: Sequence[str], *, drop: int = 0) -> bytes:
        """Return the bytes with lines put before line `at`, in place of `drop` lines; the last line's end stays odd."""
        lines = [*self.lines[:at], *(f"{line}{self.end}" for line in new), *self.lines[at + drop :]]
        if self.lines and not self.lines[-1].endswith(("\n", "\r")):
            stem = [line if line.endswith(("\n", "\r")) else f"{line}{self.end}" for line in lines]
            lines = [*stem[:-1], stem[-1].rstrip("\r\n")] if stem else stem
        return self.mark + "".join(lines).encode(self.encoding)


def read(data: bytes) -> Source:
    """Read a file.

    Raises:
        UnreadableError: the encoding or the syntax is wrong.
    """
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    rest = data[len(mark) :]
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        text = rest.decode(encoding)
        tree = ast.parse(text)
    except SyntaxError as error:
        raise UnreadableError(f"line {error.lineno or 1} is no valid Python: {error.msg}") from None
    except (ValueError, LookupError, RecursionError, MemoryError) as error:
        raise UnreadableError(f"it cannot be read: {error}") from None
    return Source(mark, encoding, tuple(_LINES.findall(text)), tree)


def first_line(node: ast.stmt) -> int:
    """Return the index of a statement's first line, its decorators included."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.decorator_list:
        return node.decorator_list[0].lineno - 1
    return node.lineno - 1


def end_line(node: ast.stmt) -> int:
    """Return the index of the line after a statement."""
    return node.end_lineno or node.lineno


def _column(node: ast.stmt) -> int:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.decorator_list:
        return node.decorator_list[0].col_offset - 1
    return node.col_offset


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def adds_only(before: Source, after: bytes, added: int = 1) -> bool:
    """Tell whether the file still says all it said, in order, and exactly so many statements more."""
    try:
        file = read(after)
    except UnreadableError:
        return False
    old, new = list(_statements(before, before.tree)), list(_statements(file, file.tree))
    rest = iter(new)
    return len(new) == len(old) + added and all(statement in rest for statement in old)


def _statements(file: Source, node: ast.AST) -> Iterator[tuple[str, ...]]:
    """Walk statements in order, as their own lines: headers without their blocks, imports one name at a time.

    Equal lines under equal headers are equal trees, and comparing them costs much less than dumping trees.
    """
    for name, value in ast.iter_fields(node):
        if name not in _BLOCKS or not isinstance(value, list):
            continue
        yield (name,)
        for child in value:
            if isinstance(child, ast.Import | ast.ImportFrom):
                module = f"{'.' * child.level}{child.module or ''}" if isinstance(child, ast.ImportFrom) else ""
                yield from (("import", module, alias.name, alias.asname or "") for alias in child.names)
            else:
                yield (type(child).__name__, *_own(file, child))
                yield from _statements(file, child)


def _own(file: Source, node: ast.AST) -> Iterator[str]:
    """Yield the lines from a statement's first to the one before its block and the comments over that."""
    start, stop = _extent(node)
    inner = [_extent(child)[0] for name in _BLOCKS for child in getattr(node, name, None) or []]
    last = max(min(inner), start + 1) if inner else stop
    while last - 1 > start and inner and file.lines[last - 1].strip()[:1] in {"", "#"}:
        last -= 1
    yield from (line.rstrip("\r\n") for line in file.lines[start:last])


def _extent(node: ast.AST) -> tuple[int, int]:
    if isinstance(node, ast.stmt):
        return first_line(node), end_line(node)
    if isinstance(node, ast.match_case):
        return node.pattern.lineno - 1, node.pattern.lineno
    start = getattr(node, "lineno", 1) - 1
    return start, start + 1


def natural(text: str) -> tuple[tuple[int, int], ...]:
    """Order names as ruff's isort does: without regard to case, numbers by their value."""
    parts = re.findall(r"\d+|\D", text.lower())
    return tuple((ord("0"), int(part)) if part.isdigit() else (ord(part), 0) for part in parts)
