"""Syntax newer than the running Python, read by rewriting it: same tree, same lines, same columns.

Covers unparenthesised `except A, B:` (PEP 758), type parameters and `type X = ...` (PEP 695, 696), formatted strings
whose code holds quotes, backslashes, comments or line ends (PEP 701) and template strings (PEP 750). What is written
differently is put back into the tree afterwards, so that an older Python yields the facts a newer one would.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.facts.scan import Part, Token, UnreadableError, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FORMAT, _TEMPLATE, _VALUE, _TYPE = (
    "__arckode_format__",
    "__arckode_template__",
    "__arckode_value__",
    "__arckode_type__",
)


class TypeAlias(ast.stmt):
    """`type X = ...` where `ast` has no node for it."""

    _fields = ("name", "value")


class TemplateStr(ast.expr):
    """`t"..."`, likewise."""

    _fields = ("values",)


class Interpolation(ast.expr):
    """An expression in a template string, likewise."""

    _fields = ("value", "format_spec")


class Edit(NamedTuple):
    """What replaces a stretch of the text."""

    start: int
    end: int
    text: str


def parse(source: bytes) -> tuple[ast.Module, bytes]:
    """Return the tree of a file that `ast` refused, and text with the same comments that this Python's tokens fit.

    Raises:
        SyntaxError: no newer Python reads it either, as far as is known here.
    """
    text = _decoded(source)
    try:
        found = tokens(text)
    except UnreadableError:
        raise SyntaxError("invalid syntax") from None
    few = [*statements(found)]
    for edits in (few, in_order([*few, *strings(text, found)])):
        try:
            tree = ast.parse(applied(text, edits))
        except SyntaxError as error:
            problem = error
        else:
            restore(tree, Places(text, edits))
            return tree, _without_code_in_strings(text, found).encode()
    raise problem


def in_order(edits: list[Edit]) -> list[Edit]:
    """Sort by place; what is inserted at one place stays in the order it was asked for."""
    return sorted(edits, key=lambda edit: (edit.start, edit.end))


def _decoded(source: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    try:
        text = source.decode(encoding)
    except UnicodeDecodeError:
        raise SyntaxError(f"it is not {encoding}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def applied(text: str, edits: Sequence[Edit]) -> str:
    pieces, at = [], 0
    for edit in edits:
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join((*pieces, text[at:]))


# Statements


def statements(found: Sequence[Token]) -> Iterator[Edit]:
    """Yield what makes newer statements plain ones."""
    is_first = True
    for index, token in enumerate(found):
        if token.kind == "name":
            if token.text in {"def", "class"}:
                yield from _without_parameters(found, index + 1)
            elif is_first and token.text == "except":
                yield from _parenthesised(found, index + 1)
            elif is_first and token.text == "type":
                yield from _alias(found, index)
        is_first = token.kind == "end" or (token.text in {":", ";"} and not token.depth)


def _without_parameters(found: Sequence[Token], name: int) -> Iterator[Edit]:
    """Yield what removes the `[...]` behind the name of a function, class or alias."""
    if name + 1 < len(found) and found[name].kind == "name" and found[name + 1].text == "[":
        opening = found[name + 1]
        closing = next((each for each in found[name + 2 :] if each.text == "]" and each.depth == opening.depth), None)
        if closing is not None:
            yield Edit(opening.start, closing.end, "")


def _parenthesised(found: Sequence[Token], first: int) -> Iterator[Edit]:
    if first < len(found) and found[first].text == "*":
        first += 1
    depth = found[first].depth if first < len(found) else 0
    clause: list[Token] = []
    for token in found[first:]:
        if token.kind == "end" or (token.text == ":" and token.depth == depth):
            break
        clause.append(token)
    words = {token.text for token in clause if token.depth == depth}
    if "," in words and "as" not in words:
        yield Edit(clause[0].start, clause[0].start, "(")
        yield Edit(clause[-1].end, clause[-1].end, ")")


def _alias(found: Sequence[Token], word: int) -> Iterator[Edit]:
    if word + 2 >= len(found) or found[word + 1].kind != "name" or found[word + 2].text not in {"=", "["}:
        return
    yield Edit(found[word].start, found[word + 1].start, "")
    yield from _without_parameters(found, word + 1)
    equals = next((each for each in found[word + 2 :] if each.text == "=" and each.depth == found[word].depth), None)
    if equals is not None:
        yield Edit(equals.start, equals.start, f": {_TYPE} ")


# Formatted strings


def strings(text: str, found: Sequence[Token]) -> Iterator[Edit]:
    """Yield what makes formatted strings calls, the ones inside their expressions included."""
    for group in _adjacent(found):
        if any(token.parts is not None for token in group):
            is_template = any(_is_template(token) for token in group)
            yield Edit(group[0].start, group[0].start, f"{_TEMPLATE if is_template else _FORMAT}(")
            for token in group:
                yield from _formatted(text, token)
            yield Edit(group[-1].end, group[-1].end, ")")


def _adjacent(found: Sequence[Token]) -> Iterator[list[Token]]:
    group: list[Token] = []
    for token in found:
        if token.kind == "string":
            group.append(token)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _is_template(token: Token) -> bool:
    return "t" in token.text.partition(token.quote)[0].lower()


def _formatted(text: str, token: Token) -> Iterator[Edit]:
    if token.parts is None:
        yield Edit(token.end, token.end, ",")
        return
    opening = token.text.index(token.quote) + len(token.quote)
    yield Edit(token.start, token.start + opening, "")
    yield from _parts(text, token.parts, token)
    yield Edit(token.end - len(token.quote), token.end, "")


def _parts(text: str, parts: Sequence[Part], token: Token) -> Iterator[Edit]:
    for part in parts:
        if not part.is_code:
            yield Edit(part.start, part.end, f"{_literal(text[part.start : part.end], is_raw=token.is_raw)!r},")
            continue
        shown = f"{text[part.start : part.end] + '='!r}," if part.shows_itself else ""
        yield Edit(part.start - 1, part.start, f"{shown}{_VALUE}((")
        yield from strings(text, part.tokens)
        yield from _behind(text, part, token)


def _behind(text: str, part: Part, token: Token) -> Iterator[Edit]:
    """Yield what replaces the rest of a replacement field: conversion, format and brace."""
    if not part.format:
        yield Edit(part.end, _closing(text, part.end), "),),")
        return
    first, last = part.format[0], part.format[-1]
    start = first.start - 1 if first.is_code else first.start
    yield Edit(part.end, start, f"),{_FORMAT}(")
    yield from _parts(text, part.format, token)
    end = _closing(text, last.end) if last.is_code else last.end
    yield Edit(end, text.index("}", end) + 1, ")),")


def _closing(text: str, at: int) -> int:
    return text.index("}", at) + 1


def _literal(body: str, *, is_raw: bool) -> str:
    body = body.replace("{{", "{").replace("}}", "}")
    if is_raw or "\\" not in body:
        return body
    escaped = re.sub(r'(\\.)|"', lambda match: match[1] or '\\"', body, flags=re.DOTALL)
    return str(ast.literal_eval(f'"""{escaped}"""'))


def _without_code_in_strings(text: str, found: Sequence[Token]) -> str:
    """Return the text with formatted strings blanked, which the tokens of an older Python would trip over."""
    edits = (
        Edit(token.start, token.end, prefix + token.quote + re.sub(r"[^\n]", "x", body) + token.quote)
        for token in found
        if token.parts is not None
        for prefix in (token.text.partition(token.quote)[0].replace("t", "f"),)
        for body in (token.text[len(prefix) + len(token.quote) : -len(token.quote)],)
    )
    return applied(text, [*edits])


# The tree


class Places:
    """Where each position of the rewritten text was in the file."""

    def __init__(self, text: str, edits: Sequence[Edit]) -> None:
        self._new = applied(text, edits)
        self._new_lines = _line_starts(self._new)
        self._old, self._old_lines = text, _line_starts(text)
        self._steps: list[tuple[int, int]] = [(0, 0)]
        self._inserted: list[tuple[int, int]] = []
        shift = 0
        for edit in edits:
            start = edit.start + shift
            self._inserted.append((start, start + len(edit.text)))
            shift += len(edit.text) - (edit.end - edit.start)
            self._steps.append((start + len(edit.text), edit.end))
        self._starts = [start for start, _ in self._steps]
        self._begins = [start for start, _ in self._inserted]
        self._edits = edits

    def of(self, line: int, column: int) -> tuple[int, int]:
        """Return line and column, in bytes, of a node in the file."""
        start = self._new_lines[line - 1]
        offset = start + _characters(self._new, start, column)
        old = self._before(offset)
        row = bisect_right(self._old_lines, old) - 1
        return row + 1, len(self._old[self._old_lines[row] : old].encode())

    def _before(self, offset: int) -> int:
        index = bisect_right(self._begins, offset) - 1
        if index >= 0 and offset < self._inserted[index][1]:
            return self._edits[index].start
        new, old = self._steps[bisect_right(self._starts, offset) - 1]
        return old + offset - new


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def _characters(text: str, start: int, size: int) -> int:
    piece = text[start : start + size]
    return size if piece.isascii() else len(piece.encode()[:size].decode("utf-8", "ignore"))


def restore(tree: ast.Module, places: Places) -> None:
    """Put nodes where they stand in the file, and back what was rewritten; parents come before their children."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        line, column = getattr(node, "lineno", None), getattr(node, "col_offset", None)
        if line is not None and column is not None:
            node.lineno, node.col_offset = places.of(line, column)  # type: ignore[attr-defined]  # it was just read
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                value[:] = [_restored(item) for item in value]
                pending.extend(item for item in value if isinstance(item, ast.AST))
            elif isinstance(value, ast.AST):
                restored = _restored(value)
                setattr(node, name, restored)
                pending.append(restored)


