"""A plan as the diff that git would print, so that `git apply` does exactly what the command would do.

The format is the one of git's documentation, "Generating patch text with -p" (git-diff), with `GIT binary patch`
for what is not text; its base85 alphabet is that of base64.b85encode.
"""

from __future__ import annotations

import base64
import hashlib
import string
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.engine.plan import Change, FileState, Plan

NOWHERE = "/dev/null"

_NO_BLOB = "0" * 40
_ROW = 52  # bytes in one line of a binary patch; the letters A-Z a-z say how many a line has
_LENGTHS = string.ascii_uppercase + string.ascii_lowercase
_PLAIN = {*range(0x20, 0x7F)} - {ord('"'), ord("\\")}
_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\t"): "\\t", ord("\r"): "\\r"}


def unified_diff(plan: Plan, *, binary: bool = True) -> str:
    """Return the diff, in the plan's order; without `binary`, files that are not text are only said to differ."""
    return "".join(line for change in plan.changes if not change.is_noop for line in _file(change, binary=binary))


def _file(change: Change, *, binary: bool) -> Iterator[str]:
    old, new = _quoted(f"a/{change.path}"), _quoted(f"b/{change.path}")
    yield f"diff --git {old} {new}\n"
    yield from _modes(change)
    before, after = _content(change.before), _content(change.after)
    if before == after and change.before and change.after:
        return
    if _is_text(before) and _is_text(after):
        yield f"index {_blob(change.before)[:7]}..{_blob(change.after)[:7]}{_same_mode(change)}\n"
        yield from _hunks(before, after, old if change.before else NOWHERE, new if change.after else NOWHERE)
    elif binary:
        yield f"index {_blob(change.before)}..{_blob(change.after)}{_same_mode(change)}\nGIT binary patch\n"
        yield from _literal(after)
        yield from _literal(before)
    else:
        yield f"Binary files {old if change.before else NOWHERE} and {new if change.after else NOWHERE} differ\n"


def _modes(change: Change) -> Iterator[str]:
    if change.before is None:
        yield f"new file mode {_mode(change.after)}\n"
    elif change.after is None:
        yield f"deleted file mode {_mode(change.before)}\n"
    elif change.before.executable != change.after.executable:
        yield f"old mode {_mode(change.before)}\nnew mode {_mode(change.after)}\n"


def _same_mode(change: Change) -> str:
    same = change.before and change.after and change.before.executable == change.after.executable
    return f" {_mode(change.after)}" if same else ""


def _mode(state: FileState | None) -> str:
    return "100755" if state is not None and state.executable else "100644"


def _hunks(before: bytes, after: bytes, old: str, new: str) -> Iterator[str]:
    import difflib  # only who wants to see a diff pays for it

    lines = list(difflib.unified_diff(_lines(before), _lines(after)))
    if lines:
        yield f"--- {old}{_tab(old)}\n+++ {new}{_tab(new)}\n"
    for line in lines[2:]:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(content: bytes) -> list[str]:
    """Split at line feeds only: to git, other separators are ordinary characters."""
    *whole, rest = content.decode("utf-8").split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _literal(content: bytes) -> Iterator[str]:
    yield f"literal {len(content)}\n"
    packed = zlib.compress(content, level=0)  # stored, not deflated: the same bytes from every version of zlib
    for start in range(0, len(packed), _ROW):
        row = packed[start : start + _ROW]
        yield f"{_LENGTHS[len(row) - 1]}{base64.b85encode(row, pad=True).decode('ascii')}\n"
    yield "\n"


def _content(state: FileState | None) -> bytes:
    return b"" if state is None else state.content


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _blob(state: FileState | None) -> str:
    """Return git's name for a content (SHA-1 over a header and the bytes)."""
    if state is None:
        return _NO_BLOB
    return hashlib.sha1(b"blob %d\0" % len(state.content) + state.content, usedforsecurity=False).hexdigest()


def _tab(name: str) -> str:
    """After a name with a space git writes a tab, so that readers know where the name ends."""
    return "\t" if " " in name and not name.startswith('"') else ""


def _quoted(name: str) -> str:
    raw = name.encode("utf-8")
    if all(byte in _PLAIN for byte in raw):
        return name
    return '"' + "".join(chr(byte) if byte in _PLAIN else _ESCAPES.get(byte, f"\\{byte:03o}") for byte in raw) + '"'
