"""The identifiers of the request being served, readable from anywhere below it."""

from contextvars import ContextVar
from uuid import UUID

from .trace import Trace

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
caller: ContextVar[UUID | None] = ContextVar("caller", default=None)
trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current_request_id() -> str | None:
    """Answer the id of this one HTTP request, or None outside a request."""
    return request_id.get()


def current_correlation_id() -> str | None:
    """Answer the id shared by everything that one outside action set off, or None."""
    return correlation_id.get()


def current_caller() -> UUID | None:
    """Answer who a guard proved to be calling, or None outside a guarded request."""
    return caller.get()


def current_trace() -> Trace | None:
    """Answer the trace of this request, or None; what is called with its `header` as `traceparent` belongs to it."""
    return trace.get()
