"""What is being handled, and what it belongs to, readable from anywhere below it.

A request, a command, an event or a job is a step of something that one outside action set off. Steps share their
correlation and their trace, in this process and in others, and each knows the one that caused it.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from .trace import Trace, trace_of


@dataclass(frozen=True, slots=True)
class Step:
    """A request, a command, an event or a job, by its id; `cause` is the id of the step that set it off."""

    id: str
    cause: str | None = None


request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
caller: ContextVar[UUID | None] = ContextVar("caller", default=None)
trace: ContextVar[Trace | None] = ContextVar("trace", default=None)
step: ContextVar[Step | None] = ContextVar("step", default=None)


def current_request_id() -> str | None:
    """Answer the id of this one HTTP request, or None outside a request."""
    return request_id.get()


def current_correlation_id() -> str | None:
    """Answer the id shared by everything that one outside action set off, or None."""
    return correlation_id.get()


def current_caller() -> UUID | None:
    """Answer who a guard proved to be calling, or who set off what is being handled; None for nobody."""
    return caller.get()


def current_trace() -> Trace | None:
    """Answer the trace of this request, or None; what is called with its `header` as `traceparent` belongs to it."""
    return trace.get()


def current_cause() -> str | None:
    """Answer the id of the step that is being handled, which is the cause of what it sets off; None outside of one."""
    running = step.get()
    return None if running is None else running.id


def cause_of(handled: str) -> str | None:
    """Answer what set off the step of an id: the one that is being handled, or that one's cause when it is itself."""
    running = step.get()
    if running is None:
        return None
    return running.cause if running.id == handled else running.id


def carried() -> dict[str, str]:
    """Answer what goes along to another process: the trace and the user, as the metadata of an event has them."""
    running, who = trace.get(), caller.get()
    return {
        **({"traceparent": running.header} if running else {}),
        **({"user": str(who)} if who else {}),
    }


def handling(
    handled: str, *, correlation: str | None, cause: str | None, metadata: Mapping[str, str] | None = None
) -> "_Handling":
    """Let what is inside belong to a step.

    `metadata` is what `carried` answered where the step came from; None keeps the trace and the user that are there.
    """
    return _Handling(correlation, Step(handled, cause), metadata)


class _Handling:
    """Begins and ends a step; as a generator it would take twice as long, for every event."""

    __slots__ = ("_correlation", "_metadata", "_step", "_tokens")

    def __init__(self, correlation: str | None, begun: Step, metadata: Mapping[str, str] | None) -> None:
        self._correlation = correlation
        self._step = begun
        self._metadata = metadata

    def __enter__(self) -> None:
        carried_along = self._metadata
        self._tokens = (
            correlation_id.set(self._correlation),
            step.set(self._step),
            trace.set(trace.get() if carried_along is None else trace_of(carried_along.get("traceparent"))),
            caller.set(caller.get() if carried_along is None else _user(carried_along.get("user"))),
        )

    def __exit__(self, *_: object) -> None:
        of_correlation, of_step, of_trace, of_caller = self._tokens
        caller.reset(of_caller)
        trace.reset(of_trace)
        step.reset(of_step)
        correlation_id.reset(of_correlation)


def _user(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:  # other programs may name users in another way
        return None
