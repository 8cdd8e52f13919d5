"""Web-hooks out and in: who is called, how it is signed, what must never be called, and what is believed."""

from __future__ import annotations

import base64
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from pydantic import SecretStr

from kernel.app import Kernel
from kernel.bus import EventBus
from kernel.clock import FixedClock
from kernel.database import Database
from kernel.errors import AuthError, NotFoundError, UnavailableError, ValidationError, WiringError
from kernel.model import Entity
from kernel.outside_addresses import checked_url, is_outside, resolved
from kernel.queue import QUEUE, Queue, QueueSettings
from kernel.queue_database import DatabaseJobs
from kernel.queue_table import JobRow
from kernel.queue_worker import Worker
from kernel.settings import KernelSettings
from kernel.tenancy import Tenant, limited_to
from kernel.webhooks import Webhooks, WebhookSettings, use_webhooks
from kernel.webhooks_receiving import Receiver, ReceiverSettings
from kernel.webhooks_secrets import SecretBox
from kernel.webhooks_signing import new_secret, signed, verified
from kernel.webhooks_table import WebhookSubscription
from kernel.webhooks_testing import called

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)
KEY, OTHER_KEY = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


class HookedSettings(KernelSettings):
    queue: QueueSettings = QueueSettings()
    webhooks: WebhookSettings = WebhookSettings()


@asynccontextmanager
async def hooks(*, private: bool = True, key: str = "") -> AsyncGenerator[tuple[Webhooks, Queue, EventBus]]:
    database = Database("sqlite://")
    tables = [JobRow.__table__, WebhookSubscription.__table__]
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda found: Entity.metadata.create_all(found, tables=tables))  # type: ignore[arg-type]
    clock = FixedClock(NOW)
    queue, bus = Queue(DatabaseJobs(database), clock), EventBus(clock=clock)
    webhooks = Webhooks(database, queue, WebhookSettings(private=private, key=SecretStr(key)), clock)
    bus.on("*", webhooks.heard)
    yield webhooks, queue, bus
    await database.close()


async def drain(queue: Queue) -> None:
    await Worker(queue, QueueSettings()).drain()


async def test_a_subscriber_is_called_for_its_events_with_a_signature_that_fits() -> None:
    async with hooks() as (webhooks, queue, bus), called() as somebody:
        made = await webhooks.subscribe(somebody.url, ["orders.paid", "pets.*"])
        events = [await bus.emit(name, {"id": ONE}, "test") for name in ("orders.paid", "orders.sent", "pets.dog.sold")]
        await bus.emit("system.started", {}, "kernel")
        await drain(queue)
    first, second = somebody.calls
    assert verified(first[0], first[1], [made.secret], NOW).id == f"msg_{events[0].id.hex}"
    assert json.loads(first[1]) == {
        "type": "orders.paid",
        "timestamp": events[0].occurred_at.isoformat(),
        "data": {"id": str(ONE)},
    }
    assert json.loads(second[1])["type"] == "pets.dog.sold"
    assert first[0]["host"] == somebody.url.removeprefix("http://").removesuffix("/hooks")


async def test_a_tenant_is_called_about_its_own_events_only() -> None:
    async with hooks() as (webhooks, queue, bus), called() as somebody:
        await webhooks.subscribe(somebody.url, ["*"], tenant=ONE)
        with limited_to(Tenant(OTHER)):
            await bus.emit("orders.paid", {}, "test")
        await bus.emit("orders.paid", {}, "job of nobody in particular")
        with limited_to(Tenant(ONE)):
            await bus.emit("orders.sent", {}, "test")
        await drain(queue)
        assert [json.loads(body)["type"] for _, body in somebody.calls] == ["orders.sent"]
        assert await webhooks.list(tenant=OTHER) == ()
        (own,) = await webhooks.list(tenant=ONE)
        with pytest.raises(NotFoundError):
            await webhooks.unsubscribe(own.id, tenant=OTHER)
        await webhooks.unsubscribe(own.id, tenant=ONE)
        assert await webhooks.list(tenant=ONE) == ()


