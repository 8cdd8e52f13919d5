"""What repositories tell about the rows they write, to whoever watches the database."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

RowAction: TypeAlias = Literal["created", "updated", "deleted"]


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that was written; `fields` names what an update was given, never the values."""

    table: str
    action: RowAction
    key: UUID
    fields: tuple[str, ...] = ()


RowWatcher: TypeAlias = Callable[[RowChange], Awaitable[None]]
