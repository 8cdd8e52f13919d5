"""Runs a Python block from standard input as the page's project would, `await` at the top level included."""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from pathlib import Path
from typing import cast


def main() -> None:
    """Compile and run; a folder `src` in the working directory is on the path, as in a project."""
    sys.path[:0] = [str(Path("src").resolve()), str(Path.cwd())]
    code = compile(sys.stdin.read(), "<block>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    outcome = cast("object", eval(code, {"__name__": "__main__"}))
    if inspect.iscoroutine(outcome):
        asyncio.run(outcome)


if __name__ == "__main__":
    main()
