"""The table of reserved values; its migration comes with the first generator that needs it."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .columns import UtcDateTime
from .model import Entity


class ReservationRow(Entity):
    """A value that one aggregate has and no other of its kind may have; of the value only a digest is kept."""

    __tablename__ = "event_reservations"
    __table_args__ = (UniqueConstraint("scope", "digest", name="uq_event_reservations_scope_digest"),)

    scope: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(200))
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime())
