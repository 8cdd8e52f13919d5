"""One attribute into the settings class, sorted among its annotated attributes, or at the end of another, and out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed
from arckode_gen.engine.edits_check import adds_only
from arckode_gen.engine.edits_lines import above_comments, without_statement
from arckode_gen.engine.edits_source import UnreadableError, end_line, first_line, is_docstring, natural, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_gen.engine.edits import Insertion, Removal
    from arckode_gen.engine.edits_source import Source


def insert_setting(source: bytes, statement: str, *, class_name: str = "Settings") -> Insertion:
    """Add an attribute such as `redis_url: str` unless the class declares the name.

    Raises:
        ValueError: the statement declares no attribute.
    """
    wanted = _wanted(statement)
    line = statement.strip()
    try:
        file = read(source)
    except UnreadableError as error:
        return CannotInsert(str(error), line)
    found = _classes(file.tree, class_name)
    if len(found) != 1:
        return CannotInsert(f"there is not exactly one class {class_name!r}", line)
    body = found[0].body
    if any(_attribute(node) == _attribute(wanted) for node in body):
        return AlreadyThere()
    indent = file.indent(body[0])
    if indent is None:
        return CannotInsert("its body is on the line of its header", f"    {line}")
    text = _placed(file, body, _attribute(wanted), f"{indent}{line}")
    if not adds_only(file, text):
        return CannotInsert("no line of its own was found for the attribute", f"{indent}{line}")
    return Inserted(text)


def insert_field(source: bytes, class_name: str, statement: str) -> Insertion:
    """Add a field such as `is_frozen: bool = False` behind the last one of a class, unless it declares the name.

    Raises:
        ValueError: the statement declares no attribute.
    """
    wanted, line = _wanted(statement), statement.strip()
    patch = f"class {class_name}:\n    {line}"
    try:
        file = read(source)
    except UnreadableError as error:
        return CannotInsert(str(error), patch)
    found = _classes(file.tree, class_name)
    fields = [at for each in found for at, node in enumerate(each.body) if isinstance(node, ast.AnnAssign)]
    if len(found) != 1 or not fields:
        return CannotInsert(f"there is not exactly one class {class_name!r} with fields", patch)
    body = found[0].body
    if any(_attribute(node) == _attribute(wanted) for node in body):
        return AlreadyThere()
    text = file.with_lines(_end(body, fields[-1]), [f"{file.indent(body[fields[-1]]) or '    '}{line}"])
    if not adds_only(file, text):
        return CannotInsert("no line of its own was found for the field", patch)
    return Inserted(text)


def remove_field(source: bytes, class_name: str, statement: str) -> Removal:
    """Take a field out again, unless a person changed it.

    Raises:
        ValueError: the statement declares no attribute.
    """
    return remove_setting(source, statement, class_name=class_name)


def remove_setting(source: bytes, statement: str, *, class_name: str = "Settings") -> Removal:
    """Take an attribute out again, unless a person changed it.

    Raises:
        ValueError: the statement declares no attribute.
    """
    wanted = _wanted(statement)
    try:
        file = read(source)
    except UnreadableError as error:
        return CannotRemove(str(error), statement)
    bodies = [found.body for found in _classes(file.tree, class_name)]
    found = [(body, node) for body in bodies for node in body if _attribute(node) == _attribute(wanted)]
    if not found:
        return AlreadyGone()
    body, node = found[0]
    alone = len(body) == 1 or file.own_lines(node) is None or _end(body, body.index(node)) != end_line(node)
    if len(found) > 1 or alone or ast.dump(node) != ast.dump(wanted):
        return CannotRemove("a person changed the attribute", statement)
    stop = end_line(node)
    if body[0] is node and file.is_blank(stop) and not _attribute(body[1]):
        return Removed(file.with_lines(first_line(node), [], drop=stop + 1 - first_line(node)))
    return Removed(without_statement(file, node))


def _wanted(statement: str) -> ast.stmt:
    body = ast.parse(statement.strip()).body
    if len(body) != 1 or not _attribute(body[0]):
        raise ValueError(f"{statement!r} declares no attribute")
    return body[0]


def _classes(tree: ast.Module, name: str) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name]


def _attribute(node: ast.stmt) -> str:
    target: ast.expr | None = node.target if isinstance(node, ast.AnnAssign) else None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _end(body: Sequence[ast.stmt], index: int) -> int:
    """Return the line after an attribute and the docstring under it."""
    under = body[index + 1 : index + 2]
    return end_line(under[0]) if under and is_docstring(under[0]) else end_line(body[index])


def _placed(file: Source, body: Sequence[ast.stmt], name: str, line: str) -> bytes:
    annotated = [index for index, node in enumerate(body) if isinstance(node, ast.AnnAssign)]
    greater = [index for index in annotated if natural(_attribute(body[index])) > natural(name)]
    before = [index for index in annotated if not greater or index < greater[0]]
    if before:
        return file.with_lines(_end(body, before[-1]), [line])
    if greater:
        return file.with_lines(above_comments(file, first_line(body[greater[0]])), [line])
    plain = [index for index, node in enumerate(body) if _attribute(node)]
    if plain:
        return file.with_lines(_end(body, plain[-1]), [line])
    if is_docstring(body[0]):
        return file.with_lines(end_line(body[0]), ["", line])
    if isinstance(body[0], ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return file.with_lines(above_comments(file, first_line(body[0])), [line, ""])
    return file.with_lines(end_line(body[-1]), [line])
