"""The project's OpenAPI document, made in the project's own interpreter and without starting anything.

This file is run by its path: a JSON object on standard input, one JSON object on standard output.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_gen.shell import entry_runtime as runtime
else:
    _spec = importlib.util.spec_from_file_location("entry_runtime", Path(__file__).with_name("entry_runtime.py"))
    runtime = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(runtime)


def _answer(asked: runtime.Asked, _report: runtime.Report) -> object:
    return runtime.composed(asked["package"]).asgi().openapi()


if __name__ == "__main__":
    raise SystemExit(runtime.run(_answer, runtime.told_where))
