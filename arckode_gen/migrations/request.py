"""What a command asks of the runner and what comes back: plain JSON values, because they may cross a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypedDict

if TYPE_CHECKING:
    from arckode_gen.migrations.dialects import Dialect

Action = Literal["migrate", "rollback", "plan", "script", "status", "baseline", "repair", "verify", "alembic"]
Choice = Literal["", "accept", "forget", "done"]
# What the command line may permit: a file that comes too late, a way back that is none, a baseline that is not checked.
Permission = Literal["late", "irreversible", "unchecked"]


Kind = Literal["done", "say", "progress"]


class Request(TypedDict):
    """`url` holds the password: it travels on standard input, never in an argument."""

    action: Action
    back: bool
    root: str
    folder: str
    url: str
    dialect: Dialect | None
    count: int
    to: str
    lock_timeout: float
    version: str
    allow: list[Permission]
    progress: bool
    name: str
    choice: Choice
    statements: int


class Done(TypedDict):
    """One file that was applied or rolled back."""

    name: str
    direction: Literal["up", "down"]
    statements: int
    milliseconds: int


class Planned(TypedDict):
    """One file that would run; `program` says that it is a function and has no statements to show."""

    name: str
    direction: Literal["up", "down"]
    late: bool
    program: bool
    transaction: bool
    statements: list[str]


class Listed(TypedDict):
    """One migration in `db:status`."""

    name: str
    state: str
    late: bool
    batch: int | None
    applied_at: str | None
    statements: str | None
    error: str | None
    choices: str | None


class Verified(TypedDict):
    """One file that was taken up, down and up again in a scratch database."""

    name: str
    outcome: Literal["same", "differs", "irreversible"]
    differences: list[str]


class Answer(TypedDict):
    """The one object every action answers with; what an action has nothing to say about stays empty."""

    database: str
    dialect: Dialect
    applied: int
    batch: int | None
    done: list[Done]
    plan: list[Planned]
    migrations: list[Listed]
    script: str
    verified: list[Verified]
    revisions: list[str]


class DiffRequest(TypedDict):
    """What `db:diff` asks; `metadata` is `module:attribute`, empty `dialects` are all, `drops` permits losing data.

    `from_nothing` compares with an empty database, which gives the migration that a new one would begin with. `fills`
    gives the SQL that rows which are there get in a required column, by `table.column`; `bare` leaves that out of what
    is written, where the engine has a safe form that fills later.
    """

    action: Literal["diff"]
    root: str
    folder: str
    url: str
    metadata: str
    renames: list[str]
    drops: bool
    dialects: list[str]
    title: str
    from_nothing: bool
    fills: dict[str, str]
    bare: bool


class Difference(TypedDict):
    """One thing that models and database disagree about; `kept` means that settling it would lose data."""

    kind: str
    verb: str
    table: str
    name: str
    text: str
    kept: bool


class Pair(TypedDict):
    """One change: the statements that make it and those that take it back."""

    up: list[str]
    down: list[str]


class DiffAnswer(TypedDict):
    """What differs, the statements that settle it, and the file that would hold them.

    `apart` is what was not compared: views, triggers and routines, and the models' tables in a schema of their own.
    `needs` are required columns, as `table.column`, for which the rows that are there have no value. `pairs` are the
    statements of one change each, there and back; on SQLite, where a table is built anew for several, all together.
    `unreturned` is what a person has to know of the way back.
    """

    database: str
    dialect: Dialect
    differences: list[Difference]
    candidates: list[list[str]]
    needs: list[str]
    apart: list[str]
    fills: dict[str, str]
    up: dict[Dialect, list[str]]
    down: dict[Dialect, list[str]]
    pairs: dict[Dialect, list[Pair]]
    unreturned: list[str]
    text: str


class Report(Protocol):
    """Told while a run goes on: `done` lines are the product, `say` lines conversation; `progress` moves."""

    def __call__(self, kind: Kind, text: str, /) -> None: ...
