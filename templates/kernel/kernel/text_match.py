"""Text patterns with one meaning on every engine: parsed once here, written out per engine elsewhere.

Left to themselves the engines disagree: LIKE ignores case in SQLite and, by collation, in MariaDB, and SQLite folds
the case of ASCII letters only.
"""

import re
from enum import Enum


class Wild(Enum):
    """The two wildcards of LIKE."""

    MANY = "%"
    ONE = "_"


Pattern = tuple[str | Wild, ...]


def fold(text: str | None) -> str | None:
    """Lower-case letter by letter, as databases do: the length never changes, so `_` keeps matching one letter."""
    if text is None:
        return None
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def fold_pattern(pattern: Pattern) -> Pattern:
    """Lower-case the literal parts of a pattern."""
    return tuple(part if isinstance(part, Wild) else fold(part) or "" for part in pattern)


def parse(pattern: str) -> Pattern:
    """Read a LIKE pattern: `%` and `_` are wildcards, a backslash makes the next character literal."""
    parts: list[str | Wild] = []
    letters = iter(pattern)
    for letter in letters:
        if letter == "\\":
            parts.append(next(letters, "\\"))
        else:
            parts.append(Wild(letter) if letter in "%_" else letter)
    return tuple(parts)


def to_like(pattern: Pattern) -> str:
    """Write a pattern for LIKE ... ESCAPE '/'."""
    return "".join(part.value if isinstance(part, Wild) else re.sub(r"([%_/])", r"/\1", part) for part in pattern)


def to_glob(pattern: Pattern) -> str:
    """Write a pattern for SQLite's GLOB, the only operator there that always respects case."""
    wild = {Wild.MANY: "*", Wild.ONE: "?"}
    return "".join(wild[part] if isinstance(part, Wild) else re.sub(r"([*?\[])", r"[\1]", part) for part in pattern)


def to_regex(pattern: Pattern) -> re.Pattern[str]:
    """Write a pattern for Python; use it with `fullmatch`."""
    wild = {Wild.MANY: ".*", Wild.ONE: "."}
    text = "".join(wild[part] if isinstance(part, Wild) else re.escape(part) for part in pattern)
    return re.compile(text, re.DOTALL)
