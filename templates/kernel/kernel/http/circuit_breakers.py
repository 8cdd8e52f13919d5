"""What circuit breakers do: as JSON, and in the form of Prometheus.

Source of the second form: Prometheus, "Exposition formats", text version 0.0.4.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from ..access import PUBLIC
from .routing import ModuleRouter
from .schema import ApiModel

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_STATES: Final = ("closed", "half_open", "open")
_CALLS: Final = ("answered", "failed", "refused")


class Measured(Protocol):
    """A breaker, as far as it is measured."""

    @property
    def name(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def calls(self) -> Mapping[str, int]: ...


class AllMeasured(Protocol):
    """The breakers of an application."""

    @property
    def all(self) -> Sequence[Measured]: ...


class BreakerOut(ApiModel):
    """One breaker of this process: whether calls go through, how they ended since its start, how often it opened."""

    name: str
    state: str
    answered: int
    failed: int
    refused: int
    opened: int


class CircuitBreakersController:
    def __init__(self, breakers: AllMeasured) -> None:
        self._breakers = breakers

    def router(self) -> APIRouter:
        routes = ModuleRouter("circuit_breakers")
        routes.get("", self.index, access=PUBLIC)
        routes.get("/prometheus", self.prometheus, access=PUBLIC)
        return routes.router

    async def index(self) -> list[BreakerOut]:
        """Show the circuit breakers."""
        return [
            BreakerOut(
                name=each.name,
                state=each.state,
                answered=each.calls["answered"],
                failed=each.calls["failed"],
                refused=each.calls["refused"],
                opened=each.calls["opened"],
            )
            for each in self._breakers.all
        ]

    async def prometheus(self) -> PlainTextResponse:
        """Show the same as Prometheus reads it."""
        return PlainTextResponse(_written(await self.index()), media_type=_TEXT)


def _written(breakers: Sequence[BreakerOut]) -> str:
    lines = ["# TYPE circuit_breaker_state gauge"]
    for each in breakers:
        lines += [
            f'circuit_breaker_state{{breaker="{each.name}",state="{state}"}} {int(each.state == state)}'
            for state in _STATES
        ]
    lines.append("# TYPE circuit_breaker_calls_total counter")
    for each in breakers:
        lines += [
            f'circuit_breaker_calls_total{{breaker="{each.name}",outcome="{outcome}"}} {getattr(each, outcome)}'
            for outcome in _CALLS
        ]
    lines.append("# TYPE circuit_breaker_opened_total counter")
    lines += [f'circuit_breaker_opened_total{{breaker="{each.name}"}} {each.opened}' for each in breakers]
    return "\n".join(lines) + "\n"
