"""The table of archived events; its migration comes with the first generator that needs it."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Json, UtcDateTime
from .model import Entity


class ArchivedEventRow(Entity):
    """An event as it was in `stored_events`, and since when it is here."""

    __tablename__ = "archived_events"
    __table_args__ = (
        UniqueConstraint("stream", "number", name="uq_archived_events_stream_number"),
        Index("ix_archived_events_position", "transaction_id", "position", unique=True),
    )

    stream: Mapped[str] = mapped_column(String(200))
    number: Mapped[int] = mapped_column(BigInteger)
    transaction_id: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(BigInteger)
    category: Mapped[str] = mapped_column(String(100))
    type: Mapped[str] = mapped_column(String(100))
    version: Mapped[int]
    event_key: Mapped[str] = mapped_column(String(200))
    correlation_id: Mapped[str] = mapped_column(String(128))
    causation_id: Mapped[str | None] = mapped_column(String(128))
    source: Mapped[str] = mapped_column(String(100))
    data: Mapped[dict[str, object]] = mapped_column(Json)
    details: Mapped[dict[str, object]] = mapped_column(Json)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime())
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime())
    archived_at: Mapped[datetime] = mapped_column(UtcDateTime())
