"""What `arckode mcp` offers: commands as tools, whose words are the tool's arguments and whose JSON is its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from arckode_gen import commands
from arckode_gen.commands import hook
from arckode_gen.engine import words
from arckode_gen.engine.spec import COMMON_PARAMS, Call
from arckode_gen.engine.spec_schema import schema
from arckode_gen.errors import ArckodeError, CrashError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from arckode_gen.engine.spec import CommandSpec, Param

CHECK_WRITE = "check_write"
_READING = ("map", "place", "analyze", "explain")
_WRITING = ("undo",)
# What these do is for a terminal, or writes.
_LEFT_OUT = {
    "analyze": {"format", "stdin_file", "watch", "init", "write", "fix", "dry_run", "diff", "update_baseline"},
    "map": {"write"},
}
_PROPOSAL: dict[str, object] = {
    "type": "object",
    "properties": {
        "file_path": {"type": "string", "description": "The file, absolute or from the project's folder."},
        "content": {"type": "string", "description": "The whole new text."},
        "old_string": {"type": "string", "description": "Or the text that is replaced ..."},
        "new_string": {"type": "string", "description": "... and what it becomes."},
        "replace_all": {"type": "boolean", "description": "Replace it everywhere, not once."},
    },
    "required": ["file_path"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: its name, what an agent is told about it, and the schema of its arguments."""

    name: str
    description: str
    arguments: Mapping[str, object]
    writes: bool
    answer: Callable[[Mapping[str, object]], Answer]


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON that a command printed, and whether it is an error."""

    text: str
    is_error: bool = False


def tools(cwd: Path, environ: Mapping[str, str], *, read_only: bool) -> Iterator[Tool]:
    """Yield what there is to offer in a folder."""
    for name in _READING:
        yield _tool(commands.find(name, cwd).spec, cwd, environ, writes=False)
    yield Tool(CHECK_WRITE, hook.SPEC.summary, _PROPOSAL, writes=False, answer=_checking(cwd, environ))
    if not read_only:
        for name in (*_WRITING, *(name for name in commands.names(cwd) if name.startswith("make:"))):
            yield _tool(commands.find(name, cwd).spec, cwd, environ, writes=True)


def _tool(spec: CommandSpec, cwd: Path, environ: Mapping[str, str], *, writes: bool) -> Tool:
    left_out = {param.name for param in COMMON_PARAMS} | _LEFT_OUT.get(spec.name, set())
    described = schema(spec)
    known = cast("dict[str, object]", described["properties"])
    offered = {name: value for name, value in known.items() if name not in left_out}
    told = "\n\n".join(part.strip() for part in (spec.summary, spec.details) if part)
    name = spec.name.replace(":", "_").replace("-", "_")

    def answer(arguments: Mapping[str, object]) -> Answer:
        return _answered(lambda: _called(spec, _words(spec, arguments, offered), cwd, environ))

    return Tool(name, told, {**described, "properties": offered}, writes, answer)


def _checking(cwd: Path, environ: Mapping[str, str]) -> Callable[[Mapping[str, object]], Answer]:
    def answer(arguments: Mapping[str, object]) -> Answer:
        sent = json.dumps({"tool_input": dict(arguments)}).encode()
        return _answered(lambda: _run(hook.SPEC, ["pre-write"], cwd, environ, lambda call: hook.judge(call, sent)))

    return answer


def _called(spec: CommandSpec, argv: list[str], cwd: Path, environ: Mapping[str, str]) -> str:
    return _run(spec, argv, cwd, environ, commands.find(spec.name, cwd).run)


def _run(spec: CommandSpec, argv: list[str], cwd: Path, environ: Mapping[str, str], act: Callable[[Call], int]) -> str:
    """Run a command as `--json --no-input` would, and return what it prints."""
    asked = words.normalise(spec, [*argv, "--json", "--no-input"])
    values = words.read(spec, asked)
    if values is None:
        from arckode_gen import typer_app  # it explains what is wrong

        values = typer_app.read(spec, asked, interactive=False)
    out: list[str] = []
    said: list[str] = []
    call = Call(
        spec, cwd, values, out.append, said.append, json=True, environ=environ, argv=(spec.name, *argv, "--json")
    )
    act(call)
    return "\n".join(out)


def _answered(run: Callable[[], str]) -> Answer:
    """Return what a command printed, or its error as `--json` prints it."""
    try:
        return Answer(run())
    except Exception as error:  # noqa: BLE001  one tool's failure must not end the server
        told = error if isinstance(error, ArckodeError) else CrashError(f"{type(error).__name__}: {error}", "report it")
        said = {"message": told.message, "hint": told.hint, "exit_code": told.exit_code}
        return Answer(json.dumps({"version": 1, "error": said}, indent=2), is_error=True)


def _words(spec: CommandSpec, arguments: Mapping[str, object], offered: Mapping[str, object]) -> list[str]:
    """Write a tool's arguments as they are typed.

    Raises:
        UsageError: an argument is unknown, or would be read as an option.
    """
    for name in arguments:
        if name not in offered:
            raise UsageError(
                f"{spec.name} takes no '{name}'", nearest(name, offered) or f"it takes {', '.join(offered)}"
            )
    argv: list[str] = []
    for param in spec.arguments:
        argv += _typed(param, arguments.get(param.name))
        if any(word.startswith("-") for word in argv):
            raise UsageError(f"'{argv[-1]}' is no {param.name}", "it begins like an option")
    for param in (param for param in spec.options if param.name in arguments):
        value = arguments[param.name]
        if param.type == "bool":
            argv += [param.flag] if value is True else []
        else:
            argv += [f"{param.flag}={word}" for word in _typed(param, value)]
    return argv


def _typed(param: Param, value: object) -> list[str]:
    if value is None:
        return []
    listed = cast("list[object]", value) if isinstance(value, list) and param.many else [value]
    for each in listed:
        if isinstance(each, bool) or not isinstance(each, str | int):
            raise UsageError(f"'{param.name}' is {type(each).__name__}, not text", "see the tool's schema")
    return [str(each) for each in listed]
