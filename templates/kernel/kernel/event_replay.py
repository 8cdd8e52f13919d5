"""What an aggregate was, at a version or a time, for a person who wants to know how it came to be as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from .aggregate_parts import AggregateParts
from .aggregates import Aggregates
from .app import Kernel
from .deciders import StateForm
from .errors import NotFoundError, suggestion
from .event_store import EVENT_STORE


@dataclass(frozen=True, slots=True)
class Replayed:
    """The state that the first `version` events made; `event` is the last of them, which happened at `at`.

    `of` is how many there are by now.
    """

    aggregate: str
    id: UUID
    version: int
    of: int
    event: str
    at: datetime
    state: object

    def plain(self) -> Mapping[str, object]:
        """Answer it as JSON has it."""
        return {
            "aggregate": self.aggregate,
            "id": str(self.id),
            "version": self.version,
            "of": self.of,
            "event": self.event,
            "at": self.at.isoformat(),
            "state": self.state,
        }


async def replay(
    kernel: Kernel, name: str, aggregate: UUID, *, version: int | None = None, at: datetime | None = None
) -> Replayed:
    """Make the state of an aggregate anew from its events, up to a version or a time; no snapshot is asked.

    Raises NotFoundError naming the aggregates that there are, for one to which nothing had happened by then, or for a
    version that it has not had; ProgrammingError for an event that nobody knows.
    """
    deciders = {each.category: each for each in AggregateParts.of(kernel).deciders}
    if name not in deciders:
        raise NotFoundError(f"there is no aggregate '{name}'{suggestion(name, sorted(deciders))}")
    decider, store, stream = deciders[name], kernel.adapter(EVENT_STORE), f"{name}-{aggregate}"
    count = await store.version(stream)
    if not count:
        raise NotFoundError(f"nothing ever happened to the {decider.one} {aggregate}")
    if version is not None and version > count:
        raise NotFoundError(f"the {decider.one} {aggregate} is of version {count}, and was never of version {version}")
    try:
        found = await Aggregates(decider, store, kernel.clock).load(aggregate, version=version, at=at)
    except NotFoundError:
        (first,) = await store.read_stream(stream, last=1)
        began = f"its first event is of {first.event.occurred_at.isoformat()}"
        raise NotFoundError(f"nothing had happened to the {decider.one} {aggregate} by then; {began}") from None
    (last,) = await store.read_stream(stream, first=found.version, last=found.version)
    state = StateForm(decider).plain(found.state)
    return Replayed(name, aggregate, found.version, count, last.event.type, last.event.occurred_at, state)
