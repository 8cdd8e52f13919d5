"""Which tables a migration changes, so that a file that comes late can be told from one that comes too late."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.sqltext import loud, normalised
from arckode_gen.migrations.steps import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.work import Work

_N = r"((?:(?:`[^`]+`|\"[^\"]+\"|\[[^\]]+\]|\w+) \. )?(?:`[^`]+`|\"[^\"]+\"|\[[^\]]+\]|\w+))"
_IF = r"(?:IF (?:NOT )?EXISTS )?"
_TOUCHES = re.compile(
    rf"CREATE (?:(?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNLOGGED|OR|REPLACE) )*TABLE {_IF}{_N}"
    rf"|(?:ALTER|DROP) TABLE {_IF}(?:ONLY )?{_N}"
    rf"|TRUNCATE (?:TABLE )?(?:ONLY )?{_N}|RENAME TABLE {_N}"
    rf"|\bINDEX (?:CONCURRENTLY )?{_IF}(?:{_N} )?(?:USING \w+ )?ON (?:ONLY )?{_N}"
    rf"|CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER .*? ON {_N}"
    rf"|(?:INSERT|REPLACE)(?: OR \w+)? INTO {_N}|\bUPDATE (?:ONLY )?{_N} (?:AS \w+ |\w+ )?SET\b"
    rf"|\bDELETE FROM (?:ONLY )?{_N}"
    rf"|COMMENT ON (?:TABLE|COLUMN) {_N}",
    re.IGNORECASE,
)
_MAKES = re.compile(rf"CREATE (?:UNLOGGED )?TABLE {_IF}{_N}", re.IGNORECASE)
_DROPS = re.compile(rf"DROP TABLE {_IF}{_N}", re.IGNORECASE)
_RENAMES = re.compile(rf"(?:ALTER|RENAME) TABLE {_IF}{_N} (?:RENAME )?(?:TO|AS) {_N}", re.IGNORECASE)
_INDEX = 5  # the group with an index's own name, which is no table


def tables(work: Work, dialect: Dialect) -> frozenset[str]:
    """Return the tables whose definition or rows a file changes; in a function, those its SQL texts name."""
    texts = (
        [statement.text for statement in work.step.statements]
        if isinstance(work.step, Script)
        else list(_texts(work.source.text))
    )
    return frozenset(table for text in texts for table in changed(text, dialect))


def changed(sql: str, dialect: Dialect) -> Iterator[str]:
    """Yield the tables that one statement changes."""
    try:
        text = " ".join(_code(sql, dialect))
    except RefusedError:
        return
    for match in _TOUCHES.finditer(text):
        for at, name in enumerate(match.groups(), 1):
            if name and at != _INDEX:
                yield _bare(name)


def _code(sql: str, dialect: Dialect) -> Iterator[str]:
    """Yield the tokens of a statement with its texts emptied, because a text may hold SQL of its own."""
    for token in loud(sql, dialect):
        is_text = token.kind == "quoted" and token.text[0] not in '"`['
        yield "''" if is_text else token.text


def made_and_dropped(sql: str, dialect: Dialect) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tables that a statement makes and those it takes away; a new name is both."""
    text = normalised(sql, dialect)
    if match := _RENAMES.match(text):
        return (_bare(match[2]),), (_bare(match[1]),)
    if match := _MAKES.match(text):
        return (_bare(match[1]),), ()
    if match := _DROPS.match(text):
        return (), (_bare(match[1]),)
    return (), ()


def _bare(name: str) -> str:
    return name.rpartition(" . ")[2].strip('`"[]').lower()


def _texts(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