async def test_a_call_that_fails_is_tried_again_with_the_same_id_and_410_ends_it() -> None:
    async with hooks() as (webhooks, queue, bus), called() as somebody:
        await webhooks.subscribe(somebody.url, ["*"])
        event = await bus.emit("orders.paid", {}, "test")
        somebody.status = 302
        await drain(queue)
        (job,) = await queue.list()
        assert (job.status, job.error) == ("waiting", f"UnavailableError: {somebody.url} answered 302")
        somebody.status = 410
        assert isinstance(queue.clock, FixedClock)
        queue.clock.advance(timedelta(minutes=1))
        await drain(queue)
        assert len(somebody.calls) == 2
        assert {headers["webhook-id"] for headers, _ in somebody.calls} == {f"msg_{event.id.hex}"}
        assert [each.disabled for each in await webhooks.list()] == ["it answered 410 Gone"]


async def test_a_secret_is_stored_encrypted_and_signs_all_the_same() -> None:
    async with hooks(key=KEY) as (webhooks, queue, bus), called() as somebody:
        made = await webhooks.subscribe(somebody.url, ["*"])
        (stored,) = await webhooks.list()
        assert made.secret.removeprefix("whsec_") not in stored.secret
        assert len(stored.secret) <= 100
        await bus.emit("orders.paid", {}, "test")
        await drain(queue)
    ((headers, body),) = somebody.calls
    verified(headers, body, [made.secret], NOW)


async def test_a_key_is_changed_without_changing_the_secrets_and_with_a_lost_one_a_call_waits() -> None:
    async with hooks() as (webhooks, queue, bus), called() as somebody:
        made = await webhooks.subscribe(somebody.url, ["*"])
        database, clock = webhooks._database, queue.clock
        for key, old in ((KEY, ""), (OTHER_KEY, KEY), (OTHER_KEY, "")):
            settings = WebhookSettings(private=True, key=SecretStr(key), old_key=SecretStr(old))
            # The queue that is passed has its job already.
            renewed = Webhooks(database, Queue(DatabaseJobs(database), clock), settings, clock)
            await renewed.keep_secrets_anew()
            (row,) = await renewed.list()
            assert SecretBox([key]).read(row.id, row.secret) == made.secret
            assert SecretBox([key]).is_current(row.secret)
        with pytest.raises(UnavailableError, match=f"web-hook {made.id} cannot be read; is WEBHOOKS__OLD_KEY"):
            SecretBox([KEY]).read(row.id, row.secret)
        await bus.emit("orders.paid", {}, "test")
        await drain(queue)
        (job,) = await queue.list()
        assert (job.status, somebody.calls) == ("waiting", [])


def test_a_kept_secret_is_good_in_its_own_row_only_and_never_the_same_twice() -> None:
    box, secret = SecretBox([KEY]), new_secret()
    kept = box.keep(ONE, secret)
    assert kept != box.keep(ONE, secret)
    for row, text in ((OTHER, kept), (ONE, kept[:-8] + "AAAAAAA="), (ONE, kept.partition(".")[0]), (ONE, "nonsense")):
        with pytest.raises(UnavailableError, match="cannot be read"):
            box.read(row, text)
    assert SecretBox([]).keep(ONE, secret) == secret


def test_a_key_that_is_none_is_refused_and_production_needs_one() -> None:
    def wired(**changes: object) -> None:
        kernel = Kernel(HookedSettings.for_tests(**changes))
        kernel.provide(QUEUE, Queue(DatabaseJobs(kernel.database), kernel.clock))
        use_webhooks(kernel)

    with pytest.raises(WiringError, match="WEBHOOKS__KEY: a key for the secrets of web-hooks is 32 bytes in base64"):
        wired(database_url="sqlite://", webhooks=WebhookSettings(key=SecretStr("c2hvcnQ=")))
    with pytest.raises(WiringError, match=r"WEBHOOKS__KEY is not set: `openssl rand -base64 32` makes one"):
        wired(database_url="sqlite:///x.db", environment="production", queue=QueueSettings(memory_in_production=True))


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.com",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://169.254.169.254/",
            "https://[::1]/",
        ),
        *("https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[2002:0a00:0001::]/", "https://0.0.0.0/"),
        *("https://ada:secret@example.com/", "ftp://example.com/", "https://", "nonsense", "https://example.com:0/"),
        *("https://example.com:99999/", "https://[fe80::1]/", "https://100.64.0.1/", "https://224.0.0.1/"),
    ],
)
async def test_what_must_not_be_called_cannot_be_subscribed(url: str) -> None:
    async with hooks(private=False) as (webhooks, _, _):
        with pytest.raises(ValidationError) as refused:
            await webhooks.subscribe(url, ["*"])
    assert set(refused.value.fields) == {"url"}


