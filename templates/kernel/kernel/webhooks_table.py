"""The table of who wants to be called; its migration comes with `make:webhooks`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Json, UtcDateTime
from .model import Entity


class WebhookSubscription(Entity):
    """An address that is called for some events of a tenant. Signing needs the secret, so it is kept, under a key."""

    __tablename__ = "webhook_subscriptions"

    tenant_id: Mapped[UUID | None] = mapped_column(index=True)
    url: Mapped[str] = mapped_column(String(2048))
    events: Mapped[list[str]] = mapped_column(Json)
    secret: Mapped[str] = mapped_column(String(100))
    disabled: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
