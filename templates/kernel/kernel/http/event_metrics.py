"""What the bus between processes did: as JSON, and in the form of Prometheus.

Source of the second form: Prometheus, "Exposition formats", text version 0.0.4.
"""

from typing import Final, Protocol

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from ..access import PUBLIC
from .routing import ModuleRouter
from .schema import ApiModel

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_COUNTED: Final = ("handled", "repeated", "failed", "dead")
_LETTERS: Final = ("waiting", "dead")


class Measured(Protocol):
    """A bus, as far as it is measured."""

    @property
    def groups(self) -> tuple[str, ...]: ...

    async def metrics(self) -> dict[str, dict[str, int]]: ...

    async def waiting(self) -> int: ...


class GroupMetrics(ApiModel):
    """One handler: what this process did since its start, and the letters of all processes."""

    handled: int = 0
    repeated: int = 0
    failed: int = 0
    dead: int = 0
    letters_waiting: int = 0
    letters_dead: int = 0


class EventMetrics(ApiModel):
    """`published` by this process since its start; `waiting` in the outbox for any process."""

    published: int
    waiting: int
    groups: dict[str, GroupMetrics]


class EventMetricsController:
    def __init__(self, bus: Measured) -> None:
        self._bus = bus

    def router(self) -> APIRouter:
        routes = ModuleRouter("event_metrics", prefix="/events")
        routes.get("/metrics", self.index, access=PUBLIC)
        routes.get("/metrics/prometheus", self.prometheus, access=PUBLIC)
        return routes.router

    async def index(self) -> EventMetrics:
        """Show what the bus did."""
        counts = await self._bus.metrics()
        published = counts.pop("", {}).get("published", 0)
        groups = {group: GroupMetrics.model_validate(counts.get(group, {})) for group in {*self._bus.groups, *counts}}
        return EventMetrics(published=published, waiting=await self._bus.waiting(), groups=groups)

    async def prometheus(self) -> PlainTextResponse:
        """Show the same as Prometheus reads it."""
        return PlainTextResponse(_written(await self.index()), media_type=_TEXT)


def _written(metrics: EventMetrics) -> str:
    lines = [
        "# TYPE events_published_total counter",
        f"events_published_total {metrics.published}",
        "# TYPE events_waiting gauge",
        f"events_waiting {metrics.waiting}",
    ]
    groups = sorted(metrics.groups.items())
    for name in _COUNTED:
        lines.append(f"# TYPE events_{name}_total counter")
        lines += [f'events_{name}_total{{group="{group}"}} {getattr(found, name)}' for group, found in groups]
    lines.append("# TYPE event_letters gauge")
    for status in _LETTERS:
        counted = [(group, getattr(found, f"letters_{status}")) for group, found in groups]
        lines += [f'event_letters{{group="{group}",status="{status}"}} {count}' for group, count in counted]
    return "\n".join(lines) + "\n"
