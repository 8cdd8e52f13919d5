"""Reads a Python migration from its syntax tree, so that reading never runs it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from arckode_gen.errors import RefusedError, nearest
from arckode_gen.migrations.dialects import KEYS
from arckode_gen.migrations.migration import Content, Migration, PerDialect
from arckode_gen.migrations.steps import Program, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.migrations.files import Source
    from arckode_gen.migrations.steps import Direction

_SHAPE = "write a dict: dialect -> list of statements, such as {'*': ['CREATE TABLE ...']}"


@dataclass(frozen=True, slots=True)
class _Names:
    constants: dict[str, ast.expr]
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]


def read_python(source: Source) -> Migration:
    """Return what a Python migration says; only a dict that is not a literal makes it run the file.

    Raises:
        RefusedError: the file does not follow the format.
    """
    names = _names(source)
    up = _content(source, names, "up")
    if up is None:
        raise RefusedError(f"{source.label} has neither UP nor `async def up(db)`", _SHAPE)
    return Migration(
        source,
        up,
        _content(source, names, "down"),
        irreversible=str(_constant(source, names, "IRREVERSIBLE", str) or ""),
        transaction=_constant(source, names, "TRANSACTION", bool) is not False,
    )


def _names(source: Source) -> _Names:
    try:
        tree = ast.parse(source.text, filename=source.label)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise RefusedError(
            f"{source.label}:{line}: not valid Python: {getattr(error, 'msg', error)}", "correct the file"
        ) from error
    return _Names(
        {name: value for node in tree.body for name, value in _assigned(node)},
        {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)},
    )


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        yield from ((target.id, node.value) for target in targets if isinstance(target, ast.Name))


def _content(source: Source, names: _Names, direction: Direction) -> Content | None:
    value, function = names.constants.get(direction.upper()), names.functions.get(direction)
    if value is not None and function is not None:
        raise RefusedError(
            f"{source.label}:{function.lineno}: both {direction.upper()} and {direction}(db) are here",
            "keep one of them; statements and data steps that belong together go into two files",
        )
    if function is not None:
        return _program(source, function, direction)
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return None
    return PerDialect(_statements(source, value, direction.upper()))


def _program(source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef, direction: Direction) -> Program:
    if isinstance(function, ast.FunctionDef) or len(function.args.args) != 1:
        raise RefusedError(
            f"{source.label}:{function.lineno}: {direction} must be `async def {direction}(db)`",
            f"write `async def {direction}(db):`",
        )
    return Program(direction)


def _constant(source: Source, names: _Names, name: str, kind: type[str | bool]) -> str | bool | None:
    node = names.constants.get(name)
    if node is None:
        return None
    if not isinstance(node, ast.Constant) or not isinstance(node.value, kind):
        wanted, such = ("True or False", "False") if kind is bool else ("a text that says why", "'the values are gone'")
        raise RefusedError(f"{source.label}:{node.lineno}: {name} must be {wanted}", f"write it like {name} = {such}")
    return node.value


def _statements(source: Source, node: ast.expr, name: str) -> dict[str, tuple[Statement, ...]]:
    try:
        value: object = ast.literal_eval(node)
    except ValueError:
        value = _computed(source, name)
    if not isinstance(value, dict):
        raise RefusedError(f"{source.label}:{node.lineno}: {name} is not a dict", _SHAPE)
    lines, keys = _lines(node), _keys(node)
    return {
        str(key): _list(source, f"{name}[{key!r}]", items, lines.get(key, ()), keys.get(key, node.lineno))
        for key, items in cast("dict[object, object]", value).items()
        if _is_key(source, keys.get(key, node.lineno), name, key)
    }


def _is_key(source: Source, line: int, name: str, key: object) -> bool:
    if key in KEYS:
        return True
    hint = nearest(str(key), KEYS) or f"the keys are {', '.join(repr(known) for known in KEYS)}"
    raise RefusedError(f"{source.label}:{line}: {name} has an unknown key {key!r}", hint)


def _list(source: Source, what: str, items: object, lines: tuple[int, ...], fallback: int) -> tuple[Statement, ...]:
    if not isinstance(items, list | tuple):
        raise RefusedError(f"{source.label}:{fallback}: {what} is not a list of statements", _SHAPE)
    found: list[Statement] = []
    for index, item in enumerate(cast("list[object]", items)):
        line = lines[index] if index < len(lines) else fallback
        if not isinstance(item, str) or not item.strip().rstrip(";"):
            raise RefusedError(f"{source.label}:{line}: {what}[{index}] is not a statement", "each is a non-empty text")
        found.append(Statement(item.strip().rstrip(";").rstrip(), line))
    return tuple(found)


def _lines(node: ast.expr) -> dict[object, tuple[int, ...]]:
    if not isinstance(node, ast.Dict):
        return {}
    return {
        key.value: tuple(item.lineno for item in value.elts)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(value, ast.List | ast.Tuple)
    }


def _keys(node: ast.expr) -> dict[object, int]:
    found = node.keys if isinstance(node, ast.Dict) else []
    return {key.value: key.lineno for key in found if isinstance(key, ast.Constant)}


def _computed(source: Source, name: str) -> object:
    from arckode_gen.migrations.isolation import isolated

    with isolated(source) as module:
        value: object = vars(module).get(name)
        return value
