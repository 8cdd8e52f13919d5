"""HTTP for web-hooks: who may manage them says which addresses are called; the secret is shown once."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter
from pydantic import StringConstraints

from ..access import Permission, require
from ..app import Kernel
from ..webhooks import Webhooks
from .routing import CurrentPrincipal, ModuleRouter
from .schema import ApiModel, Url

MANAGE: Final = Permission("webhooks:manage", "See and change who is called about what happens here")


class WebhookCreate(ApiModel):
    url: Url
    events: list[Annotated[str, StringConstraints(max_length=100)]]


class WebhookOut(ApiModel):
    id: UUID
    url: str
    events: list[str]
    disabled: str | None
    created_at: datetime


class WebhookCreated(WebhookOut):
    secret: str


class WebhooksController:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def router(self) -> APIRouter:
        routes = ModuleRouter("webhooks")
        routes.get("", self.index, access=require(MANAGE))
        routes.post("", self.store, access=require(MANAGE), status=201)
        routes.delete("/{webhook_id:uuid}", self.destroy, access=require(MANAGE), status=204)
        return routes.router

    async def index(self, principal: CurrentPrincipal) -> list[WebhookOut]:
        """List the addresses of the caller's tenant."""
        return [WebhookOut.model_validate(each) for each in await self._webhooks.list(tenant=principal.tenant)]

    async def store(self, body: WebhookCreate, principal: CurrentPrincipal) -> WebhookCreated:
        """Have an address called; the answer holds the secret that its calls are signed with."""
        made = await self._webhooks.subscribe(body.url, body.events, tenant=principal.tenant)
        return WebhookCreated.model_validate(made)

    async def destroy(self, webhook_id: UUID, principal: CurrentPrincipal) -> None:
        """Call an address no more."""
        await self._webhooks.unsubscribe(webhook_id, tenant=principal.tenant)


def register_webhooks(kernel: Kernel) -> None:
    """Let web-hooks be managed over HTTP, by whoever holds `webhooks:manage`."""
    controller = WebhooksController(kernel.resolve(Webhooks))
    kernel.add_module("webhooks", service=controller, router=controller.router(), permissions=[MANAGE])
