"""The table of commands that were handled; its migration comes with the first generator that needs it."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Json, UtcDateTime
from .model import Entity


class CommandRow(Entity):
    """A command by its id; `answer` is what became of it, `problem` why nothing did.

    `digest` tells it from another one of that id, and begins with the salt that it was made with.
    """

    __tablename__ = "handled_commands"
    __table_args__ = (Index("ix_handled_commands_finished_at", "finished_at"),)

    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(10))
    caller: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, object] | None] = mapped_column(Json)
    problem: Mapped[dict[str, object] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
