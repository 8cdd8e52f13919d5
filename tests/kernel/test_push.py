"""Push notifications: checked when they are made, written from templates, sent by the queue when it is time."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kernel.app import Kernel
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import ProgrammingError, UnavailableError, ValidationError, WiringError
from kernel.model import Entity
from kernel.push import PUSH, PushMessage, PushRefusedError, PushSettings
from kernel.push_memory import MemoryPush
from kernel.push_outbox import OutboxPush, use_push_outbox
from kernel.push_templates import PushTemplates
from kernel.queue import QUEUE, Queue, QueueSettings
from kernel.queue_database import DatabaseJobs
from kernel.queue_table import JobRow
from kernel.queue_worker import Worker
from kernel.settings import KernelSettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = pytest.mark.anyio


class Settings(KernelSettings):
    push: PushSettings = PushSettings()
    queue: QueueSettings = QueueSettings(provider="memory")


class Sometimes(MemoryPush):
    """Sends unless it is told what to raise."""

    error: Exception | None = None

    async def send(self, message: PushMessage) -> None:
        if self.error is not None:
            raise self.error
        await super().send(message)


@asynccontextmanager
async def outbox() -> AsyncGenerator[tuple[OutboxPush, Sometimes, Queue, Database]]:
    database = Database("sqlite://")
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda found: Entity.metadata.create_all(found, tables=[JobRow.__table__]))  # type: ignore[list-item]
    queue, push = Queue(DatabaseJobs(database), SystemClock()), Sometimes()
    yield OutboxPush(queue, push), push, queue, database
    await database.close()


def test_one_for_nobody_or_of_any_size_is_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        PushMessage(" ", "", "It is on its way.")
    assert refused.value.fields == {"to": "is empty", "title": "is empty"}
    assert PushMessage("ada", "Hi", "x" * 4000)
    with pytest.raises(ValidationError) as refused:
        PushMessage("ada", "Hi", "é" * 2050)
    assert refused.value.fields == {"body": "has over 4096 bytes"}


def test_a_template_is_filled_and_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "shipped.title.txt").write_text("Order {{ number }} shipped\n")
    (tmp_path / "shipped.txt").write_text("<{{ number }}> is on its way.\n")
    made = PushTemplates(tmp_path).message("shipped", "ada", data={"order": "17"}, number=17)
    assert made == PushMessage("ada", "Order 17 shipped", "<17> is on its way.", {"order": "17"})
    with pytest.raises(ProgrammingError, match=r"the template shipped.title.txt: 'number' is undefined"):
        PushTemplates(tmp_path).message("shipped", "ada")
    with pytest.raises(ProgrammingError, match=r"there is no template lost.title.txt in "):
        PushTemplates(tmp_path).message("lost", "ada")


async def test_a_notification_is_sent_when_its_transaction_is_over() -> None:
    async with outbox() as (out, push, queue, database):
        message = PushMessage("ada", "Shipped", "It is on its way.", {"order": "17"})
        async with database.transaction():
            await out.send(message)
            assert push.sent == []
        with pytest.raises(RuntimeError):
            async with database.transaction():
                await out.send(PushMessage("eva", "Shipped", "It is not."))
                raise RuntimeError
        await Worker(queue, QueueSettings()).drain()
        assert push.to("ada") == [message]
        assert push.to("eva") == []


async def test_a_service_that_is_away_is_tried_again_and_a_refusal_is_final() -> None:
    async with outbox() as (out, push, queue, _):
        await out.send(PushMessage("ada", "Hi", ""))
        push.error = UnavailableError("away")
        await Worker(queue, QueueSettings()).drain()
        (job,) = await queue.list()
        assert (job.status, job.attempts, job.max_attempts) == ("waiting", 1, 8)
        await queue.drop([job.id])
        push.error = PushRefusedError("no such device")
        await out.send(PushMessage("ada", "Hi", ""))
        await Worker(queue, QueueSettings()).drain()
        (job,) = await queue.list()
        assert (job.status, job.error) == ("dead", "NoRetryError: no such device")


async def test_the_outbox_is_before_a_service_and_not_before_memory() -> None:
    kernel = Kernel(Settings.for_tests(database_url="sqlite://"))
    use_push_outbox(kernel)
    assert isinstance(kernel.adapter(PUSH), MemoryPush)

    kernel = Kernel(Settings.for_tests(database_url="sqlite://", push=PushSettings(provider="own")))
    service = MemoryPush()
    kernel.provide(PUSH, service)
    use_push_outbox(kernel)
    await kernel.adapter(PUSH).send(PushMessage("ada", "Hi", ""))
    assert service.sent == []
    await Worker(kernel.adapter(QUEUE), kernel.settings.of(QueueSettings)).drain()
    assert [each.to for each in service.sent] == ["ada"]


def test_a_service_that_nobody_provides_is_told() -> None:
    kernel = Kernel(Settings.for_tests(database_url="sqlite://", push=PushSettings(provider="own")))
    with pytest.raises(
        WiringError, match=r"^PUSH__PROVIDER is 'own', and .* for the PushSettings; let it `kernel\.provide` yours, or"
    ):
        use_push_outbox(kernel)
