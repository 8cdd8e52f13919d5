"""Events between processes: each group of handlers is given every event, at least once and in the order of its key.

The contract, which one suite of tests holds on each broker:

- `publish` stores events in the running transaction, and a relay sends them to the broker afterwards. Each group that
  ever subscribed is given each event that its pattern stands for, also when no process of the group runs at the time.
- The processes of one group share the work: one key is in one of them at a time, one event after the other.
- When a handler fails, the event is kept in the project's database and tried again: after `first_wait` seconds, then
  twice as long each time, and up to a fifth longer. Later events of its key wait behind it; all others go on. After
  `max_attempts` it is a dead letter, which steps out of the order and waits for `arckode events:dlq`.
- An event whose process died is counted the same way, so that one that kills its process ends as a dead letter, too.
- A handler runs in a transaction of the project's database that also remembers the event for its group: when the event
  comes again, the handler does not run again (`inbox=False` does without).
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

import structlog

from .app import Kernel
from .clock import Clock, until_set
from .errors import ProgrammingError, UnavailableError, WiringError
from .event_bus_database import DatabaseInbox, DatabaseLetters
from .event_bus_memory import MemoryBroker, MemoryInbox, MemoryLetters
from .event_bus_settings import EventBusSettings
from .event_bus_values import (
    UNREADABLE,
    Broker,
    Delivery,
    Inbox,
    Intake,
    Letter,
    Letters,
    LetterStatus,
    key_of,
    told,
    written,
)
from .event_outbox import Outbox, Relay
from .event_seals import EventSeals
from .events import Event, is_event_pattern, new_event, stands_for
from .http.event_metrics import EventMetricsController
from .ports import AdapterPort
from .request_context import carried, handling
from .time_limits import TimeLimit

__all__ = ["EVENT_BUS", "DistributedEventBus", "EventBusSettings", "Letter", "LetterStatus", "NoRetryError"]

Handler: TypeAlias = Callable[[Event], Awaitable[None]]
ErrorHook: TypeAlias = Callable[[Exception, Event], Awaitable[None]]
_LONGEST_GROUP = 100
_AT_ONCE = 20
_UPKEEP = 60.0
_PATIENCE = 1.0
_READY = 10.0
_LOST = "the process that handled it did not finish"
_BEHIND = "it waits behind an earlier event of its key"
logger = structlog.get_logger("events")


class NoRetryError(Exception):
    """A handler raises it when trying again cannot help: the event is a dead letter at once."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who handles what, and what happens when that fails."""

    group: str
    pattern: str
    handler: Handler
    max_attempts: int
    first_wait: float
    longest_wait: float
    timeout: float
    inbox: bool

    def wait_after(self, attempts: int) -> timedelta:
        """Answer how long to wait after a failed attempt; jitter keeps what failed together from coming together."""
        doubled = self.first_wait * 2 ** min(attempts - 1, 32)
        return timedelta(seconds=min(doubled, self.longest_wait) * (1 + secrets.randbelow(201) / 1000))


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt failed, and what is to become of the event."""

    status: LetterStatus
    reason: str


class DistributedEventBus:
    """Publishes events through a broker, and calls who subscribed."""

    def __init__(
        self,
        broker: Broker,
        letters: Letters,
        inbox: Inbox,
        *,
        clock: Clock,
        settings: EventBusSettings | None = None,
        source: str = "app",
        outbox: Outbox | None = None,
        seals: EventSeals | None = None,
    ) -> None:
        self.broker = broker
        self._seals = seals or EventSeals()
        self.outbox = outbox
        self.letters = letters
        self.inbox = inbox
        self._clock = clock
        self._settings = settings or EventBusSettings()
        self._source = source
        self._subscriptions: dict[str, Subscription] = {}
        self._hooks: list[ErrorHook] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._groups: list[_Group] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._upkeep: list[asyncio.Task[None]] = []

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Answer who subscribed, by group."""
        return tuple(self._subscriptions[group] for group in sorted(self._subscriptions))

    @property
    def groups(self) -> tuple[str, ...]:
        """Answer the names of the groups that subscribed."""
        return tuple(sorted(self._subscriptions))

    def subscribe(
        self,
        pattern: str,
        handler: Handler,
        *,
        group: str,
        max_attempts: int = 5,
        first_wait: float = 1.0,
        longest_wait: float = 600.0,
        timeout: float = 30.0,
        inbox: bool = True,
    ) -> None:
        """Let a handler be given the events that a name such as `users.created` or a pattern such as `users.*` means.

        Brokers know the handler by its `group`: keep it when the class is renamed. `timeout` is in seconds. Without
        `inbox` the handler runs in no transaction and has to bear an event twice. Raises WiringError for a pattern
        that no event has, a group that is taken, numbers that make no sense, and after the start.
        """
        if self._tasks:
            raise WiringError(f"'{group}' subscribes after the start; do it in the composition root")
        if not is_event_pattern(pattern):
            raise WiringError(f"'{pattern}' is no event's name; write module.action, or module.* for all of a module's")
        if not group.replace("_", "").replace("-", "").isalnum() or not group.isascii() or len(group) > _LONGEST_GROUP:
            raise WiringError(f"'{group}' is no group's name; write letters, digits, _ and -, at most {_LONGEST_GROUP}")
        if group in self._subscriptions:
            raise WiringError(f"the group '{group}' subscribes twice; two handlers are two groups")
        if max_attempts < 1 or timeout <= 0 or first_wait < 0 or longest_wait < first_wait:
            raise WiringError(f"the group '{group}' has a number of attempts, a time-out or a wait that makes no sense")
        self._subscriptions[group] = Subscription(
            group, pattern, handler, max_attempts, first_wait, longest_wait, timeout, inbox
        )

    def on_error(self, hook: ErrorHook) -> None:
        """Call something with the error and the event after each attempt that failed."""
        self._hooks.append(hook)

    async def publish(self, *events: Event) -> None:
        """Store events in the running transaction, or in one of their own; they are sent to the broker afterwards.

        Those of one key stay in their order. Raises ProgrammingError for what is no event.
        """
        complete = [self.completed(event) for event in events]
        for event in complete:
            written(event)
        if not complete:
            return
        if self.outbox is None:
            await self.send(complete)
        else:
            await self.outbox.add(complete)

    async def send(self, events: Sequence[Event]) -> None:
        """Hand events to the broker, and return when it has confirmed. Raises UnavailableError when it does not.

        It is the relay's: what the program publishes goes through the outbox, with the transaction it is about.
        """
        await self.broker.publish(events)
        self._count("published", "", len(events))

    async def emit(self, name: str, data: Mapping[str, object], *, key: str, source: str = "") -> Event:
        """Make an event and publish it; in a handler it has the handled one for its cause. Raises as `publish`."""
        event = new_event(name, key=key, source=source or self._source, data=data, clock=self._clock)
        await self.publish(event)
        return event

    def completed(self, event: Event) -> Event:
        """Answer an event with what it must say: its source, its correlation, and the trace and user that are known."""
        return replace(
            event,
            source=event.source or self._source,
            correlation_id=event.correlation_id or str(event.id),
            metadata=MappingProxyType({**carried(), **event.metadata}),
        )

    async def start(self) -> None:
        """Begin to take events; waits for the broker to know every group, and after ten seconds goes on without."""
        if self._tasks:
            raise ProgrammingError("the bus has been started already")
        for subscription in self.subscriptions:
            group = _Group(self, subscription, self._settings, self._clock)
            self._groups.append(group)
            self._tasks += [asyncio.create_task(group.consume()), asyncio.create_task(group.try_again())]
        self._upkeep = [asyncio.create_task(self._forget_the_old())] if self._groups else []
        with suppress(TimeoutError):
            async with asyncio.timeout(_READY):
                await asyncio.gather(*(group.intake.ready.wait() for group in self._groups))

    async def stop(self) -> None:
        """Take no more events, let handlers end for a while, and close the connections."""
        for group in self._groups:
            group.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._settings.grace)
        for task in (*self._tasks, *self._upkeep):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._upkeep, return_exceptions=True)
        self._tasks, self._groups = [], []
        await self.broker.close()

    async def metrics(self) -> dict[str, dict[str, int]]:
        """Count what this process did, by group, and the letters of all; `published` is under the name of no group."""
        found: dict[str, dict[str, int]] = {}
        for (group, what), count in self._counts.items():
            found.setdefault(group, {})[what] = count
        for (group, status), count in (await self.letters.counts()).items():
            found.setdefault(group, {})[f"letters_{status.value}"] = count
        return found

    async def waiting(self) -> int:
        """Count the events that wait to be published, by any process."""
        return 0 if self.outbox is None else await self.outbox.count()

    async def attempt(
        self, subscription: Subscription, event: Event, attempts: int, limit: TimeLimit
    ) -> Failure | None:
        """Let a handler have an event, and answer how that failed, if it did; everybody who wants to know is told."""
        try:
            await self._handle(subscription, event, limit)
        except Exception as error:
            dead = attempts >= subscription.max_attempts or isinstance(error, NoRetryError)
            self._count("dead" if dead else "failed", subscription.group)
            logger.log(
                logging.ERROR if dead else logging.WARNING,
                "an event is a dead letter" if dead else "an event handler failed and is tried again",
                event_type=event.type,
                event_id=str(event.id),
                group=subscription.group,
                attempts=attempts,
                reason=told(error),
                exc_info=True,
            )
            await self._tell(error, event)
            return Failure(LetterStatus.DEAD if dead else LetterStatus.WAITING, told(error))
        self._count("handled", subscription.group)
        return None

    async def _handle(self, subscription: Subscription, event: Event, limit: TimeLimit) -> None:
        """Run a handler in the event's context. Raises what it raises, and TimeoutError when it takes too long."""
        step = handling(
            str(event.id), correlation=event.correlation_id, cause=event.causation_id, metadata=event.metadata
        )
        with step:
            await limit.of(self._handle_once(subscription, event))

    async def _handle_once(self, subscription: Subscription, event: Event) -> None:
        if not subscription.inbox:
            await subscription.handler(await self._seals.opened(event))
            return
        async with self.inbox.first(subscription.group, event) as first:
            if first:
                await subscription.handler(await self._seals.opened(event))
            else:
                self._count("repeated", subscription.group)

    async def _tell(self, error: Exception, event: Event) -> None:
        for hook in self._hooks:
            try:
                await hook(error, event)
            except Exception:
                logger.exception("a hook for errors failed", hook=repr(hook))

    def _count(self, what: str, group: str, by: int = 1) -> None:
        self._counts[group, what] += by

    async def _forget_the_old(self) -> None:
        while True:
            await asyncio.sleep(_UPKEEP)
            try:
                await self.inbox.forget(self._clock.now() - timedelta(seconds=self._settings.remember))
            except Exception:
                logger.exception("what was handled long ago could not be forgotten")


