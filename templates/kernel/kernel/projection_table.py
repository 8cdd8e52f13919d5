"""The table of the projections; its migration comes with the first generator that needs it."""

from datetime import datetime

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .columns import LongText, UtcDateTime
from .model import Entity


class ProjectionRow(Entity):
    """How far a projection is. A rebuild has a row of its own, with the next generation, until it takes over."""

    __tablename__ = "event_projections"
    __table_args__ = (UniqueConstraint("name", "generation", name="uq_event_projections_name_generation"),)

    name: Mapped[str] = mapped_column(String(100))
    generation: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    position: Mapped[str] = mapped_column(String(50))
    error: Mapped[str | None] = mapped_column(LongText)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime())
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime())
