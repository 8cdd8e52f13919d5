"""Events inside one process: whoever listens is called before `emit` returns, in the emitter's own transaction.

Nothing is stored. What must survive a crash, or reach another process, belongs into a queue or an outbox.
"""

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from .app import Kernel
from .clock import Clock
from .errors import WiringError
from .events import Event, is_event_name, is_event_pattern, new_event, stands_for
from .request_context import handling

Handler: TypeAlias = Callable[[Event], Awaitable[None]]
STARTED = "system.started"
STOPPED = "system.stopped"
logger = structlog.get_logger("events")


@dataclass(frozen=True, slots=True)
class _Listener:
    pattern: str
    handler: Handler
    once: bool

    def hears(self, name: str) -> bool:
        return stands_for(self.pattern, name)


class EventBus:
    """Who listens to what. A handler that fails is logged and counted; the others still run, and so does the emitter.

    Names are `module.action` or `module.entity.action`; a `*` in a subscription stands for any text, so `orders.*`
    hears `orders.confirmed` and `orders.line.added`.
    """

    def __init__(self, *, clock: Clock | None = None, remember: int = 100) -> None:
        self._clock = clock
        self._listening: list[_Listener] = []
        self._history: deque[Event] = deque(maxlen=remember)
        self._failures: Counter[str] = Counter()

    def on(self, name: str, handler: Handler) -> None:
        """Call a handler for every such event, after those that listen already.

        Raises WiringError for a name that no event can have, and for a handler that listens to it already.
        """
        self._add(name, handler, once=False)

    def once(self, name: str, handler: Handler) -> None:
        """Call a handler for the next such event only. Raises WiringError as `on` does."""
        self._add(name, handler, once=True)

    def off(self, name: str, handler: Handler) -> bool:
        """Stop calling a handler; answer whether it listened to exactly this name."""
        found = [each for each in self._listening if (each.pattern, each.handler) == (name, handler)]
        self._listening = [each for each in self._listening if each not in found]
        return bool(found)

    async def emit(self, name: str, data: Mapping[str, object], source: str, *, key: str = "") -> Event:
        """Tell everybody who listens, one after the other, and answer the event; `source` says who emits it.

        An event that a handler emits has the handled one for its cause. Raises ValueError for a name that no event can
        have; nothing that a handler raises.
        """
        if not is_event_name(name):
            raise ValueError(f"'{name}' is no event's name; write module.action, such as orders.confirmed")
        event = new_event(name, key=key, source=source, data=data, clock=self._clock)
        self._history.append(event)
        for listener in [each for each in self._listening if each.hears(name)]:
            if listener not in self._listening:
                continue
            if listener.once:
                self._listening.remove(listener)
            await self._call(listener, event)
        return event

    def history(self, name: str | None = None) -> tuple[Event, ...]:
        """Return the last events, oldest first; with a name or a pattern, those it stands for."""
        return tuple(event for event in self._history if name is None or stands_for(name, event.type))

    def clear_history(self) -> None:
        self._history.clear()

    @property
    def listeners(self) -> dict[str, int]:
        """Count the handlers by what they listen to."""
        return dict(Counter(each.pattern for each in self._listening))

    @property
    def failures(self) -> dict[str, int]:
        """Count the calls of handlers that failed, by the event they were called for."""
        return dict(self._failures)

    def _add(self, name: str, handler: Handler, *, once: bool) -> None:
        if not is_event_pattern(name):
            raise WiringError(f"'{name}' is no event's name; write module.action, or module.* for all of a module's")
        if any((each.pattern, each.handler) == (name, handler) for each in self._listening):
            raise WiringError(f"{_called(handler)} listens to '{name}' already; it would run twice")
        self._listening.append(_Listener(name, handler, once))

    async def _call(self, listener: _Listener, event: Event) -> None:
        try:
            with handling(str(event.id), correlation=event.correlation_id, cause=event.causation_id):
                await listener.handler(event)
        except Exception:
            self._failures[event.type] += 1
            logger.exception(
                "an event handler failed",
                event_type=event.type,
                event_id=str(event.id),
                handler=_called(listener.handler),
                failures=self._failures[event.type],
            )


def use_events(kernel: Kernel) -> EventBus:
    """Give the application its bus, `kernel.resolve(EventBus)`; it tells when the application started and stopped."""
    bus = EventBus(clock=kernel.clock)
    kernel.share(bus)

    async def started() -> None:
        await bus.emit(STARTED, {}, "kernel")

    async def stopped() -> None:
        await bus.emit(STOPPED, {}, "kernel")

    kernel.on_ready(started)
    kernel.on_stop(stopped)
    return bus


def _called(handler: Handler) -> str:
    return str(getattr(handler, "__qualname__", handler))
