"""Which changes of a column's type an engine only notes, without reading a row.

PostgreSQL: the table of binary-coercible types in the documentation of ALTER TABLE; MariaDB 10.11: every case was
tried with `ALGORITHM=INSTANT`; MySQL as its manual says (a VARCHAR must not grow past 255 bytes in place).
"""

from __future__ import annotations

import re

_SIZED = re.compile(r"(VARCHAR|CHAR|NUMERIC|DECIMAL|BIT|VARBIT|STRING)\((\d+)(?:, ?(\d+))?\)$")
_UNBOUNDED = frozenset({"TEXT", "VARCHAR", "STRING"})
_ENUM = re.compile(r"ENUM ?\((.*)\)$")


def is_widening(old: str, new: str, engine: str) -> bool:
    """Tell whether an engine only notes the new type: a longer text, one more member at the end."""
    if engine == "sqlite":
        return True
    if engine in {"mysql", "mariadb"}:
        return _is_widening_on_mysql(old, new, engine)
    if old in _UNBOUNDED and new in _UNBOUNDED:
        return True
    before, after = _SIZED.match(old), _SIZED.match(new)
    if before is None or before[1] == "CHAR":
        return False
    if new in _UNBOUNDED:
        return before[1] in {"VARCHAR", "STRING"}
    return after is not None and _is_roomier(before, after)


def _is_widening_on_mysql(old: str, new: str, engine: str) -> bool:
    members, more = _ENUM.match(old), _ENUM.match(new)
    if members is not None and more is not None:
        return more[1].startswith(members[1])
    before, after = _SIZED.match(old), _SIZED.match(new)
    if before is None or after is None or before[1] != "VARCHAR" or not _is_roomier(before, after):
        return False
    return engine == "mariadb" or not int(before[2]) * 4 < 256 <= int(after[2]) * 4


def _is_roomier(before: re.Match[str], after: re.Match[str]) -> bool:
    is_same = before[1] == after[1] and (before[3] or "0") == (after[3] or "0")
    return is_same and int(before[2]) <= int(after[2])
