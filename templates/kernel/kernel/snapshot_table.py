"""The table of snapshots; its migration comes with the first generator that needs it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Guid, LongText, UtcDateTime
from .model import Entity


class SnapshotRow(Entity):
    """The newest snapshot of a stream; `form` tells what the state looked like, `event_id` is the last event in it."""

    __tablename__ = "event_snapshots"

    stream: Mapped[str] = mapped_column(String(200), unique=True)
    version: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[UUID] = mapped_column(Guid())
    form: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(LongText)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime())
