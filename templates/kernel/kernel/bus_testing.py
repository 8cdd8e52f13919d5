"""What tests of services that emit are written with: a bus that remembers all of it and swallows no failure."""

from collections.abc import Mapping

from .bus import EventBus
from .clock import Clock
from .events import Event


class RecordingBus(EventBus):
    """An EventBus to hand to a service; a handler that fails is an error of the test, not a line of the log."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        super().__init__(clock=clock, remember=1_000_000)

    async def emit(self, name: str, data: Mapping[str, object], source: str, *, key: str = "") -> Event:
        """Emit as EventBus does. Raises AssertionError when a handler failed."""
        before = sum(self.failures.values())
        event = await super().emit(name, data, source, key=key)
        failed = sum(self.failures.values()) - before
        if failed:
            raise AssertionError(f"{failed} of the handlers of '{name}' failed; the log says how")
        return event

    def emitted(self, name: str | None = None) -> list[tuple[str, dict[str, object]]]:
        """Answer the names and the data of what was emitted; with a name or a pattern, of that."""
        return [(event.type, dict(event.data)) for event in self.history(name)]
