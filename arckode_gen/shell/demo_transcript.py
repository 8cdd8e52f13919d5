"""What the demonstration shows while it runs: plain lines, with colours and a spinner on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from arckode_gen.shell.tables import on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import Console

    from arckode_gen.shell.demo_http import Exchange
    from arckode_gen.shell.demo_run import Done, Step


class Transcript:
    """Tells what is done; with `quiet` nothing, because the answer will be one object."""

    def __init__(self, write: Callable[[str], None], environ: Mapping[str, str], *, quiet: bool) -> None:
        self._write = write
        self._quiet = quiet
        self._console = None if quiet or not on_terminal() else _console(environ)
        self._count = 0

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Show a step's title and command, and on a terminal that it is running."""
        self.title(step.title)
        self.line(f"   $ {step.command}", style="cyan")
        if self._console is None:
            yield
            return
        with self._console.status(step.title):
            yield

    def title(self, text: str) -> None:
        self._count += 1
        self.line("")
        self.line(f"{self._count}. {text}", style="bold")

    def done(self, done: Done) -> None:
        said = f"{done.summary}  " if done.summary else ""
        self.line(f"   {said}({done.seconds:.1f} s)")

    def exchange(self, exchange: Exchange) -> None:
        sent = f"  {exchange.sent}" if exchange.sent else ""
        self.line(f"   {exchange.method:<6} {exchange.path}{sent}", style="cyan")
        self.line(f"          {exchange.status}  {exchange.answer}".rstrip())

    def line(self, text: str, style: str = "") -> None:
        """Show one line as it is; away from a terminal the style says nothing."""
        if self._quiet:
            return
        if self._console is None:
            self._write(text)
            sys.stdout.flush()
            return
        self._console.print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)


def _console(environ: Mapping[str, str]) -> Console:
    from rich.console import Console  # a terminal is the only place that pays for rich

    return Console(no_color=bool(environ.get("NO_COLOR")))
