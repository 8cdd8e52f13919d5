"""One import, or one item of an array or object literal, in a TypeScript file, and out again.

A scanner that knows strings, templates, comments and regular expressions says where brackets belong; whole lines are
put in or taken out, so comments and layout stay. An item goes into `const <name> = [...]` or `{...}` at the top level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from arckode_gen.engine.edits import (
    AlreadyGone,
    AlreadyThere,
    CannotInsert,
    CannotRemove,
    Inserted,
    Insertion,
    Removal,
    Removed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<word>[\w$]+)
  | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/\w*")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_VALUE_ENDS = re.compile(r"[\w$)\]}\"'`]")
_INDENT = "  "


class _NoPlaceError(Exception):
    """The text says why there is no safe place."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    depth: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class _Literal:
    """What stands between the brackets of a literal, and its items with their places."""

    start: int
    end: int
    items: tuple[tuple[int, int, str], ...]


def insert_ts_import(source: bytes, statement: str) -> Insertion:
    """Add an import to those of the file, sorted by where it is from among its neighbours."""
    try:
        text = _text(source)
        imports = [each for each in _statements(text) if each[2].startswith("import")]
        if any(_squeezed(each) == _squeezed(statement) for _, _, each in imports):
            return AlreadyThere()
        if not imports:
            return Inserted(_put(text, _first_line(text), statement))
    except _NoPlaceError as error:
        return CannotInsert(str(error), statement)
    local = [each for each in imports if _origin(each[2]).startswith(".") and "import type" not in each[2]]
    after = [each for each in local if _origin(each[2]) < _origin(statement)]
    if local and not after:
        at = _line_start(text, local[0][0])
        return Inserted(_put(text, at, statement))
    at = _line_end(text, (after or imports)[-1][1])
    return Inserted(_put(text, at, statement))


def remove_ts_import(source: bytes, statement: str) -> Removal:
    """Take an import out again."""
    try:
        text = _text(source)
        found = [each for each in _statements(text) if _squeezed(each[2]) == _squeezed(statement)]
    except _NoPlaceError as error:
        return CannotRemove(str(error), statement)
    if not found:
        return AlreadyGone()
    start, end, _ = found[0]
    return _without(text, start, end, statement)


def insert_ts_item(source: bytes, name: str, statement: str) -> Insertion:
    """Add an item to the literal that a constant is made with, one on a line, sorted among those that are."""
    patch = f"// in {name}:\n{statement},"
    try:
        text = _text(source)
        literal = _literal(text, name)
        if any(_squeezed(each) == _squeezed(statement) for _, _, each in literal.items):
            return AlreadyThere()
        at = _place(text, literal, statement)
    except _NoPlaceError as error:
        return CannotInsert(str(error), patch)
    if not literal.items and "\n" not in text[literal.start : literal.end]:
        end = _newline(text)
        made = f"{end}{_INDENT}{statement},{end}"
        return Inserted((text[: literal.start] + made + text[literal.end :]).encode())
    return Inserted(_put(text, at, f"{_INDENT}{statement},"))


def remove_ts_item(source: bytes, name: str, statement: str) -> Removal:
    """Take an item out again; an empty literal is one pair of brackets, as it was."""
    try:
        text = _text(source)
        literal = _literal(text, name)
    except _NoPlaceError as error:
        return CannotRemove(str(error), statement)
    found = [each for each in literal.items if _squeezed(each[2]) == _squeezed(statement)]
    if not found:
        return AlreadyGone()
    start, end, _ = found[0]
    if (
        len(literal.items) == 1
        and not text[literal.start : start].strip()
        and not text[end : literal.end].strip(", \r\n")
    ):
        return Removed((text[: literal.start] + text[literal.end :]).encode())
    comma = re.compile(r"\s*,").match(text, end)
    return _without(text, start, comma.end() if comma else end, statement)


def _first_line(text: str) -> int:
    """Return where the first import goes: below the comment that the file begins with."""
    first = next(_tokens(text), None)
    return _line_end(text, first.end) if first and first.kind == "comment" else 0


def _text(source: bytes) -> str:
    try:
        return source.decode()
    except UnicodeDecodeError as error:
        raise _NoPlaceError("it is not UTF-8") from error


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _put(text: str, at: int, line: str) -> bytes:
    end = _newline(text)
    before = text[:at] if text[:at].endswith("\n") or not at else text[:at] + end
    return f"{before}{line}{end}{text[at:]}".encode()


def _without(text: str, start: int, end: int, statement: str) -> Removal:
    """Take whole lines out; what shares its line with something else is left to a person."""
    first, last = _line_start(text, start), _line_end(text, end)
    if text[first:start].strip() or text[end:last].strip():
        return CannotRemove("something else is on its line", statement)
    return Removed((text[:first] + text[last:]).encode())


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _squeezed(code: str) -> str:
    """Return code as it means: without spaces, a last comma or semicolon, and with one kind of quotes."""
    parts = [each.text for each in _tokens(code) if each.kind not in {"space", "comment"}]
    joined = " ".join(f'"{part[1:-1]}"' if part[0] == "'" else part for part in parts)
    return re.sub(r" ,(?= [}\])])", "", joined).rstrip(",; ")


def _origin(statement: str) -> str:
    found = re.search(r"""["']([^"']*)["']\s*;?\s*$""", statement)
    return found[1] if found else ""


