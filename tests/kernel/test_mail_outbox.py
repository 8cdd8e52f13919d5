"""Mail through the queue: sent when the transaction is, tried again, refused once, and forgotten when it was sent."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import UnavailableError, ValidationError
from kernel.mail import MailRefusedError, Message
from kernel.mail_memory import MemoryMail
from kernel.mail_outbox import OutboxMail
from kernel.model import Entity
from kernel.queue import Queue, QueueSettings
from kernel.queue_database import DatabaseJobs
from kernel.queue_table import JobRow
from kernel.queue_worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.anyio


class Sometimes(MemoryMail):
    """Sends unless it is told what to raise."""

    error: Exception | None = None

    async def send(self, message: Message) -> None:
        if self.error is not None:
            raise self.error
        await super().send(message)


@asynccontextmanager
async def outbox() -> AsyncGenerator[tuple[OutboxMail, Sometimes, Queue, Database]]:
    database = Database("sqlite://")
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda found: Entity.metadata.create_all(found, tables=[JobRow.__table__]))  # type: ignore[list-item]
    queue, mail = Queue(DatabaseJobs(database), SystemClock()), Sometimes()
    yield OutboxMail(queue, mail), mail, queue, database
    await database.close()


async def test_each_recipient_is_sent_all_of_the_mail_and_it_is_forgotten() -> None:
    async with outbox() as (out, mail, queue, database):
        message = Message(("a@x.org", "B <b@x.org>"), "Hé", "text", "<p>", "r@x.org", {"X-Kind": "news"})
        async with database.transaction():
            await out.send(message)
            assert mail.sent == []
        await Worker(queue, QueueSettings()).drain()
        assert [each.recipients[0].addr_spec for each in mail.sent] == ["a@x.org", "b@x.org"]
        sent = mail.sent[0]
        assert (sent.subject, sent.text, sent.html, sent.reply_to) == ("Hé", "text", "<p>", "r@x.org")
        assert sent.headers == {"X-Kind": "news"}
        for chore in queue.chores:
            await chore()
        assert sum((await queue.counts()).values()) == 0


async def test_what_is_rolled_back_is_sent_to_nobody() -> None:
    async with outbox() as (out, mail, queue, database):
        with pytest.raises(RuntimeError):
            async with database.transaction():
                await out.send(Message("a@x.org", "s", "t"))
                raise RuntimeError
        await Worker(queue, QueueSettings()).drain()
        assert mail.sent == []


async def test_a_server_that_is_away_is_tried_again_and_a_refusal_is_final() -> None:
    async with outbox() as (out, mail, queue, _):
        await out.send(Message("a@x.org", "s", "t"))
        mail.error = UnavailableError("away")
        await Worker(queue, QueueSettings()).drain()
        (job,) = await queue.list()
        assert (job.status, job.attempts, job.max_attempts) == ("waiting", 1, 10)
        await queue.drop([job.id])
        mail.error = MailRefusedError("no such mailbox")
        await out.send(Message("a@x.org", "s", "t"))
        await Worker(queue, QueueSettings()).drain()
        (job,) = await queue.list()
        assert (job.status, job.error) == ("dead", "NoRetryError: no such mailbox")


async def test_a_header_cannot_be_smuggled_in() -> None:
    with pytest.raises(ValidationError):
        Message("a@x.org", "s\r\nBcc: b@x.org", "t")
