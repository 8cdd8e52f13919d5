"""Runs the project's own seeds, in the project's interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, JSON lines on standard output.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Production(Exception):  # noqa: N818 - a reason to stop, told in words
    """The settings say production and nobody forced it."""


def main() -> int:
    """Answer `{"answer": {"seeds": [...]}}`, or `{"error": ...}` for what a person can put right."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def send(message: object) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    asked = json.load(sys.stdin)
    sys.path.insert(0, asked["src"])
    try:
        send({"answer": asyncio.run(_seed(asked["package"], tuple(asked["names"]), asked["flags"]))})
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the seeds are the user's code: whatever they raise is told in words
        send({"error": _told(error, asked["package"])})
        return 5
    return 0


async def _seed(package: str, names: tuple[str, ...], flags: Mapping[str, bool]) -> Mapping[str, object]:
    settings = importlib.import_module(f"{package}.settings").Settings()
    if settings.production and not flags.get("force"):
        raise _Production
    kernel = importlib.import_module(f"{package}.composition_root").compose(settings)
    try:
        results = await importlib.import_module(f"{package}.kernel.seeding").run(
            kernel, f"{package}.seeds", names, **flags
        )
    finally:
        await kernel.database.close()
    return {"seeds": [_result(result) for result in results]}


def _result(result: object) -> Mapping[str, object]:
    return {
        "name": getattr(result, "name", ""),
        "inserted": getattr(result, "inserted", None),
        "skipped": getattr(result, "skipped", False),
    }


def _told(error: BaseException, package: str) -> dict[str, str]:
    if isinstance(error, _Production):
        return {
            "kind": "RefusedError",
            "message": "the settings say production, and seeds are for development",
            "hint": "--force-production seeds all the same",
        }
    if _is_missing_table(error):
        return {
            "kind": "RefusedError",
            "message": f"a table that the seeds fill is not there: {_first_line(error)}",
            "hint": "make the tables first: `arckode db:migrate`",
        }
    kind = type(error).__name__
    if kind == "ValidationError" and type(error).__module__.startswith("pydantic"):
        return {"kind": "UsageError", "message": f"the settings are wrong: {error}", "hint": "correct .env"}
    if isinstance(error, ModuleNotFoundError):
        return {
            "kind": "OperationError",
            "message": f"{sys.executable} cannot import the project: {error}",
            "hint": "install the project's dependencies there, or name another interpreter with --python",
        }
    if isinstance(error, OSError):
        return {
            "kind": "OperationError",
            "message": f"cannot reach the database: {_first_line(error)}",
            "hint": "start it, or correct DATABASE_URL",
        }
    if type(error).__module__.startswith(f"{package}.kernel"):
        return {"kind": "RefusedError", "message": str(error), "hint": ""}
    return {
        "kind": "OperationError",
        "message": f"seeding failed{_where(error)}: {kind}: {_first_line(error)}",
        "hint": "correct it and run `arckode db:seed` again: what was inserted stays and is not inserted twice",
    }


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


def _where(error: BaseException) -> str:
    trace, found = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if f"{os.sep}seeds{os.sep}" in file:
            found = f" in {os.path.relpath(file)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


if __name__ == "__main__":
    raise SystemExit(main())
