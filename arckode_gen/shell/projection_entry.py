"""Looks after a project's projections, in the project's own interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, JSON objects on standard output, one a line:
how far a rebuild is, and then the answer.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

_EVERY = 2.0
"""Seconds between two words about how far a rebuild is."""


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
    package, name = asked["package"], asked.get("name") or ""
    module = importlib.import_module(f"{package}.kernel.projections")
    store = importlib.import_module(f"{package}.kernel.event_store").EVENT_STORE
    settings = importlib.import_module(f"{package}.settings").Settings()
    kernel = importlib.import_module(f"{package}.composition_root").compose(settings)
    projections = kernel.resolve(module.Projections)
    try:
        await projections.check()
        for each in [name] if name else []:
            projections.named(each)
        if asked["action"] == "rebuild":
            return {"events": await projections.rebuild(name, _reporter(channel))}
        if asked["action"] == "list":
            return {"projections": [_declared(projections.named(each)) for each in projections.names]}
        found = [asdict(each) for each in await projections.status()]
        return {"projections": [each for each in found if name in ("", each["name"])]}
    finally:
        await kernel.adapter(store).close()
        await kernel.database.close()


def _declared(projection: Any) -> Mapping[str, object]:  # noqa: ANN401  a class of the project's own kernel
    tables = [table.model.__tablename__ for table in projection.tables]
    return {
        "name": projection.name,
        "version": projection.version,
        "events": sorted(projection.events),
        "tables": tables,
    }


def _reporter(channel: TextIO) -> Callable[[int], None]:
    last = time.monotonic()

    def report(count: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            channel.write(json.dumps({"kind": "progress", "text": f"{count} events"}) + "\n")
            channel.flush()

    return report


def _told(error: BaseException) -> dict[str, str]:
    if type(error).__name__ == "ValidationError" and type(error).__module__.startswith("pydantic"):
        return {"kind": "UsageError", "message": f"the settings are wrong: {error}", "hint": "correct .env"}
    if isinstance(error, ModuleNotFoundError) and str(error.name).endswith(".kernel.projections"):
        hint = "`arckode make:projection NAME --of AGGREGATE` adds the first one"
        return {"kind": "UsageError", "message": "this project has no projections", "hint": hint}
    if isinstance(error, ModuleNotFoundError):
        return {
            "kind": "OperationError",
            "message": f"{sys.executable} cannot import the project: {error}",
            "hint": "install the project's dependencies there, or name another interpreter with --python",
        }
    if _is_missing_table(error):
        message = "a table of the projections or of the event store is not there"
        return {"kind": "RefusedError", "message": message, "hint": "make it first: `arckode db:migrate`"}
    kind = type(error).__name__
    if kind in {"NotFoundError", "WiringError"}:
        hint = "`arckode projection:list` names them" if kind == "NotFoundError" else ""
        return {"kind": "UsageError", "message": _first_line(error), "hint": hint}
    if kind == "ConflictError":
        return {"kind": "RefusedError", "message": _first_line(error), "hint": ""}
    if kind == "UnavailableError":
        message = f"cannot reach the event store: {_first_line(error)}"
        return {"kind": "OperationError", "message": message, "hint": "start it, or correct its settings in .env"}
    if kind == "CannotConnectError" or isinstance(error, OSError):
        message = f"cannot reach the database: {_first_line(error)}"
        return {"kind": "OperationError", "message": message, "hint": "start it, or correct DATABASE_URL"}
    return {"kind": "OperationError", "message": f"{type(error).__name__}: {_first_line(error)}", "hint": ""}


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
