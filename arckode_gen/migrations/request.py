"""What a command asks of the runner and what comes back: plain JSON values, because they may cross a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypedDict

if TYPE_CHECKING:
    from arckode_gen.migrations.dialects import Dialect

Action = Literal["migrate", "rollback", "plan", "script", "status"]


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


class Report(Protocol):
    """Told while a run goes on: `done` lines are the product, `say` lines conversation."""

    def __call__(self, kind: Literal["done", "say"], text: str) -> None: ...
