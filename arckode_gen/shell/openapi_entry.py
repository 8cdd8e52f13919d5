"""The project's OpenAPI document, made in the project's own interpreter and without starting anything.

This file is run by its path: a JSON object on standard input, one JSON object on standard output.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def main() -> int:
    """Answer `{"answer": <document>}`, or `{"error": ...}` naming the line of the project that failed."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What the project prints while it is imported must not land in the answer.
    os.dup2(2, 1)
    asked = json.load(sys.stdin)
    sys.path.insert(0, asked["src"])
    try:
        message: dict[str, object] = {"answer": _document(asked["package"])}
    except KeyboardInterrupt:
        return 130
    except (Exception, SystemExit) as error:  # noqa: BLE001  it is the user's code: whatever it raises is told in words
        message = {"error": _told(error, asked["root"], asked["package"])}
    channel.write(json.dumps(message) + "\n")
    channel.flush()
    return 0


def _document(package: str) -> object:
    settings = importlib.import_module(f"{package}.settings").Settings()
    return importlib.import_module(f"{package}.composition_root").compose(settings).asgi().openapi()


def _told(error: BaseException, root: str, package: str) -> Mapping[str, str]:
    text = traceback.format_exception_only(error)[-1].strip()
    if type(error).__name__ == "ValidationError" and type(error).__module__.startswith("pydantic"):
        text = f"the settings are wrong: {error}"
        return {"kind": "OperationError", "message": text, "hint": "correct .env or the environment"}
    place = _place(error, root)
    return {
        "kind": "OperationError",
        "message": f"{place}: {text}" if place else text,
        "hint": _hint(error, package),
    }


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


def _hint(error: BaseException, package: str) -> str:
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] != package:
        return f"install the project's dependencies for {sys.executable}, or name another interpreter with --python"
    return "correct it, then run the command again"


if __name__ == "__main__":
    raise SystemExit(main())
