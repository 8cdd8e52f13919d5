"""The audit log: one subscriber to everything, instead of one connector for each module.

An entry is written in the transaction that emitted the event, so that it exists exactly when what it tells of does.
"""

import json
import re
from uuid import UUID

from sqlalchemy import insert, select

from .app import Kernel
from .audit_table import AuditEntry
from .bus import EventBus
from .database import Database
from .events import Event
from .fields import table_of
from .ids import new_id
from .request_context import current_caller, current_trace
from .tenancy import current_tenant

_ENTRIES = table_of(AuditEntry)
_SECRET = re.compile(r"pass(word|phrase)|secret|token|api_?key|authorization|credential", re.IGNORECASE)
_HIDDEN = "[hidden]"
_DEEPEST = 10


class AuditLog:
    """Writes down what happened, and answers it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heard(self, event: Event) -> None:
        """Write an event down; what is called a password, secret or token is hidden."""
        if event.type.startswith("system."):
            return
        scope, trace = current_tenant(), current_trace()
        values: dict[str, object] = {
            "id": new_id(),
            "occurred_at": event.occurred_at,
            "tenant_id": None if scope is None else scope.id,
            "actor_id": current_caller(),
            "event": event.type,
            "source": event.source[:100],
            "row_key": (event.key or str(event.data.get("id", "")))[:200],
            "correlation_id": event.correlation_id[:128],
            "trace_id": None if trace is None else trace.trace_id,
            "data": json.loads(json.dumps(_shown(dict(event.data)), default=str)),
        }
        async with self._database.transaction() as session:
            await session.execute(insert(_ENTRIES).values(**values))

    async def list(
        self,
        *,
        tenant: UUID | None = None,
        event: str | None = None,
        row: str | None = None,
        actor: UUID | None = None,
        before: UUID | None = None,
        limit: int = 100,
    ) -> tuple[AuditEntry, ...]:
        """Answer the entries of a tenant, the newest first; `before` is the last one of the page before."""
        wanted = select(_ENTRIES).where(_ENTRIES.c.tenant_id == tenant).order_by(_ENTRIES.c.id.desc()).limit(limit)
        pairs = ((_ENTRIES.c.event, event), (_ENTRIES.c.row_key, row), (_ENTRIES.c.actor_id, actor))
        for column, value in pairs:
            wanted = wanted if value is None else wanted.where(column == value)
        wanted = wanted if before is None else wanted.where(_ENTRIES.c.id < before)
        async with self._database.session() as session:
            return tuple(AuditEntry(**found._asdict()) for found in await session.execute(wanted))


def use_audit(kernel: Kernel) -> None:
    """Give the application its log: `kernel.resolve(AuditLog)`."""
    kernel.share(AuditLog(kernel.database))


def connect_audit(kernel: Kernel) -> None:
    """Write down everything that is emitted."""
    kernel.resolve(EventBus).on("*", kernel.resolve(AuditLog).heard)


def _shown(value: object, depth: int = 0) -> object:
    if depth > _DEEPEST:
        return _HIDDEN
    if isinstance(value, dict):
        return {
            str(name): _HIDDEN if _SECRET.search(str(name)) else _shown(each, depth + 1) for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_shown(each, depth + 1) for each in value]
    return value
