"""`arckode list`: every command, as a person or a program reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from arckode_gen import commands
from arckode_gen.engine.spec import CommandSpec
from arckode_gen.engine.spec_schema import schema
from arckode_gen.errors import ArckodeError
from arckode_gen.shell import tables

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "list",
    "List every command, the project's own stubs included.",
    examples=("arckode list", "arckode list --json", "arckode list | grep ^make"),
    details=(
        "In a pipe it is one command a line: name, group, summary. `--json` prints "
        '{"version", "commands": [{"name", "group", "summary", "details", "examples", "parameters", "error"}]}: '
        '"parameters" is the JSON schema of the command\'s words, "error" says why a stub cannot be loaded.'
    ),
)

_PROJECT = "project"


@dataclass(frozen=True, slots=True)
class _Listed:
    """A command as far as it can be loaded; `spec` is None when its stub is broken."""

    name: str
    spec: CommandSpec | None
    error: str = ""

    @property
    def group(self) -> str:
        prefix, colon, _ = self.name.partition(":")
        return prefix if colon else _PROJECT

    @property
    def summary(self) -> str:
        return self.spec.summary if self.spec else f"cannot be loaded: {self.error}"


def run(call: Call) -> int:
    """Print the commands, group by group."""
    listed = sorted(
        (_load(name, call.cwd) for name in commands.names(call.cwd)),
        key=lambda each: (each.group != _PROJECT, each.group, each.name),
    )
    if call.json:
        call.write(json.dumps({"version": 1, "commands": [_document(each) for each in listed]}, indent=2))
    elif tables.on_terminal():
        for group, members in groupby(listed, key=lambda each: each.group):
            rows = [(each.name, each.summary) for each in members]
            call.write(tables.drawn((group, ""), rows, call.environ))
    else:
        call.write(tables.aligned([(each.name, each.group, each.summary) for each in listed]))
    return 0


def _load(name: str, cwd: Path) -> _Listed:
    try:
        return _Listed(name, commands.find(name, cwd).spec)
    except ArckodeError as error:
        return _Listed(name, None, error.message)


def _document(each: _Listed) -> dict[str, object]:
    return {
        "name": each.name,
        "group": each.group,
        "summary": each.summary,
        "details": each.spec.details if each.spec else "",
        "examples": list(each.spec.examples) if each.spec else [],
        "parameters": schema(each.spec) if each.spec else {},
        "error": each.error,
    }
