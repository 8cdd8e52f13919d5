"""One variable into an example of the environment such as `.env.example`, one line into any text, and out again.

Variables with two underscores belong to a port of the kernel; they stand at the end, sorted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, Inserted, Removed

if TYPE_CHECKING:
    from arckode_gen.engine.edits import Insertion, Removal

_VARIABLE = re.compile(r"\s*(?:#\s*)?(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")


def insert_env(source: bytes, statement: str) -> Insertion:
    """Add `NAME=value` or `# NAME=value` unless the variable is there, in use or not.

    Raises:
        ValueError: the statement names no variable.
    """
    name = _name(statement)
    if not name:
        raise ValueError(f"{statement!r} names no variable")
    try:
        lines = source.decode().splitlines(keepends=True)
    except UnicodeDecodeError:
        return CannotInsert("it is not UTF-8", statement)
    names = [_name(line) for line in lines]
    if name in names:
        return AlreadyThere()
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    at = next((at for at, other in enumerate(names) if "__" in other and other > name), len(lines))
    return Inserted("".join([*lines[:at], f"{statement}{end}", *lines[at:]]).encode())


def remove_env(source: bytes, statement: str) -> Removal:
    """Take the line out again; one that says something else is a person's."""
    lines = source.decode(errors="surrogateescape").splitlines(keepends=True)
    at = next((at for at, line in enumerate(lines) if line.rstrip("\r\n") == statement), -1)
    if at < 0:
        return AlreadyGone()
    return Removed("".join([*lines[:at], *lines[at + 1 :]]).encode(errors="surrogateescape"))


def insert_line(source: bytes, statement: str) -> Insertion:
    """Add a line at the end of a text unless it is there."""
    try:
        lines = source.decode().splitlines(keepends=True)
    except UnicodeDecodeError:
        return CannotInsert("it is not UTF-8", statement)
    if statement in (line.rstrip("\r\n") for line in lines):
        return AlreadyThere()
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    return Inserted("".join([*lines, f"{statement}{end}"]).encode())


def remove_line(source: bytes, statement: str) -> Removal:
    """Take the line out again; one that says something else is a person's."""
    return remove_env(source, statement)


def _name(line: str) -> str:
    found = _VARIABLE.match(line)
    return found[1] if found else ""
