"""A way of writing that one engine understands and another does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.sql.script import MYSQL, POSTGRES, SQLITE

if TYPE_CHECKING:
    from collections.abc import Iterable

ID = r"[\"`\[]?\w+[\"`\]]?"
ALTER = rf"^alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(?:{ID}\.)?{ID}\s+"
ADD = "ALTER TABLE orders ADD COLUMN extra"
OTHERS = MYSQL | SQLITE
NOT_MYSQL = POSTGRES | SQLITE
_NAME = rf"(?!(?:column|if|constraint|index|key)\b){ID}"
_BEFORE_A_TYPE = (
    rf"(?:[(,]\s*{ID}|\badd\s+(?:column\s+)?(?:if\s+not\s+exists\s+)?{_NAME}|\btype|"
    rf"\bmodify\s+(?:column\s+)?{_NAME}|\bchange\s+(?:column\s+)?{_NAME}\s+{ID})"
)


class Foreign(NamedTuple):
    """A way of writing that `engines` do not understand; `is_silent` when they take it for something else.

    `pattern` is looked for in a statement without comments and with empty strings.
    """

    what: str
    engines: frozenset[str]
    pattern: re.Pattern[str]
    instead: str
    example: str
    is_silent: bool = False


def foreign(
    what: str, engines: Iterable[str], pattern: str, instead: str, example: str, *, is_silent: bool = False
) -> Foreign:
    return Foreign(what, frozenset(engines), re.compile(pattern, re.IGNORECASE), instead, example, is_silent)


def typed(words: str) -> str:
    """Return a pattern for a word that stands where the type of a column does."""
    return rf"{_BEFORE_A_TYPE}\s+(?:{words})(?![\w.])"
