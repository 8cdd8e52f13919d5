"""What a migration file says, whichever of the three formats it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.dialects import keys_for
from arckode_gen.migrations.sqltext import UnclosedError
from arckode_gen.migrations.steps import Program, Script, Step, size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.files import Source
    from arckode_gen.migrations.steps import Direction, Statement


@dataclass(frozen=True, slots=True)
class PerDialect:
    """An `UP` or `DOWN` dict."""

    statements: Mapping[str, tuple[Statement, ...]]


@dataclass(frozen=True, slots=True)
class SqlText:
    """One half of a `.sql` file; it is cut into statements once the dialect is known."""

    text: str
    first_line: int


Content = PerDialect | SqlText | Program


@dataclass(frozen=True, slots=True)
class Migration:
    """A parsed file; `down` is None when the file has none, `irreversible` holds the declared reason."""

    source: Source
    up: Content
    down: Content | None
    irreversible: str = ""
    transaction: bool = True

    def step(self, direction: Direction, dialect: Dialect) -> Step:
        """Return what is run on one database.

        Raises:
            RefusedError: the file has nothing for this dialect, or no way back.
        """
        content = self.up if direction == "up" else self._way_back()
        if isinstance(content, Program):
            return content
        step = Script(self._statements(content, direction, dialect))
        for number, statement in enumerate(step.statements, 1):
            try:
                self._check(statement, number, dialect)
            except UnclosedError as error:
                where = f"{self.source.label}:{statement.line}"
                raise RefusedError(f"{where}: statement {number}: {error.what}", error.hint) from error
        return step

    @property
    def has_way_back(self) -> bool:
        return self.down is not None and not self.irreversible

    def _way_back(self) -> Content:
        label = self.source.label
        if self.irreversible:
            raise RefusedError(
                f"{label} says it cannot be rolled back: {self.irreversible}",
                "write a new migration that repairs what is wrong; --force-irreversible only takes it off the list",
            )
        if self.down is None:
            raise RefusedError(
                f"{label} has no way back: no DOWN, down(db) or `-- migrate:down`",
                "add one, or write a new migration that undoes it; --force-irreversible only takes it off the list",
            )
        return self.down

    def _statements(
        self, content: PerDialect | SqlText, direction: Direction, dialect: Dialect
    ) -> tuple[Statement, ...]:
        if isinstance(content, SqlText):
            return self._cut(content, dialect)
        for key in keys_for(dialect):
            if key in content.statements:
                return content.statements[key]
        there = ", ".join(repr(key) for key in content.statements) or "none"
        raise RefusedError(
            f"{self.source.label}: {direction.upper()} has nothing for {dialect}; its keys are {there}",
            f"add a '{dialect}' key, or '*' for statements that every database understands",
        )

    def _cut(self, content: SqlText, dialect: Dialect) -> tuple[Statement, ...]:
        from arckode_gen.migrations.splitter import split

        try:
            return split(content.text, dialect, content.first_line)
        except RefusedError as error:
            raise RefusedError(f"{self.source.label}:{error.message.removeprefix('line ')}", error.hint) from error

    def _check(self, statement: Statement, number: int, dialect: Dialect) -> None:
        from arckode_gen.migrations.effects import controls_transaction, follows

        where = f"{self.source.label}:{statement.line}: statement {number}"
        if controls_transaction(statement.text, dialect):
            raise RefusedError(
                f"{where} controls the transaction itself: {statement.text.splitlines()[0]}",
                "remove it: a file is one transaction already; TRANSACTION = False runs it without one",
            )
        if another := follows(statement.text, dialect):
            raise RefusedError(
                f"{where} is followed by another in the same text: {another.splitlines()[0]}",
                "write each as a text of its own: that is how a run knows what took effect",
            )

    def text(self, step: Step) -> str:
        """Return the stored copy of a step: every statement under a marker, or the whole file of a program."""
        if isinstance(step, Program):
            return self.source.text
        total = size(step)
        return "\n".join(f"{marker(at, total)}\n{item.text}" for at, item in enumerate(step.statements, 1))


def marker(number: int, total: int) -> str:
    """Return the line above a statement in the stored copy."""
    return f"-- statement {number} of {total}"
