"""Commands as tests call them: in this process, or as a user's own process."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen import commands
from arckode_gen.engine import words
from arckode_gen.engine.spec import Call
from tests import json_answers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROGRAM = (sys.executable, "-P", "-m", "arckode_gen")
ENVIRON = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DATABASE"))},
    "VIRTUAL_ENV": sys.prefix,
    "NO_COLOR": "1",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What a command printed and how it ended."""

    code: int
    out: str
    said: str


def call(cwd: Path, *argv: str, environ: Mapping[str, str] = ENVIRON) -> Heard:
    """Run a command in this process; what it raises goes through."""
    found = commands.find(argv[0], cwd)
    values = words.read(found.spec, words.normalise(found.spec, list(argv[1:])))
    assert values is not None, f"not well-formed: {argv}"
    out: list[str] = []
    said: list[str] = []
    as_json = values["json"] is True
    code = found.run(Call(found.spec, cwd, values, out.append, said.append, json=as_json, environ=environ))
    if as_json and argv[0] not in json_answers.SILENT:
        json_answers.check(argv[0], "\n".join(out))
    return Heard(code, "\n".join(out), "\n".join(said))


def arckode(cwd: Path, *argv: str, code: int = 0, environ: Mapping[str, str] = ENVIRON) -> Heard:
    """Run arckode as a user does."""
    ended = subprocess.run(
        [*PROGRAM, *argv], cwd=cwd, env=dict(environ), capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == code, f"{argv} ended with {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    json_answers.check_call(argv, ended.stdout)
    return Heard(ended.returncode, ended.stdout, ended.stderr)


def on_terminal(cwd: Path, *argv: str, **environ: str) -> str:
    """Run arckode on a terminal of its own and return what is seen there."""
    ours, theirs = pty.openpty()
    env = {**ENVIRON, "TERM": "xterm-256color", "COLUMNS": "200", **environ}
    with subprocess.Popen([*PROGRAM, *argv], cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
        os.close(ours)
    assert process.returncode == 0, seen.decode()
    return seen.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""
