"""A file's statements on one engine, and what a catalogue of checks finds dangerous in them.

A table created by the same file, or by another file of the same branch, is new: nobody uses it yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from arckode_analyzers.sql.operations import ENGINES, Column, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

EVERY = frozenset({"*", *ENGINES})
POSTGRES = frozenset({"postgresql"})
MYSQL = frozenset({"mariadb", "mysql"})
SQLITE = frozenset({"sqlite"})
SERVERS = POSTGRES | MYSQL
_STATEMENT = Operation("statement")
_DOLLARS = r"\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
_QUIET = {
    "mysql": re.compile(
        r"(?P<said>'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\")|--[^\n]*|\#[^\n]*|/\*.*?\*/", re.DOTALL
    ),
    "other": re.compile(rf"(?P<said>'(?:[^']|'')*'|{_DOLLARS})|--[^\n]*|/\*.*?\*/", re.DOTALL),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: what it does, its text where it has one, and whether it runs outside a transaction."""

    operations: tuple[Operation, ...]
    text: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """The statements that one file runs on one engine; `*` is an engine nobody named.

    `new` are tables that nobody uses yet, `columns` those there are before the file, `checked` the columns that a
    CHECK keeps from being NULL. `one_transaction` says that nothing takes a statement out of it.
    """

    engine: str
    steps: tuple[Step, ...]
    new: frozenset[str] = frozenset()
    columns: Mapping[tuple[str, str], Column] = field(default_factory=dict)
    checked: frozenset[tuple[str, str]] = frozenset()
    one_transaction: bool = False


@dataclass(slots=True)
class State:
    """Where in a script the judging is, and what its earlier statements did."""

    script: Script
    at: int
    new: set[str]
    checked: set[tuple[str, str]]
    added: dict[tuple[str, str], Column] = field(default_factory=dict)
    indexes: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The statement without its comments and with nothing in its quotes: what is left is SQL."""
        return blanked(self.script.steps[self.at].text, self.script.engine)

    def is_new(self, operation: Operation) -> bool:
        return operation.table in self.new

    def is_added(self, operation: Operation) -> bool:
        """Tell whether nobody uses a column yet."""
        return self.is_new(operation) or (operation.table, operation.name) in self.added

    def column(self, table: str, name: str) -> Column | None:
        """Return a column as it is before this statement, when that is known."""
        return self.added.get((table, name)) or self.script.columns.get((table, name))

    def all(self) -> Iterator[Operation]:
        return (operation for step in self.script.steps for operation in step.operations)

    def earlier(self) -> Iterator[Operation]:
        return (operation for step in self.script.steps[: self.at] for operation in step.operations)

    def later(self) -> Iterator[Operation]:
        return (operation for step in self.script.steps[self.at + 1 :] for operation in step.operations)

    def is_rebuilt(self, table: str) -> str:
        """Return the new table that takes the place of one that is dropped, as SQLite's changes need it."""
        return next(
            (
                each.table
                for each in self.later()
                if each.kind == "rename_table" and each.detail == table and each.table in self.new
            ),
            "",
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """Statements that one file runs after `stage.STAGE`; `engines` are those of the check unless they are named.

    `refused` says that the engine itself does not take the last one, `alone` that it runs outside a transaction.
    """

    statements: tuple[str, ...]
    engines: frozenset[str] = frozenset()
    refused: bool = False
    one_transaction: bool = False


def sample(*statements: str, on: Iterable[str] = (), refused: bool = False, one_transaction: bool = False) -> Sample:
    return Sample(statements, frozenset(on), refused, one_transaction)


@dataclass(frozen=True, slots=True)
class Check:
    """One entry of the catalogue; `says` answers with the message, or with nothing when an operation is safe.

    `danger` tells what happens to whom, `recipe` the safe way.
    """

    name: str
    engines: frozenset[str]
    severity: Literal["error", "warning"]
    danger: str
    recipe: str
    says: Callable[[Operation, State], str]
    bad: tuple[Sample, ...]
    good: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Danger:
    """A dangerous operation: which statement, which check, what it does to whom."""

    step: int
    check: Check
    message: str


def dangers(script: Script, checks: Iterable[Check]) -> Iterator[Danger]:
    """Yield what is dangerous in a script, in the order of its statements."""
    state = State(script, 0, set(script.new), set(script.checked))
    chosen = [check for check in checks if script.engine in check.engines]
    for at, step in enumerate(script.steps):
        state.at = at
        for operation in (_STATEMENT, *step.operations) if step.text else step.operations:
            for check in chosen:
                message = check.says(operation, state)
                if message:
                    yield Danger(at, check, message)
            _learn(operation, state)


def blanked(text: str, engine: str) -> str:
    """Return a statement without comments and with empty strings; what a routine says inside is a string."""
    quiet = _QUIET["mysql" if engine in MYSQL else "other"]
    return quiet.sub(lambda match: "''" if match["said"] is not None else " ", text).strip()


def masked(text: str, engine: str) -> str:
    """Return a statement of the same length in which comments and strings are filled up with underscores."""
    quiet = _QUIET["mysql" if engine in MYSQL else "other"]
    return quiet.sub(lambda match: ("_" if match["said"] is not None else " ") * len(match[0]), text)


def _learn(operation: Operation, state: State) -> None:
    match operation.kind:
        case "create_table":
            state.new.add(operation.table)
            state.added.update({(operation.table, each.name): each for each in operation.columns})
        case "rename_table":
            if operation.table in state.new:
                state.new.add(operation.detail)
        case "add_column":
            state.added[operation.table, operation.name] = operation.columns[0]
        case "create_index":
            state.indexes[operation.name] = operation.table
        case "add_constraint":
            if operation.detail == "check not null":
                state.checked.update((operation.table, part) for part in operation.parts)