class _Group:
    """One subscription at work in this process."""

    def __init__(
        self, bus: DistributedEventBus, subscription: Subscription, settings: EventBusSettings, clock: Clock
    ) -> None:
        self._bus = bus
        self._subscription = subscription
        self._poll = settings.poll
        self._lease = settings.lease
        self._clock = clock
        self._next = asyncio.Event()
        self._limit = TimeLimit(subscription.timeout)
        self._told = ""
        self.intake = Intake(
            subscription.group, subscription.pattern, self._take, prefetch=settings.prefetch, begun=self._begun
        )

    def stop(self) -> None:
        self.intake.stopping.set()
        self._next.set()

    async def consume(self) -> None:
        """Take what the broker hands over, until the end; when the broker is away, wait for it."""
        while not self.intake.stopping.is_set():
            try:
                await self._bus.broker.consume(self.intake)
            except UnavailableError as error:
                if self._is_news(error):
                    logger.warning("the event bus waits for its broker", group=self.intake.group, error=str(error))
            except Exception as error:
                if self._is_news(error):
                    logger.exception("taking events failed", group=self.intake.group)
            await self.intake.pause(_PATIENCE)

    def _is_news(self, error: Exception) -> bool:
        """What lasts is said once."""
        before, self._told = self._told, repr(error)
        return before != self._told

    def _begun(self) -> None:
        if self._told:
            logger.info("events are taken again", group=self.intake.group)
        self._told = ""

    async def try_again(self) -> None:
        """Look for letters that are due, until the end."""
        while not self.intake.stopping.is_set():
            await until_set(self._next, self._poll)
            self._next.clear()
            try:
                while not self.intake.stopping.is_set() and await self._try_some():
                    pass
            except Exception:
                logger.exception("letters cannot be read", group=self._subscription.group)

    async def _take(self, deliveries: Sequence[Delivery]) -> int:
        """Handle events of one partition, one after the other, and answer how many need not come again."""
        group = self._subscription.group
        heard = [self._hears(each.event) for each in deliveries]
        keys = {key_of(each.event) for each, is_mine in zip(deliveries, heard, strict=True) if is_mine}
        done = 0
        try:
            behind = await self._bus.letters.waiting(group, keys) if keys else set()
            for delivery, is_mine in zip(deliveries, heard, strict=True):
                if self.intake.stopping.is_set():
                    break
                if is_mine:
                    await self._take_one(delivery, behind)
                done += 1
        except Exception:
            logger.exception("an event could be neither handled nor kept; it comes again", group=group)
        return done

    def _hears(self, event: Event) -> bool:
        return event.type == UNREADABLE or stands_for(self._subscription.pattern, event.type)

    async def _take_one(self, delivery: Delivery, behind: set[str]) -> None:
        event = delivery.event
        if event.type == UNREADABLE:
            await self._keep(event, LetterStatus.DEAD, 0, str(event.data["error"]))
        elif delivery.again or key_of(event) in behind:
            behind.add(key_of(event))
            await self._keep(event, LetterStatus.WAITING, 0, _LOST if delivery.again else _BEHIND)
        else:
            failure = await self._bus.attempt(self._subscription, event, 1, self._limit)
            if failure is not None:
                behind |= {key_of(event)} if failure.status is LetterStatus.WAITING else set()
                await self._keep(event, failure.status, 1, failure.reason)

    async def _keep(self, event: Event, status: LetterStatus, attempts: int, error: str) -> None:
        wait = self._subscription.wait_after(attempts) if attempts else timedelta()
        group, at = self._subscription.group, self._clock.now() + wait
        await self._bus.letters.keep(group, event, status, attempts=attempts, run_at=at, error=error)
        self._wake_in(wait)

    async def _try_some(self) -> int:
        now = self._clock.now()
        until = now + timedelta(seconds=self._subscription.timeout + self._lease)
        group = self._subscription.group
        claimed = await self._bus.letters.claim(group, now=now, until=until, limit=_AT_ONCE)
        await asyncio.gather(*(self._try(letter) for letter in claimed))
        return len(claimed)

    async def _try(self, letter: Letter) -> None:
        attempts = letter.attempts
        if attempts > self._subscription.max_attempts:  # nobody said how the last attempt ended
            failure: Failure | None = Failure(LetterStatus.DEAD, _LOST)
            logger.error("an event is a dead letter", event_id=str(letter.event.id), group=letter.group, reason=_LOST)
        else:
            failure = await self._bus.attempt(self._subscription, letter.event, attempts, self._limit)
        if failure is None:
            await self._bus.letters.remove(letter)
            return
        wait = self._subscription.wait_after(attempts)
        at = self._clock.now() + wait
        await self._bus.letters.fail(letter, failure.status, attempts=attempts, run_at=at, error=failure.reason)
        self._wake_in(wait)

    def _wake_in(self, wait: timedelta) -> None:
        """Look again when something is due, at the latest; a clock that tests hold still is looked at in vain."""
        seconds = max(wait.total_seconds(), 0.001)
        if seconds < self._poll:
            asyncio.get_running_loop().call_later(seconds, self._next.set)


