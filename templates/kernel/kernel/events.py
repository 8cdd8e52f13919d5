"""The envelope every event travels in, fixed from the first day so that stored events stay readable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from uuid import UUID

from .clock import Clock, SystemClock
from .ids import new_id
from .request_context import carried, current_cause, current_correlation_id

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_PATTERN = re.compile(r"\*|[a-z][a-z0-9_]*(\.([a-z][a-z0-9_]*|\*))+")
_NOTHING: Mapping[str, str] = MappingProxyType({})
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `type` is past tense, `key` decides what is kept in order.

    `metadata` is about the event, not about what happened: who did it (`user`), the trace (`traceparent`), and what
    set off the command that made it happen (`cause`).
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
    """Make an event now; its cause is another event, else what is being handled, whose correlation it has then.

    Where there is neither, a correlation begins with this event.
    """
    event_id = new_id()
    goes_along = carried()
    correlation = caused_by.correlation_id if caused_by else current_correlation_id()
    return Event(
        event_id,
        type_,
        version,
        (clock or _CLOCK).now(),
        key,
        correlation or str(event_id),
        str(caused_by.id) if caused_by else current_cause(),
        source,
        MappingProxyType(dict(data)),
        MappingProxyType({**goes_along, **metadata}) if goes_along or metadata else _NOTHING,
    )


@lru_cache
def is_event_name(text: str) -> bool:
    """Say whether an event can be called that: `module.action` or `module.entity.action`."""
    return _NAME.fullmatch(text) is not None


def is_event_pattern(text: str) -> bool:
    """Say whether that is a name, or one with a `*` for any text, such as `orders.*`, or `*` for all."""
    return _PATTERN.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def stands_for(pattern: str, name: str) -> bool:
    """Say whether a pattern means an event: `orders.*` is `orders.confirmed` and `orders.line.added`."""
    if "*" not in pattern:
        return pattern == name
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None
