"""What a migration does in one direction on one database: final statements, or a function over data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it is sent, and the line of its file it begins on."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Script:
    """Statements in order; an empty one is a migration with nothing to do on this database."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """An `async def up(db)` or `down(db)`; it counts as one statement in the journal."""

    function: Direction


Step = Script | Program


def size(step: Step) -> int:
    """Return how many entries the statement journal counts."""
    return len(step.statements) if isinstance(step, Script) else 1
