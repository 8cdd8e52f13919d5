"""The checksum of what a migration does; comments, white space and the way back do not count."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from arckode_gen.migrations.sqltext import normalised
from arckode_gen.migrations.steps import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.migration import Migration
    from arckode_gen.migrations.steps import Step

_VERSION = "1"


def checksum(migration: Migration, up: Step, dialect: Dialect) -> str:
    """Return the checksum of the `up` side on one database; the prefix names this recipe."""
    if isinstance(up, Script):
        parts = [normalised(statement.text, dialect) for statement in up.statements]
    else:
        parts = list(_loud_python(migration.source.text))
    return f"{_VERSION}:{sha256(chr(0).join(parts).encode()).hexdigest()}"


def _loud_python(text: str) -> Iterator[str]:
    """Yield the tokens of a Python file but comments, blank lines, its docstring and `down`.

    F-strings are taken as one piece of source, because Python 3.12 began to cut them into tokens.
    """
    import tokenize

    skipped, lines = _lines_of_down(text), text.splitlines(keepends=True)
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
    layout = {tokenize.NEWLINE: "\n", tokenize.INDENT: "\t", tokenize.DEDENT: "\b"}
    openers = {getattr(tokenize, name, -1) for name in ("FSTRING_START", "TSTRING_START")} - {-1}
    closers = {getattr(tokenize, name, -1) for name in ("FSTRING_END", "TSTRING_END")} - {-1}
    depth, began = 0, (0, 0)
    for token in tokenize.generate_tokens(iter(lines).__next__):
        if token.type in silent or token.start[0] in skipped:
            continue
        if token.type in openers:
            depth, began = depth + 1, began if depth else token.start
        elif token.type in closers:
            depth -= 1
            if not depth:
                yield _between(lines, began, token.end)
        elif not depth:
            yield layout.get(token.type, token.string)


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    taken = lines[start[0] - 1 : end[0]]
    taken[-1] = taken[-1][: end[1]]
    taken[0] = taken[0][start[1] :]
    return "".join(taken)


def _lines_of_down(text: str) -> frozenset[int]:
    import ast

    body = ast.parse(text).body
    silent: list[ast.stmt] = [
        node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "down"
    ]
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        silent.append(body[0])
    return frozenset(line for node in silent for line in range(node.lineno, (node.end_lineno or node.lineno) + 1))
