"""Mail through the queue: a mail is stored in the transaction that it tells of, and a worker sends it.

What is rolled back is told to nobody, a mail server that is away delays no request, and what cannot be sent is a dead
job, which `arckode queue:list` shows. A mail that was sent is forgotten at once: it may hold a token.
"""

from typing import TYPE_CHECKING

from pydantic import BaseModel

from .app import Kernel
from .mail import MAIL, Mail, MailRefusedError, MailSettings, Message
from .queue import QUEUE, Job, NoRetryError, Queue

if TYPE_CHECKING:
    from uuid import UUID

JOB = "mail.send"
_ATTEMPTS = 10  # over some three hours
_FIRST_WAIT = 20.0


class _Stored(BaseModel):
    to: tuple[str, ...]
    subject: str
    text: str
    html: str | None
    reply_to: str | None
    headers: dict[str, str]


class OutboxMail:
    """Implements Mail; `mail` is what really sends."""

    def __init__(self, queue: Queue, mail: Mail) -> None:
        self._queue = queue
        self._mail = mail
        self._sent: set[UUID] = set()
        queue.register(JOB, self._deliver, max_attempts=_ATTEMPTS, first_wait=_FIRST_WAIT, timeout=120)
        queue.also(self._forget)

    async def send(self, message: Message) -> None:
        """Store a mail in the running transaction, one job for each recipient: a refusal concerns only that one."""
        listed = (message.to,) if isinstance(message.to, str) else message.to
        stored = [
            _Stored(
                to=(each,),
                subject=message.subject,
                text=message.text,
                html=message.html,
                reply_to=message.reply_to,
                headers=dict(message.headers),
            ).model_dump(mode="json")
            for each in listed
        ]
        await self._queue.dispatch_many(JOB, stored)

    async def _deliver(self, job: Job) -> None:
        stored = job.read(_Stored)
        message = Message(stored.to, stored.subject, stored.text, stored.html, stored.reply_to, stored.headers)
        try:
            await self._mail.send(message)
        except MailRefusedError as error:
            raise NoRetryError(error.message) from error
        self._sent.add(job.id)

    async def _forget(self) -> None:
        """Drop what was sent; the queue keeps a job that runs, so one that was just sent is met again."""
        sent = set(self._sent)
        if sent and await self._queue.drop(list(sent)) == len(sent):
            self._sent -= sent


def use_mail_outbox(kernel: Kernel) -> None:
    """Let everybody who asks for MAIL have the outbox; mail in memory cannot fail, and is there at once."""
    outbox = OutboxMail(kernel.adapter(QUEUE), kernel.adapter(MAIL))
    kernel.share(outbox)
    if kernel.settings.of(MailSettings).provider != "memory":
        kernel.wrap(MAIL, outbox)
