"""Replays an aggregate of a project, in the project's own interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, one JSON object on standard output.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping


def main() -> int:
    """Answer `{"answer": {...}}`, or `{"error": ...}` for what a person can put right."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What the project prints while it is imported must not land in the answer.
    os.dup2(2, 1)
    asked = json.load(sys.stdin)
    sys.path.insert(0, asked["src"])
    try:
        message: dict[str, object] = {"answer": asyncio.run(_answer(asked))}
    except KeyboardInterrupt:
        return 130
    except (Exception, SystemExit) as error:  # noqa: BLE001  it is the user's code: whatever it raises is told in words
        message = {"error": _told(error)}
    channel.write(json.dumps(message) + "\n")
    channel.flush()
    return 0


async def _answer(asked: Mapping[str, Any]) -> Mapping[str, object]:
    package = asked["package"]
    module = importlib.import_module(f"{package}.kernel.event_replay")
    store = importlib.import_module(f"{package}.kernel.event_store").EVENT_STORE
    settings = importlib.import_module(f"{package}.settings").Settings()
    kernel = importlib.import_module(f"{package}.composition_root").compose(settings)
    at = asked["at"] and datetime.fromisoformat(asked["at"])
    try:
        found = await module.replay(kernel, asked["aggregate"], UUID(asked["id"]), version=asked["version"], at=at)
        return {"replay": found.plain()}
    finally:
        await kernel.adapter(store).close()
        await kernel.database.close()


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
        message = "a table of the event store is not there"
        return {"kind": "RefusedError", "message": message, "hint": "make it first: `arckode db:migrate`"}
    if kind in {"NotFoundError", "WiringError"}:
        return {"kind": "UsageError", "message": _first_line(error), "hint": ""}
    if kind == "UnavailableError":
        message = f"cannot reach the event store: {_first_line(error)}"
        return {"kind": "OperationError", "message": message, "hint": "start it, or correct its settings in .env"}
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
