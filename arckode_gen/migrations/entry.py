"""The runner in the project's own interpreter: a Request on standard input, one JSON object a line on standard output.

This file is run by its path. It makes the package `arckode_gen` importable and nothing else of arckode's environment,
so that the project's drivers are used and its packages never meet ours.
"""

from __future__ import annotations

import json
import os
import sys
import types
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.migrations.request import DiffRequest, Report, Request


def main() -> int:
    """Answer with `{"answer": ...}` or `{"error": {kind, message, hint}}`; `{"kind", "text"}` lines report progress."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What a migration prints must not land among the answers.
    os.dup2(2, 1)

    def send(message: object) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    if sys.version_info < (3, 11):  # noqa: UP036 - whatever Python the project names runs this
        found = ".".join(str(part) for part in sys.version_info[:3])
        send(
            _error("OperationError", f"{sys.executable} is Python {found}", "arckode needs 3.11 or newer; see --python")
        )
        return 1
    _make_importable()
    from arckode_gen.errors import ArckodeError

    try:
        send({"answer": _answer(json.load(sys.stdin), lambda kind, text: send({"kind": kind, "text": text}))})
    except ArckodeError as error:
        send(_error(type(error).__name__, error.message, error.hint))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _answer(request: Request | DiffRequest, report: Report) -> Mapping[str, object]:
    if request["action"] == "diff":
        from arckode_gen.migrations.models.diffing import serve as compare

        return compare(request)
    from arckode_gen.migrations.service import serve

    return serve(request, report)


def _error(kind: str, message: str, hint: str) -> dict[str, dict[str, str]]:
    return {"error": {"kind": kind, "message": message, "hint": hint}}


def _make_importable() -> None:
    package = types.ModuleType("arckode_gen")
    package.__path__ = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]  # noqa: PTH100, PTH120 - before 3.11 is refused
    sys.modules["arckode_gen"] = package


if __name__ == "__main__":
    raise SystemExit(main())
