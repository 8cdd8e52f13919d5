"""The table of the queue; its migration comes with the first generator that needs it."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Json, LongText, UtcDateTime
from .model import Entity


class JobRow(Entity):
    """A job. `turn` is the priority with its sign changed, so that one index gives the order of being taken."""

    __tablename__ = "queue_jobs"
    __table_args__ = (
        Index("ix_queue_jobs_status_turn_run_at", "status", "turn", "run_at"),
        Index("ix_queue_jobs_status_finished_at", "status", "finished_at"),
    )

    name: Mapped[str] = mapped_column(String(100))
    data: Mapped[dict[str, object]] = mapped_column(Json)
    job_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    turn: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    run_at: Mapped[datetime] = mapped_column(UtcDateTime())
    attempts: Mapped[int]
    max_attempts: Mapped[int]
    error: Mapped[str | None] = mapped_column(LongText)
    percent: Mapped[int]
    note: Mapped[str] = mapped_column(String(255))
    correlation_id: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    worker: Mapped[str | None] = mapped_column(String(100))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime())
