"""Writes the file of a migration from the statements of each dialect, laid out for a person to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from arckode_gen.migrations.dialects import ANY
from arckode_gen.migrations.sqltext import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arckode_gen.migrations.dialects import Dialect

_WIDTH = 100
_LONGEST = 108


def shared(statements: Mapping[Dialect, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Return one entry for all dialects when they say the same."""
    alike = {tuple(found) for found in statements.values()}
    return {ANY: next(iter(alike))} if len(alike) == 1 else {dialect: statements[dialect] for dialect in statements}


def migration_text(
    title: str,
    notes: Sequence[str],
    up: Mapping[str, Sequence[str]],
    down: Mapping[str, Sequence[str]],
    *,
    head: Sequence[str] = (),
) -> str:
    """Return the text of a migration; `head` are the lines between what it says of itself and UP."""
    first = f'"""{title}.'
    lines = [first, "", *notes_of(notes), '"""'] if notes else [f'{first}"""']
    lines += ["", *head] if head else []
    for name, statements in (("UP", up), ("DOWN", down)):
        if name == "UP" or statements:
            lines += [*(() if head and name == "UP" else ("",)), *dictionary(name, statements)]
    return "\n".join(lines) + "\n"


def notes_of(notes: Sequence[str]) -> list[str]:
    return [f"- {note}" for note in notes]


def dictionary(name: str, statements: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the lines of UP or DOWN, dialects in the order of their names."""
    yield f"{name} = {{"
    for key in sorted(statements):
        yield from _entry(key, statements[key])
    yield "}"


def _entry(key: str, statements: Sequence[str]) -> Iterator[str]:
    if not statements:
        yield f'    "{key}": [],'
        return
    yield f'    "{key}": ['
    for statement in statements:
        yield from _statement(statement, "sqlite" if key == ANY else cast("Dialect", key))
    yield "    ],"


def _statement(sql: str, dialect: Dialect) -> Iterator[str]:
    """White space between words may be laid out anew; inside of a value or of a function's body it is left alone."""
    short = "" if "\n" in sql else _escaped(sql).replace('"', '\\"')
    if short and len(short) <= _LONGEST:
        single = '"' in sql and "'" not in sql
        yield f"        '{_escaped(sql)}'," if single else f'        "{short}",'
        return
    is_fixed = any("\n" in token.text for token in tokens(sql, dialect) if token.kind != "space")
    text = _escaped(sql if "\n" in sql else _wrapped(sql, dialect)).replace('"""', '\\"\\"\\"')
    first, *rest = text.split("\n")
    yield '        """'
    yield f"        {first}"
    yield from rest if is_fixed else (f"        {line}" if line else "" for line in rest)
    yield '        """,'


def _escaped(sql: str) -> str:
    return sql.replace("\\", "\\\\").replace("\r", "\\r")


def _wrapped(sql: str, dialect: Dialect) -> str:
    """Break a long statement where there is white space outside of its texts."""
    lines, line = [], ""
    word = ""
    for token in (*tokens(sql, dialect), None):
        if token is not None and token.kind != "space":
            word += token.text
            continue
        if line and len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = f"    {word}"
        else:
            line = f"{line} {word}" if line else word
        word = ""
    return "\n".join([*lines, line])
