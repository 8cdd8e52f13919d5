"""One attribute into a class's `__init__`, or one method into a class, and out again.

A member that is there under the name is left as it is: what a person made of it is theirs.
"""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed, StillUsed
from arckode_gen.engine.edits_check import adds_only, count_statements
from arckode_gen.engine.edits_lines import without_statement
from arckode_gen.engine.edits_source import UnreadableError, end_line, first_line, read

if TYPE_CHECKING:
    from arckode_gen.engine.edits import Insertion, Removal

    Function = ast.FunctionDef | ast.AsyncFunctionDef

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class _NoPlaceError(Exception):
    """The text says why the member has no safe place."""


def insert_attribute(source: bytes, class_name: str, statement: str) -> Insertion:
    """Add a line such as `self.stock = stock_port()` at the end of a class's `__init__` unless it sets the attribute.

    Raises:
        ValueError: the statement sets no attribute of `self`.
    """
    wanted = _wanted_attribute(statement)
    lines = statement.strip().split("\n")
    patch = "\n".join([f"class {class_name}:", "    def __init__(self, ...) -> None:", *_indented(lines, " " * 8)])
    try:
        file = read(source)
        init = _init(_class(file.tree, class_name))
    except (UnreadableError, _NoPlaceError) as error:
        return CannotInsert(str(error), patch)
    if _attribute(wanted) in {_attribute(node) for node in ast.walk(init) if isinstance(node, ast.stmt)}:
        return AlreadyThere()
    indent = file.indent(init.body[-1])
    if indent is None or isinstance(init.body[-1], ast.Return | ast.Raise):
        return CannotInsert("the end of __init__ has no line of its own for the attribute", patch)
    text = file.with_lines(end_line(init.body[-1]), _indented(lines, indent))
    if not adds_only(file, text):
        return CannotInsert("no line of its own was found for the attribute", patch)
    return Inserted(text)


def remove_attribute(source: bytes, class_name: str, statement: str) -> Removal:
    """Take an attribute out of `__init__` again, unless a person changed it or something still uses it.

    Raises:
        ValueError: the statement sets no attribute of `self`.
    """
    wanted = _wanted_attribute(statement)
    name = _attribute(wanted)
    try:
        file = read(source)
        init = _init(_class(file.tree, class_name))
    except (UnreadableError, _NoPlaceError) as error:
        return CannotRemove(str(error), statement)
    found = [node for node in init.body if _attribute(node) == name]
    if not found:
        return AlreadyGone()
    if len(found) > 1 or ast.dump(found[0]) != ast.dump(wanted) or file.own_lines(found[0]) is None:
        return CannotRemove("a person changed the attribute", statement)
    uses = [node for node in ast.walk(file.tree) if isinstance(node, ast.Attribute) and node.attr == name]
    if len(uses) > 1:
        line = next(node.lineno for node in uses if node.lineno != found[0].lineno)
        return StillUsed(f"line {line} still uses `self.{name}`", statement)
    if len(init.body) == 1:
        return CannotRemove("__init__ has nothing else", statement)
    return Removed(without_statement(file, found[0]))


def insert_method(source: bytes, class_name: str, text: str) -> Insertion:
    """Add a method after the last public one unless the class has something of its name.

    Raises:
        ValueError: the text is no single function.
    """
    wanted = _wanted_method(text)
    lines = text.strip("\n").split("\n")
    patch = "\n".join([f"class {class_name}:", *_indented(lines, "    ")])
    try:
        file = read(source)
        body = _class(file.tree, class_name).body
    except (UnreadableError, _NoPlaceError) as error:
        return CannotInsert(str(error), patch)
    if wanted.name in {_name(node) for node in body}:
        return AlreadyThere()
    indent = file.indent(body[0])
    if indent is None:
        return CannotInsert("its body is on the line of its header", patch)
    public = [node for node in body if isinstance(node, _FUNCTIONS) and _is_public(node)]
    after = public[-1] if public else body[-1]
    changed = file.with_lines(end_line(after), ["", *_indented(lines, indent)])
    if not adds_only(file, changed, count_statements(text)):
        return CannotInsert("no lines of its own were found for the method", patch)
    return Inserted(changed)


def remove_method(source: bytes, class_name: str, text: str) -> Removal:
    """Take a method out again, unless a person changed it.

    Raises:
        ValueError: the text is no single function.
    """
    wanted = _wanted_method(text)
    try:
        file = read(source)
        body = _class(file.tree, class_name).body
    except (UnreadableError, _NoPlaceError) as error:
        return CannotRemove(str(error), text)
    found = [node for node in body if _name(node) == wanted.name]
    if not found:
        return AlreadyGone()
    lines = file.own_lines(found[0])
    same = lines is not None and textwrap.dedent(lines).split() == text.split()
    if len(found) > 1 or len(body) == 1 or not same:
        return CannotRemove(f"a person changed `{wanted.name}`", text)
    at = first_line(found[0])
    at -= file.is_blank(at - 1)
    return Removed(file.with_lines(at, [], drop=end_line(found[0]) - at))


def _wanted_attribute(statement: str) -> ast.stmt:
    body = ast.parse(statement.strip()).body
    if len(body) != 1 or not _attribute(body[0]):
        raise ValueError(f"{statement!r} sets no attribute of self")
    return body[0]


def _wanted_method(text: str) -> Function:
    body = ast.parse(text.strip("\n")).body
    if len(body) != 1 or not isinstance(body[0], _FUNCTIONS):
        raise ValueError(f"{text!r} is no single function")
    return body[0]


def _class(tree: ast.Module, name: str) -> ast.ClassDef:
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    if len(found) != 1:
        raise _NoPlaceError(f"there is not exactly one class {name!r} at the top level")
    return found[0]


def _init(klass: ast.ClassDef) -> Function:
    found = [node for node in klass.body if isinstance(node, _FUNCTIONS) and node.name == "__init__"]
    if len(found) != 1:
        raise _NoPlaceError(f"the class {klass.name!r} has no __init__ of its own")
    return found[0]


def _attribute(node: ast.stmt) -> str:
    """Return what a statement sets of `self`, or an empty string."""
    target: ast.expr | None = node.target if isinstance(node, ast.AnnAssign) else None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    is_own = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
    return target.attr if is_own and isinstance(target, ast.Attribute) else ""


def _name(node: ast.stmt) -> str:
    """Return the name that a statement gives to something in a class."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    target = (
        node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
    )
    return target.id if isinstance(target, ast.Name) else ""


def _is_public(node: Function) -> bool:
    return not node.name.startswith("_") or node.name.startswith("__")


def _indented(lines: list[str], indent: str) -> list[str]:
    return [f"{indent}{line}" if line else "" for line in lines]
