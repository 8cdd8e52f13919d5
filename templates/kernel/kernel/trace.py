"""The trace a request belongs to, as W3C Trace Context says it: `traceparent: 00-<trace id>-<span id>-<flags>`."""

import re
from random import getrandbits

from opentelemetry.trace import get_current_span

_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


class Trace:
    """What ties together everything that one outside action sets off, in this process and in others.

    What it is not told is drawn when it is first asked for: most events are handled without a word about their trace.
    These numbers tell traces apart and keep no secret, so that the system is not asked for them.
    """

    __slots__ = ("_span_id", "_trace_id", "flags")

    def __init__(self, trace_id: str = "", span_id: str = "", flags: str = "00") -> None:
        self._trace_id = trace_id
        self._span_id = span_id
        self.flags = flags

    @property
    def trace_id(self) -> str:
        if not self._trace_id:
            self._trace_id = f"{getrandbits(128):032x}"
        return self._trace_id

    @property
    def span_id(self) -> str:
        if not self._span_id:
            self._span_id = f"{getrandbits(64):016x}"
        return self._span_id

    @property
    def header(self) -> str:
        """Answer what `traceparent` says to whom we call, and `traceresponse` to who called us."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def trace_of(traceparent: str | None) -> Trace:
    """Answer OpenTelemetry's span where it is set up; else go on with the caller's trace, or begin one.

    A header that is not well formed begins a new trace, as the specification demands.
    """
    span = get_current_span().get_span_context()
    if span.is_valid:
        return Trace(f"{span.trace_id:032x}", f"{span.span_id:016x}", f"{span.trace_flags:02x}")
    found = _PARENT.fullmatch(traceparent) if traceparent else None
    # Only version 00 is known; a newer one may say more after the flags, an old one may not.
    if found is None or (found[4] and found[0].startswith("00")):
        return Trace()
    return Trace(found[1], flags=found[3])
