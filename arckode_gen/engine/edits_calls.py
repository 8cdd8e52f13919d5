"""One call into a function, sorted among the calls like it, and out again."""

from __future__ import annotations

import _ast as ast

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed
from arckode_gen.engine.edits_check import adds_only
from arckode_gen.engine.edits_lines import above_comments, without_statement
from arckode_gen.engine.edits_names import assigned, dotted, imported, mentions, own, walk
from arckode_gen.engine.edits_source import (
    DEFINITIONS,
    UnreadableError,
    end_line,
    first_line,
    natural,
    parse,
    read,
    running,
    statements,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Final

    from arckode_gen.engine.edits import Insertion, Removal
    from arckode_gen.engine.edits_source import Source

    Function = ast.FunctionDef | ast.AsyncFunctionDef

# Runs of calls in the order in which a root makes them: modules use adapters and parts, connectors join modules.
PHASES = ("provide_", "use_", "register_", "connect_")


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class _NoPlaceError(Exception):
    """The text says why the call has no safe place."""


class _Call:
    """The call to make: the function's own name, its name in this file, and the line."""

    __slots__ = ("line", "name")

    def __init__(self, name: str, line: str) -> None:
        self.name: Final = name
        self.line: Final = line


def insert_call(source: bytes, function: str, statement: str) -> Insertion:
    """Add a call such as `register_orders(kernel)` to a function unless the file refers to it under any name.

    Calls whose name starts alike are siblings: it is sorted among them; without any it goes right before the return.
    When the function calls its `Kernel(...)` otherwise than the statement's first argument, that name is used.

    Raises:
        ValueError: the statement is no call of a plain name.
    """
    wanted = _wanted(statement)
    try:
        file = read(source)
        names = imported(file.statements)
        if _refers(file, names, _name(wanted)):
            return AlreadyThere()
        root = _function(file, function)
        call = _spelled(file, names, root, wanted, statement)
        text = _inserted(file, _block(root, call), call)
    except (UnreadableError, _NoPlaceError) as error:
        return CannotInsert(str(error), f"    {statement.strip()}")
    if not adds_only(file, text):
        return CannotInsert(f"{function!r} has no line of its own for the call", f"    {call.line}")
    return Inserted(text)


def remove_call(source: bytes, function: str, statement: str) -> Removal:
    """Take a call out again, unless a person changed it.

    Raises:
        ValueError: the statement is no call of a plain name.
    """
    wanted = _wanted(statement)
    try:
        file = read(source)
        names = imported(file.statements)
        if not _refers(file, names, _name(wanted)):
            return AlreadyGone()
        root = _function(file, function)
        call = _spelled(file, names, root, wanted, statement)
    except (UnreadableError, _NoPlaceError) as error:
        return CannotRemove(str(error), statement)
    from ast import dump

    same = dump(parse(call.line).body[0])
    found = [node for block in _blocks(root) for node in block if dump(node) == same and len(block) > 1]
    if len(found) != 1 or file.own_lines(found[0]) is None:
        return CannotRemove("a person changed the call, or it is not on a line of its own", statement)
    return Removed(without_statement(file, found[0]))


def _wanted(statement: str) -> ast.Call:
    body = parse(statement.strip()).body
    if len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Call):
        call = body[0].value
        if isinstance(call.func, ast.Name):
            return call
    raise ValueError(f"{statement!r} is no call of a plain name")


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _refers(file: Source, names: Mapping[str, str], name: str) -> bool:
    """Tell whether anything that runs uses the function, called or handed on, through any import."""
    if not file.may_say(name):
        return False
    words = [name, *(local for local, full in names.items() if full.rpartition(".")[2] == name)]
    return any(
        isinstance(node, ast.Name | ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and dotted(node, names).rpartition(".")[2] == name
        for node in mentions(file, words)
    )


def _function(file: Source, name: str) -> Function:
    found = [node for node in file.statements if isinstance(node, _FUNCTIONS) and node.name == name]
    if not found:
        raise _NoPlaceError(f"there is no function {name!r}")
    if len(found) > 1 or found[0] not in file.tree.body:
        raise _NoPlaceError(f"{name!r} is defined more than once or not at the top level")
    return found[0]


def _spelled(file: Source, names: Mapping[str, str], root: Function, wanted: ast.Call, statement: str) -> _Call:
    """Write the call with the names that this file uses."""
    name = _name(wanted)
    local = next((local for local, full in names.items() if full.rpartition(".")[2] == name), name)
    arguments = [*wanted.args]
    first = arguments[0] if arguments else None
    if isinstance(first, ast.Name) and not _is_bound(file, root, first.id):
        arguments[0] = ast.Name(_kernel(root, names, first.id), ast.Load())
    elif local == name:
        return _Call(name, statement.strip())
    from ast import unparse

    return _Call(name, unparse(ast.Call(ast.Name(local, ast.Load()), arguments, wanted.keywords)))


def _is_bound(file: Source, root: Function, name: str) -> bool:
    if name in _parameters(root) or name in assigned(_binding(file, root)):
        return True
    outside = (node for node in file.tree.body if not isinstance(node, ast.Import | ast.ImportFrom))
    return any(name in assigned([node, *_targets(node)]) for node in outside)


def _binding(file: Source, root: Function) -> Iterator[ast.AST]:
    """Walk a function but for the plain calls in it, which give no name a meaning and are most of a root."""
    lines = set(file.lines_with(":=", "for"))
    for node in statements(root):
        if not isinstance(node, ast.Expr) or not lines.isdisjoint(range(first_line(node), end_line(node))):
            yield from own(node)


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _parameters(root: Function) -> dict[str, ast.expr | None]:
    arguments = root.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return {argument.arg: argument.annotation for argument in every}


def _kernel(root: Function, names: Mapping[str, str], wanted: str) -> str:
    """Find the one variable that holds what the statement calls `kernel`: made by, or annotated as, `Kernel`."""
    kind = wanted.title().replace("_", "")
    found = [
        name
        for name, annotation in _parameters(root).items()
        if annotation is not None and _is_kind(annotation, kind, names)
    ]
    for node in running(root):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and _makes(node.value, kind, names):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [target.id for target in targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.withitem) and _makes(node.context_expr, kind, names):
            found += [node.optional_vars.id] if isinstance(node.optional_vars, ast.Name) else []
    if len(set(found)) != 1:
        raise _NoPlaceError(f"no single variable of {root.name!r} holds the {kind}")
    return found[0]


def _makes(value: ast.expr | None, kind: str, names: Mapping[str, str]) -> bool:
    made = value.value if isinstance(value, ast.Await) else value
    return isinstance(made, ast.Call) and _is_kind(made.func, kind, names)


def _is_kind(node: ast.expr, kind: str, names: Mapping[str, str]) -> bool:
    return dotted(node, names).rpartition(".")[2] == kind


def _blocks(root: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the statement lists of a function that always run: its body, and those of `with` and `try` in it."""
    if isinstance(root, ast.FunctionDef | ast.AsyncFunctionDef | ast.With | ast.AsyncWith | ast.Try):
        yield root.body
        for node in root.body:
            if isinstance(node, ast.With | ast.AsyncWith | ast.Try):
                yield from _blocks(node)


def _block(root: Function, call: _Call) -> list[ast.stmt]:
    """Choose where siblings are, or else where the variable gets its value, or else the body."""
    blocks = list(_blocks(root))
    kernel = parse(call.line).body[0]
    argument = kernel.value.args[:1] if isinstance(kernel, ast.Expr) and isinstance(kernel.value, ast.Call) else []
    wanted = {node.id for node in argument if isinstance(node, ast.Name)}
    for family in (prefix(call.name), *PHASES):
        for block in blocks:
            if any(_sibling(node).startswith(family) for node in block):
                return block
    for block in reversed(blocks):
        simple = [node for node in block if not isinstance(node, ast.With | ast.AsyncWith | ast.Try)]
        if wanted & assigned(iter([inner for node in simple for inner in walk(node)])):
            return block
    return _opened(root, wanted) or root.body


def _opened(root: Function, wanted: set[str]) -> list[ast.stmt]:
    """Return the body of the `with` that gives the variable its value."""
    for node in running(root):
        if isinstance(node, ast.With | ast.AsyncWith):
            names = {item.optional_vars.id for item in node.items if isinstance(item.optional_vars, ast.Name)}
            if names & wanted:
                return node.body
    return []


def prefix(name: str) -> str:
    """Return the start of a function's name that its siblings share, such as `register_`."""
    return f"{name.partition('_')[0]}_"


def _sibling(node: ast.stmt) -> str:
    """Return the name that a statement calls, or an empty string when it is no plain call."""
    value = node.value if isinstance(node, ast.Expr) else None
    value = value.value if isinstance(value, ast.Await) else value
    if not isinstance(value, ast.Call):
        return ""
    return value.func.id if isinstance(value.func, ast.Name) else getattr(value.func, "attr", "")


def _inserted(file: Source, block: Sequence[ast.stmt], call: _Call) -> bytes:
    indent = file.indent(block[0])
    if indent is None:
        raise _NoPlaceError("its body is on the line of its header")
    position = _position(block, call)
    while 0 < position < len(block) and first_line(block[position]) < end_line(block[position - 1]):
        position += 1
    if position == len(block) and isinstance(block[-1], ast.Return | ast.Raise):
        raise _NoPlaceError("the return is on the line of another statement")
    return file.with_lines(_line(file, block, position), [f"{indent}{call.line}"])


def _line(file: Source, block: Sequence[ast.stmt], position: int) -> int:
    """Return the line for position: right after the statement before, so that comments stay with what follows."""
    before = block[position - 1] if position else None
    if before is None or (isinstance(before, DEFINITIONS) and position < len(block)):
        return above_comments(file, first_line(block[position]))
    return end_line(before)


def _position(block: Sequence[ast.stmt], call: _Call) -> int:
    """Return the index in the block before which the call goes."""
    named = [(index, _sibling(node)) for index, node in enumerate(block)]
    own = prefix(call.name)
    siblings = [(index, name) for index, name in named if name.startswith(own)]
    if siblings:
        wanted = natural(call.name)
        greater = next((index for index, name in siblings if natural(name) > wanted), len(block))
        before = [index for index, _ in siblings if index < greater]
        return before[-1] + 1 if before else greater
    phase = PHASES.index(own) if own in PHASES else len(PHASES)
    earlier = [index for index, name in named if name.startswith(PHASES[:phase])] if phase else []
    later = [index for index, name in named if name.startswith(PHASES[phase + 1 :])] if phase < len(PHASES) else []
    if earlier:
        return earlier[-1] + 1
    if later:
        return later[0]
    return len(block) - isinstance(block[-1], ast.Return | ast.Raise)