async def test_a_name_that_leads_inside_is_refused_when_it_is_called() -> None:
    with pytest.raises(ValidationError, match="a private one"):
        await resolved("https://localhost/hooks", private=False)
    with pytest.raises(UnavailableError, match="is not known"):
        await resolved("https://no-such-host.invalid/", private=False)
    target = await resolved("http://localhost:81/a?b=c", private=True)
    assert target.url in {"http://127.0.0.1:81/a?b=c", "http://[::1]:81/a?b=c"}
    assert (target.host, target.server) == ("localhost:81", "localhost")
    assert checked_url("https://example.com/x", private=False).hostname == "example.com"
    assert is_outside(ip_address("2606:4700::1111"))


async def test_an_event_that_is_none_is_refused() -> None:
    async with hooks() as (webhooks, _, _):
        for events in ([], ["Orders"], ["orders..paid"]):
            with pytest.raises(ValidationError, match=r"module\.action"):
                await webhooks.subscribe("https://example.com", events)


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks specification's own reference implementations."""
    secret, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", datetime.fromtimestamp(1614265330, UTC)
    headers = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_only_what_was_signed_lately_with_a_secret_we_trust_is_believed() -> None:
    secret, old = new_secret(), new_secret()
    good = signed(secret, "msg_1", NOW, b"{}")
    assert verified(good, b"{}", [old, secret], NOW).id == "msg_1"
    several = good | {"webhook-signature": f"v1a,x v1,{'A' * 44} {good['webhook-signature']}"}
    assert verified(several, b"{}", [secret], NOW + timedelta(seconds=299)).id == "msg_1"
    cases = [
        (good, b"{} ", [secret], NOW, "webhook_signature_invalid"),
        (good, b"{}", [old], NOW, "webhook_signature_invalid"),
        (good, b"{}", [], NOW, "webhook_signature_invalid"),
        (good | {"webhook-id": "msg_2"}, b"{}", [secret], NOW, "webhook_signature_invalid"),
        (good | {"webhook-signature": "v1,é"}, b"{}", [secret], NOW, "webhook_signature_invalid"),
        (good, b"{}", [secret], NOW + timedelta(seconds=301), "webhook_expired"),
        (good, b"{}", [secret], NOW - timedelta(seconds=301), "webhook_expired"),
        ({}, b"{}", [secret], NOW, "webhook_unsigned"),
        (good | {"webhook-timestamp": "-1"}, b"{}", [secret], NOW, "webhook_unsigned"),
    ]
    for headers, body, trusted, now, code in cases:
        with pytest.raises(AuthError) as refused:
            verified(headers, body, trusted, now)
        assert refused.value.code == code


async def test_a_message_that_is_sent_again_is_one_job() -> None:
    secret, clock = new_secret(), FixedClock(NOW)
    async with hooks() as (_, queue, _):

        async def handle(_job: object) -> None: ...

        queue.register("acme_webhook", handle)
        receiver = Receiver("acme_webhook", ReceiverSettings(secret=SecretStr(secret)), queue, clock)
        for message, at in (("msg_1", NOW), ("msg_1", NOW + timedelta(seconds=60)), ("msg_2", NOW)):
            await receiver.take(signed(secret, message, at, b'{"n": 1}'), b'{"n": 1}')
        assert sorted(str(job.data["id"]) for job in await queue.list()) == ["msg_1", "msg_2"]
        for body in (b"[]", b"no json"):
            with pytest.raises(ValidationError, match="a JSON object"):
                await receiver.take(signed(secret, "msg_3", NOW, body), body)
        with pytest.raises(UnavailableError, match="secret of this web-hook is not set"):
            await Receiver("acme_webhook", ReceiverSettings(), queue, clock).take({}, b"{}")


def test_a_secret_that_is_none_is_refused_when_it_is_wired() -> None:
    from kernel.webhooks_receiving import receiver_of

    kernel = Kernel(KernelSettings.for_tests(database_url="sqlite://"))
    queue = Queue(DatabaseJobs(kernel.database), kernel.clock)
    with pytest.raises(WiringError, match="the web-hook 'acme': the secret of a web-hook is whsec_"):
        receiver_of(kernel, "acme", ReceiverSettings(secret=SecretStr("short")), queue)
    production = Kernel(KernelSettings.for_tests(database_url="sqlite:///x.db", environment="production"))
    with pytest.raises(WiringError, match="ACME__SECRET is not set: whoever sends the web-hook gives it"):
        receiver_of(production, "acme", ReceiverSettings(), queue)
