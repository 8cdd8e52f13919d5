"""The envelope every event travels in, fixed from the first day so that stored events stay readable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from .clock import Clock, SystemClock
from .ids import new_id
from .request_context import current_correlation_id, current_trace

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `type` is past tense, `key` decides what is kept in order.

    `metadata` is about the event, not about what happened: who did it (`user`), and the trace (`traceparent`).
    """

    id: UUID
    type: str
    version: int
    occurred_at: datetime
    key: str
    correlation_id: str
    causation_id: str | None
    source: str
    data: Mapping[str, object]
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def new_event(
    type_: str,
    *,
    key: str,
    source: str,
    data: Mapping[str, object],
    version: int = 1,
    caused_by: Event | None = None,
    clock: Clock | None = None,
    metadata: Mapping[str, str] = _NOTHING,
) -> Event:
    """Make an event now. The correlation follows the cause, else the request, else starts with this event."""
    event_id = new_id()
    trace = current_trace()
    correlation = caused_by.correlation_id if caused_by else current_correlation_id()
    return Event(
        id=event_id,
        type=type_,
        version=version,
        occurred_at=(clock or SystemClock()).now(),
        key=key,
        correlation_id=correlation or str(event_id),
        causation_id=str(caused_by.id) if caused_by else None,
        source=source,
        data=MappingProxyType(dict(data)),
        metadata=MappingProxyType({**({"traceparent": trace.header} if trace else {}), **metadata}),
    )
