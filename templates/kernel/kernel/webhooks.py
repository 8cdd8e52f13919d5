"""Web-hooks out: others are called, signed, about what happens here (Standard Webhooks 1.0).

An event becomes one job for each subscription, in the transaction that emitted it. A job is tried again for about a
day; then it is dead, and `arckode queue:retry` sends it once more with the same id.
"""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx2
import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy import ColumnElement, delete, insert, select, update

from .app import Kernel
from .bus import EventBus
from .clock import Clock
from .database import Database
from .errors import NotFoundError, UnavailableError, ValidationError, WiringError
from .events import Event, is_event_pattern, stands_for
from .fields import table_of
from .ids import new_id
from .outside_addresses import checked_url, resolved
from .queue import QUEUE, Job, NoRetryError, Queue
from .tenancy import current_tenant
from .webhooks_secrets import SecretBox
from .webhooks_signing import new_secret, signed
from .webhooks_table import WebhookSubscription

JOB = "webhooks.deliver"
_ATTEMPTS = 12
_FIRST_WAIT = 20.0
_LONGEST_WAIT = 6 * 3600.0
_HOOKS = table_of(WebhookSubscription)
logger = structlog.get_logger("webhooks")


class WebhookSettings(BaseModel):
    """What may be called, for how long, and what the secrets are stored under: the old key as well while it changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    private: bool = Field(default=False, description="Call http and addresses of our own network, too.")
    timeout: float = Field(default=10.0, gt=0, description="Seconds that whoever is called has to answer.")
    key: SecretStr = Field(default=SecretStr(""), description="32 bytes in base64; production needs it.")
    old_key: SecretStr = SecretStr("")

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(each for each in (self.key.get_secret_value(), self.old_key.get_secret_value()) if each)


class _Call(BaseModel):
    subscription: UUID
    message: str
    body: str


class Webhooks:
    """Knows who wants to be called, and calls them."""

    def __init__(self, database: Database, queue: Queue, settings: WebhookSettings, clock: Clock) -> None:
        """Raises ValueError for a key that is none."""
        self._box = SecretBox(settings.keys)
        self._database = database
        self._queue = queue
        self._settings = settings
        self._clock = clock
        queue.register(
            JOB, self.deliver, max_attempts=_ATTEMPTS, first_wait=_FIRST_WAIT, longest_wait=_LONGEST_WAIT, timeout=60
        )

    async def subscribe(self, url: str, events: Sequence[str], *, tenant: UUID | None = None) -> WebhookSubscription:
        """Have an address called for events such as `orders.paid` or `orders.*`; its `secret` is for the other side.

        Raises ValidationError for an address that must not be called and a name that no event has.
        """
        checked_url(url, private=self._settings.private)
        if len(url) > 2000:
            raise ValidationError("The address is too long.", fields={"url": "has more than 2000 characters"})
        if not events or not all(map(is_event_pattern, events)):
            raise ValidationError("An event is called module.action.", fields={"events": "must be such as orders.paid"})
        values: dict[str, Any] = {
            "id": new_id(),
            "tenant_id": tenant,
            "url": url,
            "events": list(events),
            "secret": new_secret(),
            "disabled": None,
            "created_at": self._clock.now(),
        }
        stored = self._box.keep(values["id"], values["secret"])
        async with self._database.transaction() as session:
            await session.execute(insert(_HOOKS).values(**{**values, "secret": stored}))
        return WebhookSubscription(**values)

    async def list(self, *, tenant: UUID | None = None) -> "tuple[WebhookSubscription, ...]":
        """Answer the subscriptions of a tenant, the oldest first."""
        wanted = select(_HOOKS).where(_HOOKS.c.tenant_id == tenant).order_by(_HOOKS.c.id).limit(1000)
        async with self._database.session() as session:
            return tuple(WebhookSubscription(**row._asdict()) for row in await session.execute(wanted))

    async def unsubscribe(self, subscription: UUID, *, tenant: UUID | None = None) -> None:
        """Call an address no more; what waits for it is dropped. Raises NotFoundError, for those of others as well."""
        own = (_HOOKS.c.id == subscription, _HOOKS.c.tenant_id == tenant)
        async with self._database.transaction() as session:
            if await session.scalar(select(_HOOKS.c.id).where(*own)) is None:
                raise NotFoundError("There is no such subscription.")
            await session.execute(delete(_HOOKS).where(*own))

    async def heard(self, event: Event) -> None:
        """Store a call for each subscription of the event's tenant, which is that of the request it happened in."""
        if event.type.startswith("system."):
            return
        scope = current_tenant()
        wanted = await self.list(tenant=None if scope is None else scope.id)
        body = json.dumps(
            {"type": event.type, "timestamp": event.occurred_at.isoformat(), "data": dict(event.data)}, default=str
        )
        calls = [
            {"subscription": str(each.id), "message": f"msg_{event.id.hex}", "body": body}
            for each in wanted
            if each.disabled is None and any(stands_for(pattern, event.type) for pattern in each.events)
        ]
        if calls:
            await self._queue.dispatch_many(JOB, calls)

    async def deliver(self, job: Job) -> None:
        """Call one address. Raises what makes the queue try again, or give up."""
        call = job.read(_Call)
        found = await self._find(_HOOKS.c.id == call.subscription)
        if found is None or found.disabled is not None:
            return
        body = call.body.encode()
        secret = self._box.read(found.id, found.secret)
        headers = signed(secret, call.message, self._clock.now(), body)
        status = await self._post(found.url, body, headers)
        if status == HTTPStatus.GONE:
            await self._disable(found.id, "it answered 410 Gone")
        elif not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise UnavailableError(f"{found.url} answered {status}")

    async def keep_secrets_anew(self) -> None:
        """Store under the key of today what was stored under the old one, or under none; the secrets stay the same."""
        async with self._database.session() as session:
            found = (await session.execute(select(_HOOKS.c.id, _HOOKS.c.secret))).all()
        outdated = [row for row in found if not self._box.is_current(row.secret)]
        async with self._database.transaction() as session:
            for row in outdated:
                stored = self._box.keep(row.id, self._box.read(row.id, row.secret))
                same = (_HOOKS.c.id == row.id, _HOOKS.c.secret == row.secret)
                await session.execute(update(_HOOKS).where(*same).values(secret=stored))

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Answer the status; the address was looked up before, redirects are not followed, and no body is read."""
        try:
            target = await resolved(url, private=self._settings.private)
        except ValidationError as error:
            raise NoRetryError(f"{url}: {error.message}") from error
        headers = {**headers, "Host": target.host, "Content-Type": "application/json", "User-Agent": "webhooks/1"}
        more = {"sni_hostname": target.server}
        try:
            async with (
                httpx2.AsyncClient(timeout=self._settings.timeout, trust_env=False) as http,
                http.stream("POST", target.url, content=body, headers=headers, extensions=more) as answer,
            ):
                return answer.status_code
        except httpx2.HTTPError as error:
            raise UnavailableError(f"{url} does not answer: {type(error).__name__}") from error

    async def _find(self, condition: ColumnElement[bool]) -> WebhookSubscription | None:
        async with self._database.session() as session:
            row = (await session.execute(select(_HOOKS).where(condition))).one_or_none()
        return None if row is None else WebhookSubscription(**row._asdict())

    async def _disable(self, subscription: UUID, why: str) -> None:
        logger.warning("a web-hook is called no more", subscription=str(subscription), why=why)
        async with self._database.transaction() as session:
            await session.execute(update(_HOOKS).where(_HOOKS.c.id == subscription).values(disabled=why))


def use_webhooks(kernel: Kernel) -> None:
    """Let others be called: `kernel.resolve(Webhooks)`.

    Raises WiringError for a key that is none, and for none at all in production.
    """
    settings = kernel.settings.of(WebhookSettings)
    if kernel.settings.production and not settings.key.get_secret_value():
        raise WiringError("WEBHOOKS__KEY is not set: `openssl rand -base64 32` makes one, for secrets at rest")
    try:
        webhooks = Webhooks(kernel.database, kernel.adapter(QUEUE), settings, kernel.clock)
    except ValueError as error:
        raise WiringError(f"WEBHOOKS__KEY: {error}") from None
    kernel.share(webhooks)
    if settings.keys:
        kernel.on_start(webhooks.keep_secrets_anew)


def connect_webhooks(kernel: Kernel) -> None:
    """Tell subscribers of everything that is emitted."""
    kernel.resolve(EventBus).on("*", kernel.resolve(Webhooks).heard)
