"""The table of what was done; its migration comes with `make:audit`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Json, UtcDateTime
from .model import Entity


class AuditEntry(Entity):
    """Who did what to which row, when, and in which request."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_tenant_id_id", "tenant_id", "id"),
        Index("ix_audit_entries_row_key_id", "row_key", "id"),
    )

    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime())
    tenant_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    event: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(100))
    row_key: Mapped[str] = mapped_column(String(200))
    correlation_id: Mapped[str] = mapped_column(String(128))
    trace_id: Mapped[str | None] = mapped_column(String(32))
    data: Mapped[dict[str, object]] = mapped_column(Json)
