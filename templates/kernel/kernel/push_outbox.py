"""Push notifications through the queue: stored in the transaction that they tell of, and sent by a worker.

What is rolled back is told to nobody, a service that is away delays no request, and what cannot be sent is a dead job,
which `arckode queue:list` shows.
"""

from pydantic import BaseModel

from .app import Kernel
from .push import PUSH, Push, PushMessage, PushRefusedError, PushSettings
from .queue import QUEUE, Job, NoRetryError, Queue

JOB = "push.send"
_ATTEMPTS = 8  # over some forty minutes: later than that it is no news
_FIRST_WAIT = 20.0


class _Stored(BaseModel):
    to: str
    title: str
    body: str
    data: dict[str, str]


class OutboxPush:
    """Implements Push; `push` is what really sends."""

    def __init__(self, queue: Queue, push: Push) -> None:
        self._queue = queue
        self._push = push
        queue.register(JOB, self._deliver, max_attempts=_ATTEMPTS, first_wait=_FIRST_WAIT, timeout=60)

    async def send(self, message: PushMessage) -> None:
        """Store a notification in the running transaction."""
        stored = _Stored(to=message.to, title=message.title, body=message.body, data=dict(message.data))
        await self._queue.dispatch(JOB, stored.model_dump(mode="json"))

    async def _deliver(self, job: Job) -> None:
        stored = job.read(_Stored)
        try:
            await self._push.send(PushMessage(stored.to, stored.title, stored.body, stored.data))
        except PushRefusedError as error:
            raise NoRetryError(error.message) from error


def use_push_outbox(kernel: Kernel) -> None:
    """Let everybody who asks for PUSH have the outbox; one in memory cannot fail, and is there at once."""
    outbox = OutboxPush(kernel.adapter(QUEUE), kernel.adapter(PUSH))
    kernel.share(outbox)
    if kernel.settings.of(PushSettings).provider != "memory":
        kernel.wrap(PUSH, outbox)
