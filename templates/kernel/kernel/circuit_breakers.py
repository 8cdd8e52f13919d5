"""The circuit breakers of the application: made in the composition root, measured, and put around what may be away."""

import re
from collections.abc import Callable
from typing import TypeVar

from .app import Kernel
from .circuit_breaker import (
    BreakerState,
    CircuitBreaker,
    CircuitBreakerSettings,
    CircuitOpenError,
    is_failure,
    protected,
)
from .clock import Clock
from .errors import NotFoundError, UnavailableError, WiringError, suggestion
from .http.circuit_breakers import CircuitBreakersController
from .ports import AdapterPort

__all__ = [
    "BreakerState",
    "Breakers",
    "CircuitBreaker",
    "CircuitBreakerSettings",
    "CircuitOpenError",
    "is_failure",
    "protect",
    "protected",
]

A = TypeVar("A")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


class Breakers:
    """The breakers of the application, by their names."""

    def __init__(self, clock: Clock, settings: CircuitBreakerSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._breakers: dict[str, CircuitBreaker] = {}

    @classmethod
    def of(cls, kernel: Kernel) -> "Breakers":
        """Answer the application's; the first time they get their routes, and `/health/ready` tells which are open."""
        try:
            return kernel.resolve(cls)
        except WiringError:
            settings = kernel.settings.of(CircuitBreakerSettings)
            made = cls(kernel.clock, settings)
            router = CircuitBreakersController(made).router() if settings.metrics else None
            kernel.add_module("circuit_breakers", service=made, router=router)
            kernel.add_probe("circuit breakers", made.ping, optional=True)
            return made

    @property
    def all(self) -> tuple[CircuitBreaker, ...]:
        return tuple(self._breakers[name] for name in sorted(self._breakers))

    def add(
        self,
        name: str,
        *,
        window: float | None = None,
        minimum: int | None = None,
        failures: float | None = None,
        pause: float | None = None,
        timeout: float | None = None,
        counts: Callable[[Exception], bool] | None = None,
    ) -> CircuitBreaker:
        """Make a breaker; what is not said is as CIRCUIT_BREAKERS__... says.

        Raises WiringError for a name that is taken or no name, and ValidationError of Pydantic for senseless numbers.
        """
        if _NAME.fullmatch(name) is None:
            raise WiringError(f"'{name}' is no circuit breaker's name; write it in small letters, such as payments")
        if name in self._breakers:
            raise WiringError(f"there are two circuit breakers '{name}'")
        said = {"window": window, "minimum": minimum, "failures": failures, "pause": pause, "timeout": timeout}
        changed = {key: value for key, value in said.items() if value is not None}
        settings = CircuitBreakerSettings.model_validate({**self._settings.model_dump(), **changed})
        self._breakers[name] = CircuitBreaker(name, self._clock, settings, counts=counts)
        return self._breakers[name]

    def named(self, name: str) -> CircuitBreaker:
        """Answer a breaker. Raises NotFoundError naming the nearest one."""
        if name not in self._breakers:
            raise NotFoundError(f"there is no circuit breaker '{name}'{suggestion(name, sorted(self._breakers))}")
        return self._breakers[name]

    async def ping(self) -> None:
        """Raise UnavailableError naming the breakers that are not closed."""
        away = [each.name for each in self.all if each.state is not BreakerState.CLOSED]
        if away:
            raise UnavailableError(f"left alone: {', '.join(away)}")


def protect(kernel: Kernel, port: AdapterPort[A], breaker: CircuitBreaker) -> None:
    """Put a breaker around what is behind a port, for everybody who asks from now on; memory cannot be away."""
    if kernel.settings.of(port.settings).provider != "memory":
        kernel.wrap(port, protected(kernel.adapter(port), breaker))
