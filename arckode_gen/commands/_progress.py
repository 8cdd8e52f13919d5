"""What a run of migrations says while it goes on: lines, and on a terminal one that moves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.request import Kind

_ERASE = "\r\x1b[2K"


class Progress:
    """The report of one command; the moving line is erased before anything else is printed."""

    def __init__(self, call: Call, *, quiet: bool = False) -> None:
        self._call = call
        self._quiet = quiet or call.json
        self._moving = False
        self.done = 0

    def __call__(self, kind: Kind, text: str) -> None:
        if kind == "progress":
            self._move(text)
            return
        self.clear()
        if kind == "say":
            self._call.say(text)
            return
        self.done += 1
        if not self._quiet:
            self._call.write(text)

    def clear(self) -> None:
        """Erase the moving line."""
        if self._moving:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
            self._moving = False

    def _move(self, text: str) -> None:
        if self._call.interactive:
            sys.stderr.write(f"{_ERASE}{text}")
            sys.stderr.flush()
            self._moving = True