def provide_memory_bus(kernel: Kernel) -> None:
    """Carry events inside this process, which is what EVENT_BUS_PROVIDER says unless it names a broker."""
    if kernel.settings.of(EventBusSettings).provider == "memory":
        install(kernel, MemoryBroker())


def namespace(kernel: Kernel) -> str:
    """Answer what an application's names on a broker begin with: staging must not take what production published."""
    return f"{kernel.settings.app_name}:{kernel.settings.environment}"


def install(kernel: Kernel, broker: Broker) -> None:
    """Let the application publish and handle events through a broker, from its start to its end."""
    settings = kernel.settings.of(EventBusSettings)
    # The hook has to end in time, or it is cancelled in the middle of what it still has to store.
    grace = min(settings.grace, kernel.settings.shutdown_timeout * 0.7)
    outbox = Outbox(kernel.database)
    bus = DistributedEventBus(
        broker,
        DatabaseLetters(kernel.database),
        DatabaseInbox(kernel.database),
        clock=kernel.clock,
        settings=settings.model_copy(update={"grace": grace}),
        source=kernel.settings.app_name,
        outbox=outbox,
        seals=EventSeals.of(kernel),
    )
    relay = Relay(kernel.database, outbox, bus.send, lease=settings.lease, poll=settings.poll)
    kernel.provide(EVENT_BUS, bus, router=EventMetricsController(bus).router() if settings.metrics else None)
    kernel.add_probe("event bus", broker.ping, optional=True)  # requests are answered without it, and events wait
    if settings.consume:
        kernel.on_ready(bus.start)
    kernel.on_ready(relay.start)
    kernel.on_stop(bus.stop)
    kernel.on_stop(relay.stop)


EVENT_BUS: Final[AdapterPort[DistributedEventBus]] = AdapterPort(
    EventBusSettings, lambda clock: DistributedEventBus(MemoryBroker(), MemoryLetters(), MemoryInbox(), clock=clock)
)
