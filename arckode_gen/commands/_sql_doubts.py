"""What sqlglot cannot read in SQL that is about to run: most often a slip of the hand, found before a server is met.

A doubt is no verdict: sqlglot reads most of what each engine understands, not all of it, so nothing is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_gen.migrations.dialects import Dialect

# Bodies of triggers and routines are languages of their own, which sqlglot does not claim to read.
_READABLE = re.compile(
    r"\s*(alter|delete|drop|insert|select|update|with|create\s+(unique\s+)?(table|index))\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A statement that could not be read; `line` and `column` count from 1 within it."""

    line: int
    column: int
    reason: str


def doubts(statements: Iterable[str], dialect: Dialect) -> dict[str, Doubt]:
    """Return a doubt for each statement that sqlglot cannot read in the dialect."""
    import sqlglot
    from sqlglot.errors import ParseError, TokenError

    found: dict[str, Doubt] = {}
    for statement in statements:
        if not _READABLE.match(statement):
            continue
        try:
            sqlglot.parse_one(statement, dialect=_name(dialect))
        except ParseError as error:
            first = error.errors[0] if error.errors else {}
            found[statement] = Doubt(int(first.get("line") or 1), int(first.get("col") or 1), _reason(first))
        except TokenError:
            found[statement] = Doubt(1, 1, "a quote or a bracket is not closed")
    return found


def _name(dialect: Dialect) -> str:
    return {"postgresql": "postgres", "mariadb": "mysql"}.get(dialect, dialect)


def _reason(error: dict[str, object]) -> str:
    near = str(error.get("highlight") or "").strip()
    said = str(error.get("description") or "cannot be read").rstrip(".")
    return f"{said[:1].lower()}{said[1:]}" + (f", near '{near}'" if near else "")
