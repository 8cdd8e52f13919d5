"""What the programs share that answer a question about a project in the project's own interpreter.

Nothing of arckode is importable there, so each of them loads this file by its path.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    Asked = Mapping[str, Any]
    Report = Callable[[str], None]
    Told = dict[str, str]

_CORRECT = "correct .env or the environment"
_EVERY = 2.0
"""Seconds between two words about how far it is."""


class WrongSettingsError(Exception):
    """The project's settings are wrong; it says what the project's own start says, a line for each of them."""


def run(
    answer: Callable[[Asked, Report], object | Coroutine[Any, Any, object]],
    told: Callable[[BaseException, Asked], Told],
) -> int:
    """Read a JSON object from standard input, and write what `answer` makes of it to standard output.

    One JSON object a line: what `answer` reports while it works, as `{"kind": "progress", "text": ...}`, and in the end
    `{"answer": ...}`, or `{"error": ...}` with what `told` says of whatever it raised. Returns the exit code.
    """
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What the project prints while it is imported must not land in the answer.
    os.dup2(2, 1)

    def send(message: Mapping[str, object]) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    asked = json.load(sys.stdin)
    sys.path.insert(0, asked["src"])
    try:
        found = answer(asked, lambda text: send({"kind": "progress", "text": text}))
        message = {"answer": asyncio.run(found) if asyncio.iscoroutine(found) else found}
    except KeyboardInterrupt:
        return 130
    except (Exception, SystemExit) as error:  # noqa: BLE001  it is the user's code: whatever it raises is told in words
        message = {"error": told(error, asked)}
    send(message)
    return 0


def composed(package: str) -> Any:  # noqa: ANN401  a class of the project's own kernel
    """Put a project together as its application is, and return its kernel; nothing is started."""
    settings = settings_of(package)
    return importlib.import_module(f"{package}.composition_root").compose(settings)


def settings_of(package: str) -> Any:  # noqa: ANN401  a class of the project's own
    """Read a project's settings as its application reads them. Raises WrongSettingsError."""
    settings = importlib.import_module(f"{package}.settings").Settings
    try:
        return settings.load()
    except SystemExit as error:
        raise WrongSettingsError(str(error)) from None


def reporter(report: Report) -> Callable[[int], None]:
    """Return what reports how many events there were, and not more often than a person wants to hear it."""
    last = time.monotonic()

    def count(events: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            report(f"{events} events")

    return count


def told(kind: str, message: str, hint: str = "") -> Told:
    """Return an error as arckode raises it anew: the name of its class, what is wrong, and what to do."""
    return {"kind": kind, "message": message, "hint": hint}


def first_line(error: BaseException) -> str:
    """Return what an error says before it goes into details."""
    return next(iter(str(error).splitlines()), "")


def unusable(error: BaseException, missing: str) -> Told | None:
    """Tell why a project cannot be asked at all: its settings, its packages, or, as `missing`, a table it needs."""
    if (wrong := _wrong_settings(error)) is not None:
        return told("UsageError", wrong, _CORRECT)
    if isinstance(error, ModuleNotFoundError):
        hint = "install the project's dependencies there, or name another interpreter with --python"
        return told("OperationError", f"{sys.executable} cannot import the project: {error}", hint)
    if (reason := _missing_table(error)) is not None:
        return told("RefusedError", f"{missing}: {reason}", "make it first: `arckode db:migrate`")
    return _missing_column(error)


def unreachable(error: BaseException) -> Told | None:
    """Tell that the database does not answer."""
    if type(error).__name__ == "CannotConnectError" or isinstance(error, OSError):
        hint = "start it, or correct DATABASE_URL"
        return told("OperationError", f"cannot reach the database: {first_line(error)}", hint)
    return None


def store_unreachable(error: BaseException) -> Told | None:
    """Tell that an event store outside the database does not answer."""
    if type(error).__name__ == "UnavailableError":
        hint = "start it, or correct its settings in .env"
        return told("OperationError", f"cannot reach the event store: {first_line(error)}", hint)
    return None


def unexpected(error: BaseException) -> Told:
    """Tell what nobody foresaw; what the project's own start says of its wiring is words enough."""
    if type(error).__name__ == "WiringError":
        return told("OperationError", first_line(error))
    return told("OperationError", f"{type(error).__name__}: {first_line(error)}")


def told_where(error: BaseException, asked: Asked) -> Told:
    """Tell what went wrong while the project was put together, and in which of its lines."""
    if (wrong := _wrong_settings(error)) is not None:
        return told("OperationError", wrong, _CORRECT)
    text, place = traceback.format_exception_only(error)[-1].strip(), _place(error, asked["root"])
    hint = "correct it, then run the command again"
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] != asked["package"]:
        hint = f"install the project's dependencies for {sys.executable}, or name another interpreter with --python"
    return told("OperationError", f"{place}: {text}" if place else text, hint)


def _wrong_settings(error: Any) -> str | None:  # noqa: ANN401  pydantic is not importable everywhere
    """Return which settings are wrong and why, in one line; None where it is another error."""
    if isinstance(error, WrongSettingsError):
        lines = str(error).splitlines()
    elif type(error).__name__ == "ValidationError" and type(error).__module__.startswith("pydantic"):
        lines = [f"{'.'.join(map(str, each['loc'])) or 'settings'}: {each['msg']}" for each in error.errors()]
    else:
        return None
    return f"the settings are wrong: {'; '.join(lines)}"


def _missing_column(error: BaseException | None) -> Told | None:
    """Tell that the project's kernel met a column that no migration has added yet."""
    while error is not None:
        if type(error).__name__ == "MissingColumnError":
            return told("RefusedError", first_line(error))
        error = error.__cause__
    return None


def _missing_table(error: BaseException | None) -> str | None:
    """Return what the driver said when the error, or what caused it, is that a table is not there."""
    while error is not None:
        if getattr(error, "sqlstate", "") == "42P01":
            return first_line(error.__cause__ or error)  # the driver's own words, without the name of its class
        if error.args and error.args[0] == 1146:
            return str(error.args[-1])
        if type(error).__module__ == "sqlite3" and str(error).startswith("no such table"):
            return str(error)
        error = getattr(error, "orig", None) or error.__cause__
    return None


def _place(error: BaseException, root: str) -> str:
    """Return file:line of the last line of the project that ran, or where its syntax is wrong."""
    frames = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", error.lineno or 0))
    inside = os.path.join(os.path.realpath(root), "src", "")  # noqa: PTH118  pathlib is not needed for two strings
    for file, line in reversed(frames):
        path = os.path.realpath(file)
        if path.startswith(inside):
            return f"{os.path.relpath(path, os.path.realpath(root))}:{line}"
    return ""
