"""One class beside those of its base, one case in a function's `match`, one name in a list or union, and out again.

What a decider grows by. A file whose shape is not the expected one is left to a person, as everywhere.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed, StillUsed
from arckode_gen.engine.edits_check import adds_only, count_statements
from arckode_gen.engine.edits_lines import above_comments
from arckode_gen.engine.edits_source import UnreadableError, end_line, first_line, read
from arckode_gen.engine.layout import LINE_LENGTH, display

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_gen.engine.edits import Insertion, Removal
    from arckode_gen.engine.edits_source import Source

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MATCH = "match _:\n"


class _NoPlaceError(Exception):
    """The text says why there is no safe place."""


def insert_class(source: bytes, base: str, text: str) -> Insertion:
    """Add a class after the last one of its base at the top level, unless there is one of its name.

    Raises:
        ValueError: the text is no single class.
    """
    wanted, lines = _wanted_class(text), text.strip("\n").split("\n")
    try:
        file = read(source)
        if any(isinstance(node, ast.ClassDef) and node.name == wanted.name for node in file.tree.body):
            return AlreadyThere()
        after = _last_of(file, base)
    except (UnreadableError, _NoPlaceError) as error:
        return CannotInsert(str(error), text.strip("\n"))
    changed = file.with_lines(end_line(after), ["", "", *lines])
    if not adds_only(file, changed, count_statements(text)):
        return CannotInsert("no lines of its own were found for the class", text.strip("\n"))
    return Inserted(changed)


def remove_class(source: bytes, base: str, text: str) -> Removal:  # noqa: ARG001  the inverse takes what it was given
    """Take a class out again, unless a person changed it or something still uses it.

    Raises:
        ValueError: the text is no single class.
    """
    wanted = _wanted_class(text)
    try:
        file = read(source)
    except UnreadableError as error:
        return CannotRemove(str(error), text)
    found = [node for node in file.tree.body if isinstance(node, ast.ClassDef) and node.name == wanted.name]
    if not found:
        return AlreadyGone()
    lines = file.own_lines(found[0])
    if len(found) > 1 or lines is None or lines.split() != text.split():
        return CannotRemove(f"a person changed `{wanted.name}`", text)
    uses = [node.lineno for node in ast.walk(file.tree) if isinstance(node, ast.Name) and node.id == wanted.name]
    if uses:
        return StillUsed(f"line {uses[0]} still uses `{wanted.name}`", text)
    at = first_line(found[0])
    while file.is_blank(at - 1):
        at -= 1
    return Removed(file.with_lines(at, [], drop=end_line(found[0]) - at))


def insert_case(source: bytes, function: str, text: str) -> Insertion:
    """Add a case to the one `match` of a function, before the one that takes the rest, unless the class has one.

    Raises:
        ValueError: the text is no single case of a class.
    """
    wanted, lines = _wanted_case(text), text.strip("\n").split("\n")
    patch = "\n".join([f"def {function}(...):", "    match ...:", *_indented(lines, " " * 8)])
    try:
        file = read(source)
        cases = _match(file, function).cases
        if any(_class_of(case) == _class_of(wanted) for case in cases):
            return AlreadyThere()
        headers = [_header(file, case) for case in cases]
    except (UnreadableError, _NoPlaceError) as error:
        return CannotInsert(str(error), patch)
    indent = file.lines[headers[0]][: -len(file.lines[headers[0]].lstrip())]
    at = above_comments(file, headers[-1]) if _takes_the_rest(cases[-1]) else end_line(cases[-1].body[-1])
    changed = file.with_lines(at, _indented(lines, indent))
    if not adds_only(file, changed, count_statements(_MATCH + textwrap.indent(text.strip("\n"), "    ") + "\n") - 2):
        return CannotInsert("no lines of its own were found for the case", patch)
    return Inserted(changed)


def remove_case(source: bytes, function: str, text: str) -> Removal:
    """Take a case out again, unless a person changed it.

    Raises:
        ValueError: the text is no single case of a class.
    """
    wanted = _wanted_case(text)
    try:
        file = read(source)
        cases = _match(file, function).cases
        found = [case for case in cases if _class_of(case) == _class_of(wanted)]
        at = _header(file, found[0]) if found else 0
    except (UnreadableError, _NoPlaceError) as error:
        return CannotRemove(str(error), text)
    if not found:
        return AlreadyGone()
    stop = end_line(found[0].body[-1])
    if len(found) > 1 or len(cases) == 1 or "".join(file.lines[at:stop]).split() != text.split():
        return CannotRemove(f"a person changed the case of `{_class_of(wanted)}`", text)
    return Removed(file.with_lines(at, [], drop=stop - at))


def insert_item(source: bytes, at: str, name: str) -> Insertion:
    """Add a name to the union `at` unless it is there; with `CONSTANT.keyword`, to the tuple that a call is given."""
    patch = f"{at}: {name}"
    try:
        file = read(source)
        items = _items(file, at)
        if name in items.words:
            return AlreadyThere()
        new = _with(file, items, name)
    except (UnreadableError, _NoPlaceError) as error:
        return CannotInsert(str(error), patch)
    return Inserted(new)


def remove_item(source: bytes, at: str, name: str) -> Removal:
    """Take a name out again."""
    try:
        file = read(source)
        items = _items(file, at)
        if name not in items.words:
            return AlreadyGone()
        new = _without(file, items, name)
    except (UnreadableError, _NoPlaceError) as error:
        return CannotRemove(str(error), name)
    return Removed(new)


@dataclass(frozen=True, slots=True)
class _Items:
    """The items of a literal, the lines that it stands on, and what is before and after it on these."""

    nodes: Sequence[ast.expr]
    words: Sequence[str]
    first: int
    stop: int
    before: str
    after: str
    is_union: bool

    def laid_out(self, words: Sequence[str]) -> list[str]:
        """Return the lines as the formatter would have them."""
        pad = self.before[: -len(self.before.lstrip())]
        head = self.before.lstrip()
        if not self.is_union:
            text = display(f"{head}(", words, f"){self.after}", indent=len(pad))
        else:
            joined = " | ".join(words)
            text = f"{head}{joined}{self.after}"
            if len(pad) + len(text) > LINE_LENGTH:
                inner = f"{pad}    {joined}"
                listed = f"\n{pad}    | ".join(words)
                text = f"{head}(\n{inner if len(inner) <= LINE_LENGTH else f'{pad}    {listed}'}\n{pad}){self.after}"
        return f"{pad}{text}".split("\n")


def _items(file: Source, at: str) -> _Items:
    name, _, keyword = at.partition(".")
    found = [node for node in file.tree.body if _assigned(node) == name]
    if len(found) != 1:
        raise _NoPlaceError(f"there is not exactly one {name!r} at the top level")
    value = found[0].value if isinstance(found[0], ast.Assign | ast.AnnAssign) else None
    if keyword:
        keywords = value.keywords if isinstance(value, ast.Call) else []
        value = next((each.value for each in keywords if each.arg == keyword), None)
        if not isinstance(value, ast.Tuple):
            raise _NoPlaceError(f"{name!r} is not given a tuple of {keyword!r}")
        nodes: Sequence[ast.expr] = value.elts
    else:
        nodes = _operands(value)
    if value is None or not nodes:
        raise _NoPlaceError(f"{name!r} is no union of names")
    words = [ast.get_source_segment(file.text, node) or "" for node in nodes]
    first, stop = value.lineno - 1, value.end_lineno or value.lineno
    start, end = value.col_offset, value.end_col_offset or 0
    lines = [file.lines[at].rstrip("\r\n") for at in range(first, stop)]
    if not keyword and not isinstance(found[0], ast.ClassDef):  # the brackets of a union are not part of it
        first, stop = first_line(found[0]), end_line(found[0])
        lines = [file.lines[at].rstrip("\r\n") for at in range(first, stop)]
        head = lines[0].encode()[: start if value.lineno - 1 == first else None].decode()
        return _Items(nodes, words, first, stop, head.rstrip("( ") + " ", "", is_union=True)
    before, after = lines[0].encode()[:start].decode(), lines[-1].encode()[end:].decode()
    return _Items(nodes, words, first, stop, before, after, is_union=False)


def _operands(value: ast.expr | None) -> list[ast.expr]:
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr):
        return [*_operands(value.left), *_operands(value.right)]
    return [value] if isinstance(value, ast.Name | ast.Attribute) else []


def _with(file: Source, items: _Items, name: str) -> bytes:
    drop = items.stop - items.first
    if _lines(file, items) == items.laid_out(items.words):
        return file.with_lines(items.first, items.laid_out([*items.words, name]), drop=drop)
    last = (items.nodes[-1].end_lineno or 0) - 1
    line = file.lines[last].rstrip("\r\n")
    if not _stand_alone(file, items):
        raise _NoPlaceError("its items are neither on one line nor each on its own")
    indent = line[: -len(line.lstrip())]
    return file.with_lines(last + 1, [f"{indent}| {name}" if items.is_union else f"{indent}{name},"])


def _without(file: Source, items: _Items, name: str) -> bytes:
    rest = [word for word in items.words if word != name]
    if not rest:
        raise _NoPlaceError(f"`{name}` is the only one")
    if _lines(file, items) == items.laid_out(items.words):
        return file.with_lines(items.first, items.laid_out(rest), drop=items.stop - items.first)
    if not _stand_alone(file, items) or (items.is_union and items.words[0] == name):
        raise _NoPlaceError("its items are neither on one line nor each on its own")
    return file.with_lines(items.nodes[list(items.words).index(name)].lineno - 1, [], drop=1)


def _lines(file: Source, items: _Items) -> list[str]:
    return [file.lines[at].rstrip("\r\n") for at in range(items.first, items.stop)]


def _stand_alone(file: Source, items: _Items) -> bool:
    """Tell whether each item has a line of its own, with what separates it and no comment."""
    for at, (node, word) in enumerate(zip(items.nodes, items.words, strict=True)):
        line = file.lines[node.lineno - 1].strip()
        if line not in {f"| {word}" if at else word, f"{word},"}:
            return False
    return items.nodes[0].lineno - 1 > items.first


def _assigned(node: ast.stmt) -> str:
    target: ast.expr | None = node.target if isinstance(node, ast.AnnAssign) else None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _wanted_class(text: str) -> ast.ClassDef:
    body = ast.parse(text.strip("\n")).body
    if len(body) != 1 or not isinstance(body[0], ast.ClassDef):
        raise ValueError(f"{text!r} is no single class")
    return body[0]


def _wanted_case(text: str) -> ast.match_case:
    node = ast.parse(_MATCH + textwrap.indent(text.strip("\n"), "    ")).body[0]
    if not isinstance(node, ast.Match) or len(node.cases) != 1 or not _class_of(node.cases[0]):
        raise ValueError(f"{text!r} is no single case of a class")
    return node.cases[0]


def _last_of(file: Source, base: str) -> ast.ClassDef:
    found = [
        node
        for node in file.tree.body
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(each).rpartition(".")[2] == base for each in node.bases)
        and file.own_lines(node) is not None
    ]
    if not found:
        raise _NoPlaceError(f"there is no class of {base!r} at the top level")
    return found[-1]


def _match(file: Source, function: str) -> ast.Match:
    found = [node for node in file.tree.body if isinstance(node, _FUNCTIONS) and node.name == function]
    if len(found) != 1:
        raise _NoPlaceError(f"there is not exactly one function {function!r} at the top level")
    matches = [node for node in found[0].body if isinstance(node, ast.Match)]
    if len(matches) != 1:
        raise _NoPlaceError(f"{function!r} does not hold exactly one `match`")
    return matches[0]


def _class_of(case: ast.match_case) -> str:
    """Return the class that a case is about, or an empty string."""
    pattern = case.pattern.pattern if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern else case.pattern
    return ast.unparse(pattern.cls) if isinstance(pattern, ast.MatchClass) else ""


def _takes_the_rest(case: ast.match_case) -> bool:
    return isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def _header(file: Source, case: ast.match_case) -> int:
    at = case.pattern.lineno - 1
    if not file.lines[at].lstrip().startswith("case "):
        raise _NoPlaceError("a case does not begin on the line of its pattern")
    return at


def _indented(lines: Sequence[str], indent: str) -> list[str]:
    return [f"{indent}{line}" if line else "" for line in lines]
