"""The command line: finds the command, reads its words, runs it and turns errors into exit codes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from arckode_gen import commands
from arckode_gen.engine import words as plain
from arckode_gen.engine.spec import Call, CommandSpec, Value
from arckode_gen.errors import ArckodeError, UsageError

HELP_WORDS = ("--help", "-h", "help")


def run(argv: list[str]) -> int:
    """Run one command line; every expected failure is a message on standard error and an exit code."""
    try:
        return _run(argv)
    except ArckodeError as error:
        return _fail(error, as_json="--json" in argv, debug="--debug" in argv)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if "--debug" in argv:
            raise
        print(f"arckode crashed: {type(error).__name__}: {error}", file=sys.stderr)
        print("this is a bug in arckode; run again with --debug to see where, and please report it", file=sys.stderr)
        return 70


def complete(words: list[str]) -> int:
    """Print the words that could come next, one a line; the last of `words` is the one being typed."""
    cwd = Path.cwd()
    *before, current = words or [""]
    try:
        known = (*commands.find(before[0], cwd).spec.flags, "--help") if before else commands.names(cwd)
    except ArckodeError:
        known = ()
    print("\n".join(word for word in known if word.startswith(current)))
    return 0


def _run(argv: list[str]) -> int:
    cwd = Path.cwd()
    if not argv or argv[0] in HELP_WORDS:
        from arckode_gen import help_screen  # rich is for people, not for every run

        return help_screen.show(cwd)
    if argv[0].startswith("-"):
        raise UsageError(f"'{argv[0]}' comes before a command", "name the command first, as in `arckode list --json`")
    command = commands.find(argv[0], cwd)
    values = _values(command.spec, plain.normalise(command.spec, argv[1:]))
    return 0 if values is None else command.run(_call(command.spec, cwd, values))


def _values(spec: CommandSpec, argv: list[str]) -> dict[str, Value] | None:
    """Read plain words at once; what needs explaining (help, errors, prompts) goes to typer."""
    interactive = _interactive(argv)
    values = None if interactive and plain.would_ask(spec, argv) else plain.read(spec, argv)
    if values is not None:
        return values
    from arckode_gen import typer_app  # typer's start-up is paid only when it has something to say

    return typer_app.read(spec, argv, interactive=interactive)


def _interactive(argv: list[str]) -> bool:
    return "--no-input" not in argv and sys.stdin.isatty() and sys.stdout.isatty()


def _call(spec: CommandSpec, cwd: Path, values: dict[str, Value]) -> Call:
    return Call(
        spec=spec,
        cwd=cwd,
        values=values,
        write=print,
        say=lambda text: print(text, file=sys.stderr),
        json=values.get("json") is True,
        interactive=values.get("no_input") is not True and sys.stdin.isatty() and sys.stdout.isatty(),
        environ=dict(os.environ),
    )


def _fail(error: ArckodeError, *, as_json: bool, debug: bool) -> int:
    if debug:
        raise error
    if as_json:
        said = {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}
        print(json.dumps({"version": 1, "error": said}, indent=2))
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
    return error.exit_code
