"""Settles what git calls a conflict and a reader of Python does not: both sides only added imports or declarations.

git compares lines, so two fields that were added after the same one conflict, although their order means nothing. Here
that is put together when both sides are whole statements of a module or of a class. Inside a function order is meaning,
and a line that both changed is a question for a person: both stay conflicts.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.engine.edits import CannotInsert, Inserted
from arckode_gen.engine.edits_imports import insert_import
from arckode_gen.engine.edits_names import assigned, imported, top_level

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS, _BASE, _THEIRS, _END = b"<<<<<<< ", b"||||||| ", b"=======", b">>>>>>> "


@dataclass(frozen=True, slots=True)
class Imports:
    """A new text with the imports of its base, and the import statements that were left out of it."""

    text: bytes
    added: tuple[str, ...]


def without_new_imports(base: bytes, new: bytes) -> Imports | None:
    """Give a new text the imports of its base; None where either has none, or where the new one drops some."""
    old, now = _imports(base), _imports(new)
    if not old or not now:
        return None
    known = {name for node in old for name in _names(node)}
    wanted = [name for node in now for name in _names(node)]
    if not known <= set(wanted):
        return None
    lines, other = new.splitlines(keepends=True), base.splitlines(keepends=True)
    block = other[old[0].lineno - 1 : old[-1].end_lineno]
    text = b"".join((*lines[: now[0].lineno - 1], *block, *lines[now[-1].end_lineno or 0 :]))
    return Imports(text, tuple(name for name in wanted if name not in known))


def with_imports(source: bytes, statements: tuple[str, ...]) -> bytes | None:
    """Put imports where they belong; None when one cannot be placed."""
    for statement in statements:
        outcome = insert_import(source, statement)
        if isinstance(outcome, CannotInsert):
            return None
        source = outcome.text if isinstance(outcome, Inserted) else source
    return source


def with_used_imports(current: bytes, merged: bytes) -> bytes:
    """Put back the imports that a merge took away although the merged text still uses their names."""
    try:
        before, after = ast.parse(current), ast.parse(merged)
    except (SyntaxError, ValueError):
        return merged
    there = imported(top_level(after))
    gone = {name: full for name, full in imported(top_level(before)).items() if name not in there}
    if not gone:
        return merged
    used = {node.id for node in ast.walk(after) if isinstance(node, ast.Name)} - assigned(top_level(after))
    nodes = (node for node in top_level(before) if isinstance(node, ast.Import | ast.ImportFrom))
    lost = [said for node in nodes for said in _names(node) if _local(said) in gone.keys() & used]
    return with_imports(merged, tuple(lost)) or merged


def _local(statement: str) -> str:
    """Return the name that an import of one name gives a meaning."""
    _, _, named = statement.rpartition("import ")
    return named.rpartition(" as ")[2].partition(".")[0]


def settle(merged: bytes) -> bytes | None:
    """Return a merge without conflicts, or None when a person must look at one of them."""
    lines: list[bytes] = []
    regions: list[tuple[int, int]] = []
    try:
        for part in _parts(merged.splitlines(keepends=True)):
            if isinstance(part, bytes):
                lines.append(part)
                continue
            both = part.together()
            if both is None:
                return None
            regions.append((len(lines) + 1, len(lines) + len(both)))
            lines.extend(both)
        text = b"".join(lines)
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    clear = all(_is_declarations(tree, *region) and not _declares_twice(tree, *region) for region in regions)
    return text if clear else None


@dataclass(frozen=True, slots=True)
class _Hunk:
    ours: list[bytes]
    base: list[bytes]
    theirs: list[bytes]

    def together(self) -> list[bytes] | None:
        """Return both changes where one of them only adds around what the other changed."""
        size = len(self.base)
        if self.theirs[:size] == self.base:
            at = self._end_of_run(size) if self.theirs[size:] and self.theirs[size].strip() else len(self.ours)
            return self.ours[:at] + self.theirs[size:] + self.ours[at:]
        for one, other in ((self.ours, self.theirs), (self.theirs, self.ours)):
            places = [at for at in range(len(one) - size + 1) if one[at : at + size] == self.base]
            if len(places) == 1:
                return one[: places[0]] + other + one[places[0] + size :]
        return None

    def _end_of_run(self, size: int) -> int:
        """Return where our lines leave those that base ends with: a field goes to the fields, not below a method."""
        return next((at for at in range(size, len(self.ours)) if not self.ours[at].strip()), len(self.ours))


def _parts(lines: list[bytes]) -> Iterator[bytes | _Hunk]:
    """Cut a merge in diff3 style into lines and conflicts.

    Raises:
        ValueError: the markers are not what git writes.
    """
    rest = iter(lines)
    for line in rest:
        if not line.startswith(_OURS):
            yield line
            continue
        sides: list[list[bytes]] = []
        for marker in (_BASE, _THEIRS, _END):
            side: list[bytes] = []
            while not (read := next(rest, b"")).startswith(marker):
                if not read:
                    raise ValueError("a conflict has no end")
                side.append(read)
            sides.append(side)
        yield _Hunk(sides[0], sides[1], sides[2])


def _is_declarations(tree: ast.Module | ast.ClassDef, first: int, last: int) -> bool:
    """Tell whether lines are whole statements of a module or a class."""
    for node in tree.body:
        start, end = _start(node), node.end_lineno or node.lineno
        if end < first or start > last or (first <= start and end <= last):
            continue
        if not isinstance(node, ast.ClassDef) or first <= node.lineno or not _is_declarations(node, first, last):
            return False
    return True


def _declares_twice(tree: ast.Module | ast.ClassDef, first: int, last: int) -> bool:
    """Tell whether lines declare a name that its module or class declares once more: the last one would win unseen."""
    seen: dict[str, int] = {}
    touched: set[str] = set()
    for node in tree.body:
        inside = _start(node) <= last and (node.end_lineno or node.lineno) >= first
        if inside and isinstance(node, ast.ClassDef) and _declares_twice(node, first, last):
            return True
        for name in _declared(node):
            seen[name] = seen.get(name, 0) + 1
            if inside:
                touched.add(name)
    return any(seen[name] > 1 for name in touched)


def _declared(node: ast.stmt) -> list[str]:
    """Return the names a statement gives a meaning of their own: not the setter of a property, nor an overload."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [] if any(map(_is_continuation, node.decorator_list)) else [node.name]
    if isinstance(node, ast.AnnAssign):
        return [node.target.id] if isinstance(node.target, ast.Name) else []
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _is_continuation(decorator: ast.expr) -> bool:
    name = decorator.attr if isinstance(decorator, ast.Attribute) else ""
    name = decorator.id if isinstance(decorator, ast.Name) else name
    return name in {"setter", "getter", "deleter", "overload"}


def _start(node: ast.stmt) -> int:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.decorator_list:
        return node.decorator_list[0].lineno
    return node.lineno


def _imports(source: bytes) -> list[ast.Import | ast.ImportFrom]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    found = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return found if found and _is_one_block(tree, found) else []


def _is_one_block(tree: ast.Module, found: list[ast.Import | ast.ImportFrom]) -> bool:
    places = [tree.body.index(node) for node in found]
    return places == list(range(places[0], places[0] + len(places)))


def _names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    for name in node.names:
        told = f"{name.name} as {name.asname}" if name.asname else name.name
        if isinstance(node, ast.ImportFrom):
            yield f"from {'.' * node.level}{node.module or ''} import {told}"
        else:
            yield f"import {told}"