def _statements(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the import statements with their places."""
    tokens = [each for each in _tokens(text) if each.kind not in {"space", "comment"}]
    for place, token in enumerate(tokens):
        if (
            token.text != "import"
            or token.depth
            or (place and tokens[place - 1].text not in {";", "}"} | _ends(tokens, place))
        ):
            continue
        rest = tokens[place:]
        stop = next((at for at, each in enumerate(rest) if each.kind == "text" and not each.depth), None)
        if stop is None:
            continue
        last = rest[stop + 1] if stop + 1 < len(rest) and rest[stop + 1].text == ";" else rest[stop]
        yield token.start, last.end, text[token.start : last.end]


def _ends(tokens: list[_Token], place: int) -> set[str]:
    """Return what ends a statement without a semicolon: the text that the import before it is from."""
    before = tokens[place - 1]
    return {before.text} if before.kind == "text" else set()


def _literal(text: str, name: str) -> _Literal:
    tokens = [each for each in _tokens(text) if each.kind not in {"space", "comment"}]
    for place in range(len(tokens) - 2):
        declared = [each.text for each in tokens[place : place + 2]]
        if tokens[place].depth == 0 and declared in (["const", name], ["let", name]):
            return _after(text, tokens[place + 2 :], name)
    raise _NoPlaceError(f"there is no const {name}")


def _after(text: str, tokens: list[_Token], name: str) -> _Literal:
    """Read the literal behind the equals sign of a declaration."""
    at = next((i for i, each in enumerate(tokens) if each.text == "=" and not each.depth), None)
    if at is None or at + 1 >= len(tokens) or tokens[at + 1].text not in {"[", "{"}:
        raise _NoPlaceError(f"{name} is made with no list of its own")
    opening = tokens[at + 1]
    items: list[tuple[int, int, str]] = []
    first: _Token | None = None
    before = opening
    for each in tokens[at + 2 :]:
        is_end = each.depth == 0 and each.text == _PAIRS[opening.text]
        if first and (is_end or (each.depth == 1 and each.text == ",")):
            items.append((first.start, before.end, text[first.start : before.end]))
            first = None
        elif first is None and not is_end:
            first = each
        if is_end:
            return _Literal(opening.end, each.start, tuple(items))
        before = each
    raise _NoPlaceError(f"the list of {name} does not end")


def _place(text: str, literal: _Literal, statement: str) -> int:
    """Return where an item's line goes: into the run of sorted items at the end, each on a line of its own."""
    if not literal.items:
        return _line_end(text, literal.start)
    lines = [(_line_start(text, start), _line_end(text, end)) for start, end, _ in literal.items]
    if lines[-1][1] > literal.end or any(left[1] > right[0] for left, right in pairwise(lines)):
        raise _NoPlaceError("its items are not one on each line")
    if not re.match(r"\s*,", text[literal.items[-1][1] :]):
        raise _NoPlaceError("its last item has no comma behind it")
    texts = [each for _, _, each in literal.items]
    at = len(texts)
    while at > 0 and texts[at - 1] > statement and (at == len(texts) or texts[at - 1] <= texts[at]):
        at -= 1
    return lines[at][0] if at < len(lines) else lines[-1][1]


def _tokens(text: str) -> Iterator[_Token]:
    """Yield the tokens of a file, each with the depth of brackets that it stands in; a bracket is outside of itself.

    Raises:
        _NoPlaceError: brackets, a string or a template do not end.
    """
    at, depth, before = 0, 0, ""
    while at < len(text):
        if text[at] == "`":
            found, kind = text[at : _template_end(text, at)], "text"
        elif text[at] == "/" and not _VALUE_ENDS.match(before) and (regex := _REGEX.match(text, at)):
            found, kind = regex[0], "text" if not regex[0].startswith(("//", "/*")) else "comment"
        else:
            match = _TOKEN.match(text, at)
            if match is None:  # the last alternative matches everything
                raise _NoPlaceError("it cannot be read")
            found, kind = match[0], match.lastgroup or "mark"
        if kind == "mark" and found in "\"'":
            raise _NoPlaceError("a string does not end")
        closing = kind == "mark" and found in ")]}"
        depth -= closing
        if depth < 0:
            raise _NoPlaceError("its brackets do not fit")
        yield _Token(kind, found, at, depth)
        depth += kind == "mark" and found in "([{"
        at += len(found)
        before = found[-1] if kind not in {"space", "comment"} else before
    if depth:
        raise _NoPlaceError("its brackets do not fit")


def _template_end(text: str, start: int) -> int:
    """Return where a template ends; what it is filled with may hold templates itself."""
    at = start + 1
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text[at] == "`":
            return at + 1
        elif text.startswith("${", at):
            at = _filling_end(text, at + 2)
        else:
            at += 1
    raise _NoPlaceError("a template does not end")


def _filling_end(text: str, start: int) -> int:
    depth, at = 1, start
    while at < len(text):
        if text[at] == "`":
            at = _template_end(text, at)
            continue
        match = _TOKEN.match(text, at)
        found = match[0] if match else text[at]
        depth += (found == "{") - (found == "}")
        at += len(found)
        if not depth:
            return at
    raise _NoPlaceError("a template does not end")
