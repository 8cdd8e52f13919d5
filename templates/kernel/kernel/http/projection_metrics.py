"""How far projections are behind the events: as JSON, and in the form of Prometheus.

Source of the second form: Prometheus, "Exposition formats", text version 0.0.4.
"""

from collections.abc import Sequence
from typing import Final, Protocol, get_args

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from ..access import PUBLIC
from ..projection_runs import State
from .routing import ModuleRouter
from .schema import ApiModel

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


class Measured(Protocol):
    """A projection, as far as it is measured."""

    @property
    def name(self) -> str: ...

    @property
    def state(self) -> State: ...

    @property
    def version(self) -> int: ...

    @property
    def behind(self) -> int: ...

    @property
    def lag(self) -> float: ...


class AllMeasured(Protocol):
    """The projections of an application."""

    async def status(self) -> Sequence[Measured]: ...


class ProjectionOut(ApiModel):
    """One projection, of all processes: `behind` counts events to 1000, `lag` is the age of the oldest in seconds.

    Why one fails is told by `arckode projection:status` alone: the text may hold what events say.
    """

    name: str
    state: State
    version: int
    behind: int
    lag: float


class ProjectionMetricsController:
    def __init__(self, projections: AllMeasured) -> None:
        self._projections = projections

    def router(self) -> APIRouter:
        routes = ModuleRouter("projection_metrics", prefix="/projections")
        routes.get("", self.index, access=PUBLIC)
        routes.get("/prometheus", self.prometheus, access=PUBLIC)
        return routes.router

    async def index(self) -> list[ProjectionOut]:
        """Show how far the projections are."""
        return [
            ProjectionOut(name=each.name, state=each.state, version=each.version, behind=each.behind, lag=each.lag)
            for each in await self._projections.status()
        ]

    async def prometheus(self) -> PlainTextResponse:
        """Show the same as Prometheus reads it."""
        return PlainTextResponse(_written(await self.index()), media_type=_TEXT)


def _written(projections: Sequence[ProjectionOut]) -> str:
    lines = ["# TYPE projection_lag_seconds gauge"]
    lines += [f'projection_lag_seconds{{projection="{each.name}"}} {each.lag}' for each in projections]
    lines.append("# TYPE projection_behind_events gauge")
    lines += [f'projection_behind_events{{projection="{each.name}"}} {each.behind}' for each in projections]
    lines.append("# TYPE projection_state gauge")
    for each in projections:
        lines += [
            f'projection_state{{projection="{each.name}",state="{state}"}} {int(each.state == state)}'
            for state in get_args(State)
        ]
    return "\n".join(lines) + "\n"
