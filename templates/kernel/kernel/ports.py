"""Holes that something else fills: a module asks another one through a connector, and the kernel for an adapter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .clock import Clock
from .errors import WiringError
from .settings import PortSettings

T = TypeVar("T")


class Port(Generic[T]):
    """A typed hole. The module that needs something declares it; a connector connects it in the composition root."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._implementation: T | None = None

    @property
    def connected(self) -> bool:
        return self._implementation is not None

    def connect(self, implementation: T) -> None:
        """Fill the hole. Raises WiringError when it is already filled: two connectors would hide each other."""
        if self._implementation is not None:
            raise WiringError(f"the port '{self.name}' is already connected to {self._implementation!r}")
        self._implementation = implementation

    def get(self) -> T:
        """Answer what was connected. Raises WiringError when nothing was."""
        if self._implementation is None:
            raise WiringError(f"the port '{self.name}' is not connected; call its connector in the composition root")
        return self._implementation


@dataclass(frozen=True, slots=True)
class AdapterPort(Generic[T]):
    """A service of which the application has one, chosen in the settings: the cache, the mail, the storage.

    `memory` makes the one for tests, which is taken when the settings say `memory`.
    """

    settings: type[PortSettings]
    memory: Callable[[Clock], T]


def ports_of(owner: object) -> tuple[Port[object], ...]:
    """List the ports an object holds as attributes, by name."""
    found = [value for value in vars(owner).values() if isinstance(value, Port)]
    return tuple(sorted(found, key=lambda port: port.name))
