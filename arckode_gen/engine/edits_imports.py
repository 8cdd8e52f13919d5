"""One import line into a file, where ruff's isort would put it, and out again."""

from __future__ import annotations

import _ast as ast
import sys

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed
from arckode_gen.engine.edits_check import adds_only
from arckode_gen.engine.edits_lines import above_comments, is_relative, without_statement
from arckode_gen.engine.edits_names import (
    assigned,
    dotted,
    imported,
    mentions,
    same,
    top_level,
    walk,
)
from arckode_gen.engine.edits_source import (
    DEFINITIONS,
    IMPORTS,
    UnreadableError,
    end_line,
    first_line,
    is_docstring,
    natural,
    parse,
    read,
    running,
)
from arckode_gen.engine.known_names import LIBRARIES
from arckode_gen.engine.layout import LINE_LENGTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_gen.engine.edits import Insertion, Removal
    from arckode_gen.engine.edits_source import Source

# Exploded with a trailing comma an import is left alone at any line length, so the narrowest common one decides.
_WIDTH = 79

_STANDARD, _LIBRARY = "standard", "library"


def insert_import(source: bytes, statement: str) -> Insertion:
    """Add an import of one name unless the file has it under any name, sorted among its siblings.

    Raises:
        ValueError: the statement does not import exactly one name.
    """
    wanted = _wanted(statement)
    try:
        file = read(source)
    except UnreadableError as error:
        return CannotInsert(str(error), statement)
    target = _target(wanted)
    if _is_there(file, target):
        return AlreadyThere()
    alias = wanted.names[0]
    local = alias.asname or alias.name.partition(".")[0]
    if file.may_say(local) and _is_taken(file.tree, local, target):
        return CannotInsert(f"the name {local!r} already means something else there", statement)
    text = _merged(file, wanted) or _placed(file, wanted, _lines(statement.strip()))
    if not adds_only(file, text):
        return CannotInsert("no line of its own was found for the import", statement)
    return Inserted(text)


def remove_import(source: bytes, statement: str) -> Removal:
    """Take an import out again, unless the name is still used or a person changed the line.

    Raises:
        ValueError: the statement does not import exactly one name.
    """
    wanted = _wanted(statement)
    try:
        file = read(source)
    except UnreadableError as error:
        return CannotRemove(str(error), statement)
    alias = _spelled(wanted.names[0])
    found = [node for node in file.tree.body if _key(node) == _key(wanted) and alias in map(_spelled, _names(node))]
    if not found:
        there = _is_there(file, _target(wanted))
        return CannotRemove("it is imported in another way", statement) if there else AlreadyGone()
    local = wanted.names[0].asname or wanted.names[0].name.partition(".")[0]
    if any(isinstance(node, ast.Name) and node.id == local for node in walk(file.tree)):
        return CannotRemove(f"{local!r} is still used", statement)
    text = _without(file, found[0], wanted.names[0])
    if text is None:
        return CannotRemove("a person changed the line", statement)
    return Removed(text)


def _lines(statement: str) -> list[str]:
    """Write an import as ruff does: in parentheses when it is too long for a line."""
    head, _, name = statement.partition(" import ")
    if len(statement) <= LINE_LENGTH or not head.startswith("from "):
        return [statement]
    return [f"{head} import (", f"    {name},", ")"]


def _wanted(statement: str) -> ast.Import | ast.ImportFrom:
    body = parse(statement.strip()).body
    if len(body) != 1 or not isinstance(body[0], IMPORTS) or len(body[0].names) != 1:
        raise ValueError(f"{statement!r} does not import one name")
    return body[0]


def _target(node: ast.Import | ast.ImportFrom) -> str:
    name = node.names[0].name
    return name if isinstance(node, ast.Import) else f"{'.' * bool(node.level)}{node.module or ''}.{name}"


def _is_taken(tree: ast.Module, local: str, target: str) -> bool:
    names = imported(top_level(tree))
    means_another = local in names and not same(names[local], target) and names[local] != local
    return means_another or local in assigned(top_level(tree))


