"""The table of the scheduler: when each job is due next, so that a restart changes nothing."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .columns import UtcDateTime
from .model import Entity


class ScheduleRow(Entity):
    """When a job is due; `plan` is how it was written, so that another one in the code is noticed."""

    __tablename__ = "queue_schedules"

    name: Mapped[str] = mapped_column(String(100), unique=True)
    plan: Mapped[str] = mapped_column(String(255))
    next_at: Mapped[datetime] = mapped_column(UtcDateTime())
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
