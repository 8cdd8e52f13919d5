"""The way from a call to what it ends in, as the lines a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_analyzers.model.calls import CallAt, Target
    from arckode_analyzers.model.effects import Effects
    from arckode_analyzers.model.source import Source


def trace(effects: Effects, call: CallAt, target: Target) -> tuple[tuple[Source, int], ...]:
    """Return the lines from a call down to the call that matters."""
    places = [(call.source, call.record.line)]
    if target.through is not None:
        places.append((target.through.source, target.through.record.line))
    for reason in effects.way(target):
        places.append((reason.call.source, reason.call.record.line))
        if reason.target.through is not None:
            places.append((reason.target.through.source, reason.target.through.record.line))
    return tuple(dict.fromkeys(places))
