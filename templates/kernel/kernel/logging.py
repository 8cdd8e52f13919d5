"""One log for the whole process: JSON for machines in production, colours for people elsewhere."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from .errors import told_in_a_line
from .request_context import current_correlation_id, current_request_id, current_trace

Entry = MutableMapping[str, Any]  # structlog's own type


class StderrHandler(logging.Handler):
    """Writes to whatever stderr is at the time, since a test runner replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


def configure_logging(level: str, *, json: bool) -> None:
    """Send structlog and the standard library's loggers through the same output; safe to call again."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        add_request,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    ending: list[structlog.types.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    handler = StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, spare_traceback, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers = [*(other for other in root.handlers if not isinstance(other, StderrHandler)), handler]
    root.setLevel(level)
    _leave_access_lines_to_us()


def add_request(_logger: object, _method: str, entry: Entry) -> Entry:
    """Put the identifiers of the running request into an entry."""
    for name, value in (("request_id", current_request_id()), ("correlation_id", current_correlation_id())):
        if value is not None:
            entry.setdefault(name, value)
    trace = current_trace()
    if trace is not None:
        entry.setdefault("trace_id", trace.trace_id)
        entry.setdefault("span_id", trace.span_id)
    return entry


def spare_traceback(_logger: object, _method: str, entry: Entry) -> Entry:
    """Put one line in the place of a traceback where that says it all."""
    found = entry.get("exc_info")
    error = sys.exception() if found is True else found[1] if isinstance(found, tuple) else found
    told = told_in_a_line(error) if isinstance(error, BaseException) else None
    if told is not None:
        del entry["exc_info"]
        entry["error"] = told
    return entry


def _leave_access_lines_to_us() -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"
