"""`arckode analyze --watch`: runs again when something it reads changed.

It asks the file system for sizes and times instead of subscribing to events: that needs no further package, works in
containers and on network drives, and the pauses grow with the tree so that waiting stays under a twentieth of one core.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_analyzers.files import is_walked
from arckode_gen.commands._analysis import judge, project_of
from arckode_gen.errors import ArckodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_gen.engine.spec import Call

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"
_PAUSE = 0.25
_SHARE = 20


def watch(call: Call) -> int:
    """Analyse until Ctrl-C, which ends it without a word; a mistake in a file being edited is shown, and it goes on."""
    root = project_of(call)
    try:
        while True:
            seen = _states(call, root)
            if sys.stdout.isatty():
                sys.stdout.write(_CLEAR)
            _once(call)
            call.say(f"watching {root}; Ctrl-C ends")
            sys.stdout.flush()
            _until_changed(call, root, seen)
    except KeyboardInterrupt:
        return 130


def _once(call: Call) -> None:
    try:
        judge(call)
    except ArckodeError as error:
        call.say(f"error: {error.message}")
        if error.hint:
            call.say(f"  {error.hint}")


def _until_changed(call: Call, root: Path, seen: Mapping[str, tuple[int, int]]) -> None:
    while True:
        started = time.perf_counter()
        if _states(call, root) != seen:
            return
        time.sleep(max(_PAUSE, _SHARE * (time.perf_counter() - started)))


def _states(call: Call, root: Path) -> dict[str, tuple[int, int]]:
    """Return the time and size of everything that a run reads."""
    others = (root / "pyproject.toml", call.cwd / (call.text("baseline") or "pyproject.toml"))
    return {str(file): seen for file in (*_python(root), *others) if (seen := _state(file)) is not None}


def _python(root: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(root):
        inner[:] = [name for name in inner if is_walked(f"{name}/any.py")]
        yield from (Path(folder, name) for name in names if name.endswith(".py"))


def _state(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
