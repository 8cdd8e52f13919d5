"""The command line: finds the command, reads its words, runs it and turns errors into exit codes."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen import commands
from arckode_gen.engine import words as plain
from arckode_gen.engine.spec import Call, CommandSpec, Value
from arckode_gen.errors import ArckodeError, CrashError, OperationError, UsageError
from arckode_gen.interruption import noticed

if TYPE_CHECKING:
    from collections.abc import Callable

HELP_WORDS = ("--help", "-h", "help")
_BUG = "this is a bug in arckode; run again with --debug to see where, and please report it"


def run(argv: list[str]) -> int:
    """Run one command line; every expected failure is a message on standard error and an exit code."""
    try:
        with noticed() as interrupted:
            return _guarded(argv, interrupted)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _guarded(argv: list[str], interrupted: Callable[[], bool]) -> int:
    try:
        code = _run(argv)
        sys.stdout.flush()  # a reader that went away is noticed here, not while the interpreter shuts down
    except BrokenPipeError:
        _write_nowhere()
        return 0
    except Exception as error:  # what is none of our errors is our bug and said so
        told = error if isinstance(error, ArckodeError) else _crash(error)
        if interrupted() and isinstance(told, CrashError):
            raise KeyboardInterrupt from error
        return _told(told, argv)
    return code


def _told(error: ArckodeError, argv: list[str]) -> int:
    """Say an error; that its reader went away changes nothing about how the command ended."""
    try:
        code = _fail(error, argv)
        sys.stdout.flush()
    except BrokenPipeError:
        _write_nowhere()
        return error.exit_code
    return code


def _write_nowhere() -> None:
    """Let what is still to be written go, now that its reader did."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _crash(error: Exception) -> CrashError:
    crash = CrashError(f"arckode crashed: {type(error).__name__}: {error}", _BUG)
    crash.__cause__ = error
    return crash


def complete(words: list[str]) -> int:
    """Print the words that could come next, one a line; the last of `words` is the one being typed."""
    from arckode_gen.engine.completion import candidates  # only a shell asks

    *before, current = words or [""]
    try:
        cwd = Path.cwd()
        if before:
            found = candidates(commands.find(before[0], cwd).spec, before[1:], current)
        else:
            found = tuple(word for word in (*commands.names(cwd), "--help", "--version") if word.startswith(current))
    except Exception:  # noqa: BLE001  nothing may spoil the line that someone is typing
        return 0
    if found:
        print("\n".join(found))
    return 0


def _run(argv: list[str]) -> int:
    cwd = _cwd()
    first, rest = (argv[0], argv[1:]) if argv else ("help", [])
    if first in HELP_WORDS:
        return _help(cwd, rest[0] if rest and not rest[0].startswith("-") else "")
    if first.startswith("-"):
        raise UsageError(f"'{first}' comes before a command", "name the command first, as in `arckode list --json`")
    command = commands.find(first, cwd)
    if plain.wants_help(rest):
        return _help(cwd, first)
    if plain.wants_schema(rest):
        return _schema(command.spec)
    values = _values(command.spec, plain.normalise(command.spec, rest))
    call = _call(command.spec, cwd, values, tuple(argv))
    gc.freeze()  # what was imported stays: no collection needs to look at it
    gc.enable()
    return command.run(call)


def _cwd() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise OperationError("the folder you are in does not exist any more", "change into another one") from error


def _help(cwd: Path, name: str) -> int:
    from arckode_gen import help_screen  # laying out text is for people, not for every run

    return help_screen.command(commands.find(name, cwd).spec) if name else help_screen.overview(cwd)


def _schema(spec: CommandSpec) -> int:
    import json  # an editor or an agent asks for this, once

    from arckode_gen.engine.spec_schema import schema

    print(json.dumps(schema(spec), indent=2))
    return 0


def _values(spec: CommandSpec, argv: list[str]) -> dict[str, Value]:
    """Read plain words at once; what needs explaining (errors, prompts) goes to typer."""
    asks = _interactive(argv) and plain.would_ask(spec, argv)
    values = None if asks else plain.read(spec, argv)
    if values is not None:
        return values
    from arckode_gen import typer_app  # typer's start-up is paid only when it has something to say

    return typer_app.read(spec, argv, interactive=asks)


def _interactive(argv: list[str]) -> bool:
    return "--no-input" not in argv and sys.stdin.isatty() and sys.stdout.isatty()


def _call(spec: CommandSpec, cwd: Path, values: dict[str, Value], argv: tuple[str, ...]) -> Call:
    return Call(
        spec=spec,
        cwd=cwd,
        values=values,
        write=print,
        say=lambda text: print(text, file=sys.stderr),
        json=values.get("json") is True,
        interactive=values.get("no_input") is not True and sys.stdin.isatty() and sys.stdout.isatty(),
        environ=dict(os.environ),
        argv=argv,
    )


def _fail(error: ArckodeError, argv: list[str]) -> int:
    if "--debug" in argv:
        import traceback  # only this flag pays for it

        traceback.print_exception(error)
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
    if "--json" in argv:
        import json

        said = {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}
        print(json.dumps({"version": 1, "error": said}, indent=2))
    return error.exit_code
