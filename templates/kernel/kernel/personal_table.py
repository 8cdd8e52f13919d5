"""The table of the keys of people; its migration comes with the first generator that needs it."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .columns import UtcDateTime
from .model import Entity


class PersonalKeyRow(Entity):
    """The key of what is stored about one person, in base64; without it the person was forgotten."""

    __tablename__ = "personal_keys"

    subject: Mapped[str] = mapped_column(String(200), unique=True)
    secret: Mapped[str | None] = mapped_column(String(44))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
