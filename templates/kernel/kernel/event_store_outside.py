"""What event stores on a server of their own share.

Such a store takes no part in transactions of the project's database: what is appended stays, whatever becomes of the
transaction around it. Events are known by their ids, which follow from the command's, so that a command that is sent
again after its transaction failed finds them, and they do not happen twice.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

import structlog

from .app import Kernel
from .errors import UnavailableError
from .event_store import EVENT_STORE, EventStore
from .event_values import Position, RecordedEvent
from .events import Event

logger = structlog.get_logger("events")


class OutsideStore(EventStore, Protocol):
    """An event store with connections of its own."""

    async def check(self) -> None:
        """Raise WiringError for a server that keeps less than is promised, and UnavailableError without an answer."""
        ...


class OnceChecked:
    """Asks until it is answered, and then never again."""

    def __init__(self, ask: Callable[[], Awaitable[None]]) -> None:
        self._ask = ask
        self._is_answered = False

    async def __call__(self) -> None:
        if not self._is_answered:
            await self._ask()
            self._is_answered = True


def install(kernel: Kernel, store: OutsideStore) -> None:
    """Let the application store its events there. It starts without the server, and is not ready until that answers."""

    async def start() -> None:
        try:
            await store.check()
        except UnavailableError as error:
            logger.warning("the event store does not answer yet", error=str(error))

    kernel.provide(EVENT_STORE, store)
    kernel.add_probe("event store", store.ping)
    kernel.on_start(start)
    kernel.on_stop(store.close)


def to_text(event: Event, stream: str, recorded_at: datetime) -> str:
    """Write an event as JSON, so that no server's own types change what it says."""
    return json.dumps(
        {
            "id": str(event.id),
            "type": event.type,
            "version": event.version,
            "occurredAt": _moment(event.occurred_at),
            "recordedAt": _moment(recorded_at),
            "stream": stream,
            "key": event.key,
            "correlationId": event.correlation_id,
            "causationId": event.causation_id,
            "source": event.source,
            "data": dict(event.data),
            "metadata": dict(event.metadata),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def of_text(text: str | bytes, number: int, position: Position) -> RecordedEvent:
    """Read what `to_text` wrote."""
    found: Mapping[str, Any] = json.loads(text)
    event = Event(
        id=UUID(found["id"]),
        type=found["type"],
        version=found["version"],
        occurred_at=datetime.fromisoformat(found["occurredAt"]),
        key=found["key"],
        correlation_id=found["correlationId"],
        causation_id=found["causationId"],
        source=found["source"],
        data=MappingProxyType(found["data"]),
        metadata=MappingProxyType(found["metadata"]),
    )
    recorded_at = datetime.fromisoformat(found["recordedAt"])
    return RecordedEvent(event, found["stream"], number, position, recorded_at)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
