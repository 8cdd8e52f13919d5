"""The identifiers of the request being served, readable from anywhere below it."""

from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def current_request_id() -> str | None:
    """Answer the id of this one HTTP request, or None outside a request."""
    return request_id.get()


def current_correlation_id() -> str | None:
    """Answer the id shared by everything that one outside action set off, or None."""
    return correlation_id.get()
