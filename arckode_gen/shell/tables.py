"""Rows as people and programs read them: aligned words in a pipe, a table on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def on_terminal() -> bool:
    return sys.stdout.isatty()


def aligned(rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Return one line a row, with the columns under each other and no blanks at the ends."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(f"{indent}{line}" for line in lines)


def drawn(headings: Sequence[str], rows: Sequence[Sequence[str]], environ: Mapping[str, str], title: str = "") -> str:
    """Return a table for a terminal; without colours where `NO_COLOR` says so."""
    from io import StringIO  # a terminal is the only place that pays for this
    from shutil import get_terminal_size

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings, box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for first, *rest in rows:
        table.add_row(Text(first, style="cyan"), *(Text(cell) for cell in rest))
    out = StringIO()
    width = get_terminal_size().columns
    Console(file=out, force_terminal=True, no_color=bool(environ.get("NO_COLOR")), width=width).print(table)
    return out.getvalue().rstrip("\n")
