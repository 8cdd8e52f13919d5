"""Which circles of schemas are refused: just those that the TypeScript compiler refuses."""

from __future__ import annotations

import os
import random
import re
from typing import TYPE_CHECKING

import pytest

from arckode_gen.client import circles
from arckode_gen.client.document import UnsupportedError
from arckode_gen.client.model import NULL, STRING, ListOf, Named, ObjectOf, OneOf, Property, Schema, TupleOf, Type
from arckode_gen.client.typescript import Printer
from tests.client.tools import compile_errors

if TYPE_CHECKING:
    from pathlib import Path


_NAMES = ("A", "B")
_ROUNDS = int(os.environ.get("ARCKODE_CIRCLES", "600"))


def _made(chance: random.Random, depth: int = 0) -> Type:
    """Make up a type from lists, tuples, unions and objects, and the names of two schemas."""
    kind = chance.choice(("name", "name", "text", "list", "tuple", "tuple", "union", "object"))
    if depth > 3 or kind == "text":
        return STRING
    if kind == "name":
        return Named(chance.choice(_NAMES))
    inner = _made(chance, depth + 1)
    if kind == "list":
        return ListOf(inner)
    if kind == "union":
        return OneOf((inner, NULL)) if not isinstance(inner, OneOf) else inner
    if kind == "object":
        return ObjectOf((Property("key", inner, required=chance.random() < 0.5),))
    items = (inner, *(_made(chance, depth + 1) for _ in range(chance.randrange(2))))
    rest = _made(chance, depth + 1) if chance.random() < 0.3 else None
    return TupleOf(items, chance.randrange(len(items) + 1), rest)


def _is_refused(types: dict[str, Type]) -> bool:
    try:
        circles.refuse(tuple(Schema(name, name, found) for name, found in types.items()))
    except UnsupportedError:
        return True
    return False


@pytest.mark.parametrize("version", ["5.9", "7.0"])
def test_what_is_refused_does_not_compile_and_all_else_does(version: str, tmp_path: Path) -> None:
    chance = random.Random(20261127)
    refused: set[str] = set()
    for number in range(_ROUNDS):
        types = {name: _made(chance) for name in _NAMES}
        printer = Printer("request", {(name, "request"): name for name in _NAMES})
        lines = [
            f"export interface {name} {printer.broken(found, 0)}"
            if isinstance(found, ObjectOf)
            else printer.after(f"export type {name} = ", found, 0)
            for name, found in types.items()
        ]
        (tmp_path / f"t{number}.ts").write_text("\n".join(lines), "utf-8")
        if _is_refused(types):
            refused.add(f"t{number}.ts")
    said = compile_errors(tmp_path, version)
    circular = {line.partition("(")[0] for line in said if re.search(r"error TS(2456|4110):", line)}
    assert _ROUNDS // 20 < len(refused) < _ROUNDS // 2
    assert circular == refused, {name: (tmp_path / name).read_text("utf-8") for name in sorted(circular ^ refused)[:8]}
