"""The expand/contract form of statements, for `db:safe` and for the `--safe` of the commands that compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.errors import UsageError
from arckode_gen.migrations.reading import read
from arckode_gen.migrations.rebuilt import PREFIX
from arckode_gen.migrations.sqltext import tokens
from arckode_gen.migrations.steps import Script

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arckode_analyzers.sql.operations import Column
    from arckode_analyzers.sql.safe_form import SafeForm
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.files import Source

Columns = dict[tuple[str, str], "Column"]


def values(call: Call) -> dict[str, str]:
    """Return the SQL of each `--fill`, by `table.column`.

    Raises:
        UsageError: one is not `TABLE.COLUMN=SQL`.
    """
    return dict(_value(word) for word in call.words("fill"))


def _value(word: str) -> tuple[str, str]:
    place, is_said, value = word.partition("=")
    if not is_said or place.count(".") != 1 or not value.strip():
        raise UsageError(f"--fill {word} is not TABLE.COLUMN=SQL", "write it like --fill \"orders.status='draft'\"")
    return place.strip().lower(), value.strip()


def columns(sources: Iterable[Source], dialect: Dialect) -> Columns:
    """Return the columns that migrations leave."""
    from arckode_analyzers.sql.reading import Reader  # sqlglot is for what is written safely alone
    from arckode_analyzers.sql.replay import Schema

    reader, schema = Reader(), Schema()
    for source in sources:
        step = read(source).step("up", dialect)
        for statement in step.statements if isinstance(step, Script) else ():
            schema.apply(reader.read(statement.text, dialect))
    return dict(schema.columns())


def form_of(
    statements: Sequence[str], dialect: Dialect, known: Mapping[tuple[str, str], Column], fills: Mapping[str, str]
) -> SafeForm:
    """Return the safe form; a table of SQLite that is built anew stays so, because one process writes there."""
    from arckode_analyzers.sql.safe_form import Left, Piece, SafeForm, safe_form

    bare = [without_edges(text, dialect) for text in statements]
    if dialect == "sqlite" and any(PREFIX in text for text in bare):
        reason = "SQLite builds the table anew: stop what writes, migrate, start the new code"
        return SafeForm(expand=[Piece(text) for text in bare], left=[Left(f"ALTER {_rebuilt(bare)}", reason)])
    return safe_form(bare, dialect, known, fills)


def _rebuilt(statements: Sequence[str]) -> str:
    ends = [text.partition(" RENAME TO ")[2] for text in statements if PREFIX in text and " RENAME TO " in text]
    return f"TABLE {', '.join(dict.fromkeys(ends))}"


def without_edges(sql: str, dialect: Dialect) -> str:
    """Take comments, white space and `;` off both ends: words that are put behind a comment would be a part of it."""
    found = list(tokens(sql, dialect))
    while found and (found[-1].is_silent or found[-1].text == ";"):
        found.pop()
    while found and found[0].is_silent:
        found.pop(0)
    return "".join(token.text for token in found)


def tell(call: Call, form: SafeForm, where: str = "") -> None:
    """Say what stays as it is, and what else there is to know."""
    for left in form.left:
        call.say(f"left as it is{where}: {' '.join(left.statement.split())}\n    {left.reason}")
    for note in form.notes:
        call.say(f"note{where}: {note}")


def is_other(form: SafeForm, statements: Sequence[str], dialect: Dialect) -> bool:
    """Tell whether the form says anything else than the statements."""
    if form.fills or form.settle or form.contract:
        return True
    return sorted(piece.up for piece in form.expand) != sorted(without_edges(text, dialect) for text in statements)