def _restored(node: ast.AST) -> ast.AST:
    match node:
        case ast.Call(func=ast.Name(id=name), args=parts) if name == _FORMAT:
            return _made(ast.JoinedStr, node, values=[*_joined(parts)])
        case ast.Call(func=ast.Name(id=name), args=parts) if name == _TEMPLATE:
            return _made(TemplateStr, node, values=[_interpolation(part) for part in _joined(parts)])
        case ast.Call(func=ast.Name(id=name), args=[value, *formats]) if name == _VALUE:
            spec = _restored(formats[0]) if formats else None
            return _made(ast.FormattedValue, node, value=value, conversion=-1, format_spec=spec)
        case ast.AnnAssign(target=target, annotation=ast.Name(id=name), value=value) if name == _TYPE:
            return _made(getattr(ast, "TypeAlias", TypeAlias), node, name=target, value=value)
    return node


def _made(kind: type[ast.AST], node: ast.Call | ast.AnnAssign, **fields: object) -> ast.AST:
    """Return a node in another one's place."""
    made = kind()
    for name, value in (*fields.items(), ("lineno", node.lineno), ("col_offset", node.col_offset)):
        setattr(made, name, value)
    return made


def _interpolation(part: ast.expr) -> ast.AST:
    match part:
        case ast.Call(func=ast.Name(id=name), args=[value, *formats]) if name == _VALUE:
            return _made(Interpolation, part, value=value, format_spec=_restored(formats[0]) if formats else None)
    return part


def _joined(parts: Sequence[ast.expr]) -> Iterator[ast.expr]:
    """Yield the parts with neighbouring texts as one, as the parser does."""
    texts: list[str] = []
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            texts.append(part.value)
            continue
        if any(texts):
            yield ast.Constant("".join(texts))
        texts = []
        yield part
    if any(texts):
        yield ast.Constant("".join(texts))
