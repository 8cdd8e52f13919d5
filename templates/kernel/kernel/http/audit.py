"""HTTP for the audit log: who may read it sees what was done in their tenant."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query

from ..access import Permission, require
from ..app import Kernel
from ..audit import AuditLog
from .routing import CurrentPrincipal, ModuleRouter
from .schema import ApiModel

READ: Final = Permission("audit:read", "See who did what")


class AuditQuery(ApiModel):
    event: str | None = None
    row: str | None = None
    actor: UUID | None = None
    before: UUID | None = None
    limit: Annotated[int, Query(ge=1, le=100)] = 50


class AuditEntryOut(ApiModel):
    id: UUID
    occurred_at: datetime
    actor_id: UUID | None
    event: str
    source: str
    row_key: str
    correlation_id: str
    trace_id: str | None
    data: dict[str, object]


class AuditController:
    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def router(self) -> APIRouter:
        routes = ModuleRouter("audit")
        routes.get("", self.index, access=require(READ))
        return routes.router

    async def index(self, query: Annotated[AuditQuery, Query()], principal: CurrentPrincipal) -> list[AuditEntryOut]:
        """List what was done, the newest first; the next page is what came `before` the last of this one."""
        found = await self._log.list(tenant=principal.tenant, **query.values())  # type: ignore[arg-type]  # by name
        return [AuditEntryOut.model_validate(each) for each in found]


def register_audit(kernel: Kernel) -> None:
    """Let the log be read over HTTP, by whoever holds `audit:read`."""
    controller = AuditController(kernel.resolve(AuditLog))
    kernel.add_module("audit", service=controller, router=controller.router(), permissions=[READ])
