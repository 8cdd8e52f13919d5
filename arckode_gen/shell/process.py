"""Runs things in the project's own interpreter, where its packages are."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from arckode_gen import errors
from arckode_gen.errors import ArckodeError, CrashError, OperationError, UsageError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable, Mapping

_BIN = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python to run; `is_own` means that it is the one running now, `warning` that it is a guess."""

    path: Path
    is_own: bool
    warning: str = ""


def interpreter(root: Path, environ: Mapping[str, str], explicit: str = "") -> Interpreter:
    """Choose the project's interpreter: the explicit one, `VIRTUAL_ENV`, the project's `.venv`, else our own.

    Raises:
        UsageError: the explicit one is not there.
    """
    if explicit:
        return _explicit(root, explicit)
    for folder in (environ.get("VIRTUAL_ENV", ""), str(root / ".venv")):
        python = Path(folder) / _BIN
        if folder and python.is_file():
            return Interpreter(python, is_own=_is_own(python))
    chosen = environ.get("VIRTUAL_ENV", "")
    named = f"VIRTUAL_ENV is {chosen}, which has no {_BIN}" if chosen else "no VIRTUAL_ENV"
    broken = f"a .venv without {_BIN}" if (root / ".venv").exists() else "no .venv"
    warning = f"{broken} in {root} and {named}: using arckode's own interpreter, {sys.executable}"
    return Interpreter(Path(sys.executable), is_own=True, warning=warning)


def _explicit(root: Path, text: str) -> Interpreter:
    path = root / Path(text).expanduser()
    python = path / _BIN if path.is_dir() else path
    if not python.is_file():
        raise UsageError(f"--python {text}: there is no interpreter", "name a python program or a virtual environment")
    return Interpreter(python, is_own=_is_own(python))


def _is_own(python: Path) -> bool:
    """Tell whether `python` sees the packages we see: the same environment, or the same program outside of any."""
    prefix = python.absolute().parent.parent
    if prefix.resolve() != Path(sys.prefix).resolve():
        return False
    return (prefix / "pyvenv.cfg").is_file() or python.resolve() == Path(sys.executable).resolve()


def start(command: list[str], root: Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a program in a project that is talked with through its standard input and output."""
    import subprocess

    return subprocess.Popen(
        command, cwd=root, env=dict(environ) or None, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )


def run_entry(
    python: Path,
    script: Path,
    request: Mapping[str, object],
    report: Callable[[str, str], None],
    *,
    root: Path,
    environ: Mapping[str, str],
) -> Mapping[str, object]:
    """Run a script that reads one JSON object and writes one a line: progress, and in the end its answer or its error.

    The request goes through standard input, because arguments are visible to every user of a machine.

    Raises:
        ArckodeError: the one that the script met, of the same kind.
        OperationError: the interpreter cannot be started.
        CrashError: it ended without an answer.
    """
    import json

    try:
        process = start([str(python), "-P", str(script)], root, environ)
    except OSError as error:
        raise OperationError(f"cannot run {python}: {error.strerror}", "choose another one with --python") from error
    with process:
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise CrashError("the interpreter was started without pipes")
        try:
            stdin.write(json.dumps(request))
            stdin.close()
        except BrokenPipeError:
            pass
        answer = _listen(stdout, report)
    if answer is None:
        raise CrashError(
            f"{python} ended with code {process.returncode} before it answered", "what it said is above; see --python"
        )
    return answer


def _listen(lines: Iterable[str], report: Callable[[str, str], None]) -> Mapping[str, object] | None:
    import json

    for line in lines:
        message: dict[str, object] = json.loads(line)
        if "error" in message:
            raise _raised(cast("dict[str, str]", message["error"]))
        if "answer" in message:
            return cast("dict[str, object]", message["answer"])
        report(str(message["kind"]), str(message["text"]))
    return None


def _raised(error: Mapping[str, str]) -> ArckodeError:
    kind = getattr(errors, error["kind"], CrashError)
    made: ArckodeError = kind(error["message"], error["hint"])
    return made