def _is_there(file: Source, target: str) -> bool:
    last = target.rpartition(".")[2]
    if not file.may_say(last):
        return False
    names = imported(top_level(file.tree))
    if any(same(full, target) for full in names.values()):
        return True
    used = (node for node in mentions(file, [last]) if isinstance(node, ast.Attribute))
    if any(same(dotted(node, names), target) for node in used):
        return True
    return any(
        _is_late_and_used(node, target)
        for node in file.statements
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _is_late_and_used(function: ast.FunctionDef | ast.AsyncFunctionDef, target: str) -> bool:
    names = imported(running(function))
    locals_ = {local for local, full in names.items() if same(full, target)}
    return any(isinstance(node, ast.Name) and node.id in locals_ for node in running(function))


def _spelled(alias: ast.alias) -> tuple[str, str | None]:
    return alias.name, alias.asname


def _names(node: ast.stmt) -> list[ast.alias]:
    return node.names if isinstance(node, IMPORTS) else []


def _key(node: ast.stmt) -> tuple[str, str, int]:
    if isinstance(node, ast.ImportFrom):
        return ("from", node.module or "", node.level)
    return ("import", "", 0) if isinstance(node, ast.Import) else ("", "", 0)


def _member(name: ast.alias) -> tuple[int, str]:
    """Order members as ruff's isort does: constants, classes, then the rest."""
    word = name.name
    kind = 0 if len(word) > 1 and word.isupper() else 1 if word[:1].isupper() else 2
    return kind, natural(word)


def _order(node: ast.Import | ast.ImportFrom) -> tuple[object, ...]:
    """The key of one import statement within its section: `import x` before `from x import y`."""
    if isinstance(node, ast.Import):
        return (0, natural(node.names[0].name), 0, ())
    return (1, natural(node.module or ""), *_member(node.names[0]))


def _merged(file: Source, wanted: ast.Import | ast.ImportFrom) -> bytes | None:
    """Add the name to an import of the same module; None when there is none that can take it."""
    if isinstance(wanted, ast.Import) or wanted.names[0].asname:
        return None
    for node in file.tree.body:
        if _key(node) != _key(wanted) or any(name.asname or name.name == "*" for name in _names(node)):
            continue
        return _with_member(file, node, sorted([*_names(node), wanted.names[0]], key=_member))
    return None


def _with_member(file: Source, node: ast.stmt, names: Sequence[ast.alias]) -> bytes | None:
    at, size = first_line(node), end_line(node) - first_line(node)
    lines = file.lines[at : at + size]
    new = next(name for name in names if name not in _names(node))
    if file.own_lines(node) is None:
        return None
    if size == 1 and "(" not in lines[0]:
        start = lines[0].partition(" import ")[0]
        joined = f"{start} import {', '.join(name.name for name in names)}"
        exploded = [f"{start} import (", *(f"    {name.name}," for name in names), ")"]
        return file.with_lines(at, [joined] if len(joined) <= _WIDTH else exploded, drop=1)
    if not _is_exploded(lines, len(names) - 1):
        return None
    return file.with_lines(at + 1 + list(names).index(new), [f"    {new.name},"])


def _is_exploded(lines: Sequence[str], names: int) -> bool:
    inner = all(line.startswith("    ") and line.rstrip()[4:-1].isidentifier() and "," in line for line in lines[1:-1])
    return len(lines) == names + 2 and lines[0].rstrip().endswith("import (") and lines[-1].strip() == ")" and inner


def _without(file: Source, node: ast.stmt, name: ast.alias) -> bytes | None:
    if file.own_lines(node) is None or file.indent(node) is None:
        return None
    at, size = first_line(node), end_line(node) - first_line(node)
    if len(_names(node)) == 1:
        return without_statement(file, node)
    rest = [other.name for other in _names(node) if _spelled(other) != _spelled(name)]
    lines = file.lines[at : at + size]
    if size == 1 and "(" not in lines[0] and not any(other.asname for other in _names(node)):
        start = lines[0].partition(" import ")[0]
        return file.with_lines(at, [f"{start} import {', '.join(rest)}"], drop=1)
    if not _is_exploded(lines, len(_names(node))):
        return None
    gone = next(index for index, line in enumerate(lines) if line.strip() == f"{name.name},")
    return file.with_lines(at + gone, [], drop=1)


def _placed(file: Source, wanted: ast.Import | ast.ImportFrom, lines: Sequence[str]) -> bytes:
    sections = _sections(file)
    root = _target(wanted).partition(".")[0]
    group = _group(root)
    for section in sections:
        if any(_group(_root(node)) == group for node in section):
            return _into(file, section, wanted, lines)
    absolute = [section for section in sections if not any(is_relative(node) for node in section)]
    earlier = [section for section in absolute if group in {_STANDARD, _LIBRARY} and _is_standard(section)]
    if earlier:
        return file.with_lines(end_line(earlier[-1][-1]), ["", *lines])
    if absolute and group not in {_STANDARD, _LIBRARY}:
        return file.with_lines(end_line(absolute[-1][-1]), ["", *lines])
    if sections:
        return file.with_lines(above_comments(file, first_line(sections[0][0])), [*lines, ""])
    return _first(file, lines)


def _group(root: str) -> str:
    """Return which of isort's sections a package belongs to; one that is not known has a section of its own."""
    if root in sys.stdlib_module_names:
        return _STANDARD
    return _LIBRARY if root in LIBRARIES else root


def _is_standard(section: Sequence[ast.stmt]) -> bool:
    return all(_group(_root(node)) == _STANDARD for node in section)


def _into(
    file: Source,
    section: Sequence[ast.Import | ast.ImportFrom],
    wanted: ast.Import | ast.ImportFrom,
    lines: Sequence[str],
) -> bytes:
    key = _order(wanted)
    greater = next((index for index, node in enumerate(section) if _order(node) > key), len(section))
    if greater:
        return file.with_lines(end_line(section[greater - 1]), lines)
    return file.with_lines(above_comments(file, first_line(section[0])), lines)


def _sections(file: Source) -> list[list[ast.Import | ast.ImportFrom]]:
    """Group the imports at the head of the file by the blank lines between them; `__future__` is not one of them."""
    sections: list[list[ast.Import | ast.ImportFrom]] = []
    end = -1
    for node in file.tree.body:
        if not isinstance(node, IMPORTS):
            if sections and not is_docstring(node):
                break
            continue
        if _root(node) == "__future__":
            continue
        start = first_line(node)
        if not sections or (end < start and any(map(file.is_blank, range(end, start)))):
            sections.append([])
        sections[-1].append(node)
        end = end_line(node)
    return sections


def _root(node: ast.stmt) -> str:
    if isinstance(node, ast.ImportFrom) and not node.level:
        return (node.module or "").partition(".")[0]
    return node.names[0].name.partition(".")[0] if isinstance(node, ast.Import) else ""


def _first(file: Source, lines: Sequence[str]) -> bytes:
    """Put the file's first import after the docstring and `__future__`, or on top."""
    body = file.tree.body
    head = [node for node in body if _root(node) == "__future__"] or [node for node in body[:1] if is_docstring(node)]
    if head:
        return file.with_lines(end_line(head[-1]), ["", *lines])
    if not body:
        return file.with_lines(len(file.lines), lines)
    wide = isinstance(body[0], DEFINITIONS)
    at = above_comments(file, first_line(body[0]))
    return file.with_lines(at, [*lines, "", ""] if wide else [*lines, ""])
