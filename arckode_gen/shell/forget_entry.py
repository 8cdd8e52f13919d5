"""Forgets a person in a project, in the project's own interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, JSON objects on standard output, one a line:
what is being rebuilt, and then the answer.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO


def main() -> int:
    """Answer `{"answer": {...}}`, or `{"error": ...}` for what a person can put right."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What the project prints while it is imported must not land in the answer.
    os.dup2(2, 1)
    asked = json.load(sys.stdin)
    sys.path.insert(0, asked["src"])
    try:
        message: dict[str, object] = {"answer": asyncio.run(_answer(asked, channel))}
    except KeyboardInterrupt:
        return 130
    except (Exception, SystemExit) as error:  # noqa: BLE001  it is the user's code: whatever it raises is told in words
        message = {"error": _told(error)}
    channel.write(json.dumps(message) + "\n")
    channel.flush()
    return 0


async def _answer(asked: Mapping[str, Any], channel: TextIO) -> Mapping[str, object]:
    package = asked["package"]
    module = importlib.import_module(f"{package}.kernel.personal_data")
    store = importlib.import_module(f"{package}.kernel.event_store").EVENT_STORE
    settings = importlib.import_module(f"{package}.settings").Settings()
    kernel = importlib.import_module(f"{package}.composition_root").compose(settings)
    personal = kernel.resolve(module.PersonalData)
    try:
        found = await personal.forget(asked["subject"])
        names = _telling(kernel, package, personal)
        for name in names if asked["rebuild"] else []:
            channel.write(json.dumps({"kind": "progress", "text": f"rebuilding {name}"}) + "\n")
            channel.flush()
            await _projections(kernel, package).rebuild(name)
        return {"now": found.now, "projections": names}
    finally:
        await kernel.adapter(store).close()
        await kernel.database.close()


def _telling(kernel: Any, package: str, personal: Any) -> list[str]:  # noqa: ANN401  classes of the project's own kernel
    """Name the projections whose rows may say something about somebody."""
    projections = _projections(kernel, package)
    names = () if projections is None else projections.names
    return [name for name in names if personal.types & set(projections.named(name).events)]


def _projections(kernel: Any, package: str) -> Any:  # noqa: ANN401  as above
    try:
        module = importlib.import_module(f"{package}.kernel.projections")
    except ModuleNotFoundError:
        return None
    try:
        return kernel.resolve(module.Projections)
    except Exception as error:
        if type(error).__name__ == "WiringError":
            return None
        raise


def _told(error: BaseException) -> dict[str, str]:
    kind = type(error).__name__
    if kind == "ValidationError" and type(error).__module__.startswith("pydantic"):
        return {"kind": "UsageError", "message": f"the settings are wrong: {error}", "hint": "correct .env"}
    if isinstance(error, ModuleNotFoundError):
        return {
            "kind": "OperationError",
            "message": f"{sys.executable} cannot import the project: {error}",
            "hint": "install the project's dependencies there, or name another interpreter with --python",
        }
    if _is_missing_table(error):
        message = "a table of the event store, of the keys or of a projection is not there"
        return {"kind": "RefusedError", "message": message, "hint": "make it first: `arckode db:migrate`"}
    if kind == "NotFoundError":
        hint = "a person is the id of an aggregate, or what the field named in Personal(subject=...) says"
        return {"kind": "UsageError", "message": _first_line(error), "hint": hint}
    if kind == "WiringError":
        return {"kind": "UsageError", "message": _first_line(error), "hint": ""}
    if kind == "ConflictError":
        return {"kind": "RefusedError", "message": _first_line(error), "hint": "run it again: it may be repeated"}
    if kind == "CannotConnectError" or isinstance(error, OSError):
        message = f"cannot reach the database: {_first_line(error)}"
        return {"kind": "OperationError", "message": message, "hint": "start it, or correct DATABASE_URL"}
    return {"kind": "OperationError", "message": f"{kind}: {_first_line(error)}", "hint": ""}


def _is_missing_table(error: BaseException | None) -> bool:
    while error is not None:
        if getattr(error, "sqlstate", "") == "42P01" or (error.args and error.args[0] == 1146):
            return True
        if type(error).__module__ == "sqlite3" and str(error).startswith("no such table"):
            return True
        error = getattr(error, "orig", None) or error.__cause__
    return False


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "")


if __name__ == "__main__":
    raise SystemExit(main())
