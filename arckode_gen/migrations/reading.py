"""Reads a migration file: Python by its syntax tree, `.sql` by its markers, and imports one only as a last resort."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.migration import Migration, SqlText

if TYPE_CHECKING:
    from arckode_gen.migrations.files import Source

_MARKER = re.compile(r"^--[ \t]*migrate:[ \t]*(\w+)[ \t]*(.*)$", re.MULTILINE)
_OPTIONS = {"": True, "transaction:true": True, "transaction:false": False}


@cache
def read(source: Source) -> Migration:
    """Return what a migration file says; a run asks this before it shows, lints and applies the same bytes.

    Raises:
        RefusedError: the file does not follow its format; the message names the file and the line.
    """
    if source.label.endswith(".sql"):
        return _read_sql(source)
    from arckode_gen.migrations.python_file import read_python

    return read_python(source)


def _read_sql(source: Source) -> Migration:
    text = source.text
    halves: dict[str, SqlText] = {}
    transaction = True
    marks = list(_MARKER.finditer(text))
    _refuse_preamble(source, text[: marks[0].start()] if marks else text)
    for mark, following in zip(marks, (*marks[1:], None), strict=False):
        line = text.count("\n", 0, mark.start()) + 1
        direction, option = mark.group(1), mark.group(2).strip()
        if direction not in ("up", "down") or option not in _OPTIONS or direction in halves:
            raise RefusedError(
                f"{source.label}:{line}: cannot follow `{mark.group().strip()}`",
                "a file has one `-- migrate:up` and at most one `-- migrate:down`, each alone or with "
                "`transaction:false`",
            )
        transaction = transaction and _OPTIONS[option]
        halves[direction] = SqlText(text[mark.end() : following.start() if following else len(text)], line)
    if "up" not in halves:
        raise RefusedError(f"{source.label} has no `-- migrate:up`", "begin it with a `-- migrate:up` line")
    return Migration(source, halves["up"], halves.get("down"), transaction=transaction)


def _refuse_preamble(source: Source, text: str) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("--"):
            raise RefusedError(
                f"{source.label}:{number}: this line belongs to no direction: {line.strip()}",
                "write `-- migrate:up` above it",
            )
