"""What the event store costs, against `eventsourcing`, raw asyncpg and a store that locks its table.

`PYTHONPATH=templates/kernel python -m tests.bench.bench_events [sqlite|postgresql ...]`; the peers are installed into
`.cache/bench-events`.

The contenders take turns, round by round, so that whatever else the machine does hits all of them alike, with the same
durability: SQLite with WAL and `synchronous = NORMAL`, PostgreSQL as it is. Ratios are of medians over the rounds.

What the outbox costs is measured over 600 appends: over a few, which SQLite stores in milliseconds, what is measured
would be how long the relay rests between two looks.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID, uuid4

import asyncpg  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import text

from kernel.aggregate_parts import AggregateParts
from kernel.aggregates import Aggregates, Command, Decider, EventData
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.event_outbox import Relay, begin_at, keep_position
from kernel.event_store_database import DatabaseEvents
from kernel.event_store_relay import StoredEvents
from kernel.event_values import StreamState
from kernel.events import Event, new_event
from kernel.snapshots import DatabaseSnapshots
from tests.kernel.backends import drop_scratch, make_scratch
from tests.services import postgres_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

ROUNDS = int(os.environ.get("ARCKODE_BENCH_ROUNDS", "9"))
SIZES = (10, 100)
WRITERS = 8
_PEERS = Path(__file__).resolve().parents[2] / ".cache" / "bench-events"
_PACKAGES = ("eventsourcing==9.5.6", "psycopg[binary,pool]")
_APPENDS = 600
_TURN = 0.4  # seconds that one contender has in a round


class Opened(EventData):
    type: ClassVar[str] = "accounts.opened"
    owner: str


class Paid(EventData):
    type: ClassVar[str] = "accounts.paid"
    amount: int
    note: str


@dataclass(frozen=True, slots=True)
class Account:
    owner: str
    balance: int = 0


class Open(Command):
    owner: str


class Pay(Command):
    amounts: tuple[int, ...]


def decide(state: Account | None, command: Open | Pay) -> Sequence[EventData]:
    if isinstance(command, Open):
        return (Opened(owner=command.owner),)
    return [Paid(amount=amount, note="a payment") for amount in command.amounts]


def evolve(state: Account | None, event: EventData, _at: datetime) -> Account:
    if isinstance(event, Opened):
        return Account(event.owner)
    assert state is not None
    assert isinstance(event, Paid)
    return Account(state.owner, state.balance + event.amount)


ACCOUNTS: Decider[Account, Open | Pay] = Decider("account", "accounts", (Opened, Paid), decide, evolve)


@dataclass(frozen=True, slots=True)
class Goal:
    """A measure, what it came to, and what it should be at least or at most."""

    name: str
    value: float
    wanted: float
    unit: str = "x"
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        return self.value <= self.wanted if self.at_most else self.value >= self.wanted

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        missed = "" if self.is_met else "   MISSED"
        return f"{self.name:<58} {self.value:8.2f}{self.unit:<3} goal {sign} {self.wanted:g}{missed}"


@cache
def library() -> Any:
    """Answer the module of the peer; it is installed the first time."""
    if not (_PEERS / "eventsourcing").is_dir():
        quietly = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
        words = ["-m", "pip", "install", *quietly, "--target", str(_PEERS), *_PACKAGES]
        subprocess.run([sys.executable, *words], check=True)
    sys.path.append(str(_PEERS))
    return importlib.import_module("tests.bench.event_peer")


def peer_settings(engine: str, url: str, folder: Path) -> dict[str, str]:
    if engine == "sqlite":
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "peer.db")}
    parts = Database(url, clock=SystemClock()).url
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.database or "",
        "POSTGRES_HOST": parts.host or "127.0.0.1",
        "POSTGRES_PORT": str(parts.port or 5432),
        "POSTGRES_USER": parts.username or "postgres",
        "POSTGRES_PASSWORD": str(parts.password or "-"),
    }


@asynccontextmanager
async def database(url: str, **more: Any) -> AsyncGenerator[Database]:
    made = Database(url, clock=SystemClock(), **more)
    try:
        await made.create_tables()
        yield made
    finally:
        await made.close()


async def in_turns(runs: Mapping[str, Callable[[], Awaitable[float]]], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median of every run after one that warms up."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            value = await run()
            if number:
                found[name].append(value)
    return {name: statistics.median(values) for name, values in found.items()}


def paying(count: int) -> list[Event]:
    """Make events as a command does."""
    data = [Paid(amount=number, note="a payment") for number in range(count)]
    return [new_event(each.type, key="k", source="bench", data=each.model_dump(mode="json")) for each in data]


async def per_second(once: Callable[[], Awaitable[None]], events: int, seconds: float = _TURN) -> float:
    """Return how many events a second something stores that stores so many at once."""
    start, times = time.perf_counter(), 0
    while (taken := time.perf_counter() - start) < seconds:
        await once()
        times += 1
    return times * events / taken


def ours(store: DatabaseEvents, size: int) -> Callable[[], Awaitable[float]]:
    async def once() -> None:
        await store.append(f"accounts-{uuid4()}", paying(size), expected=StreamState.NO_STREAM)

    return lambda: per_second(once, size)


def peers(application: Any, account: Callable[..., Any], size: int) -> Callable[[], Awaitable[float]]:
    async def once() -> None:
        made = account(owner="ana")
        for number in range(size - 1):
            made.pay(number, "a payment")
        application.save(made)

    return lambda: per_second(once, size)


_RAW = """
INSERT INTO raw_events (id, stream, number, type, data, recorded_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::jsonb[], $6::timestamptz[])
"""
_RAW_TABLE = """
CREATE TABLE raw_events (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, stream text NOT NULL,
  number bigint NOT NULL, type text NOT NULL, data jsonb NOT NULL, recorded_at timestamptz NOT NULL,
  UNIQUE (stream, number))
"""


def raw(connection: Any, size: int) -> Callable[[], Awaitable[float]]:
    """Store what a program without any store would, in one statement."""

    async def once() -> None:
        stream, now = f"accounts-{uuid4()}", SystemClock().now()
        rows = [
            (uuid4(), stream, number, "accounts.paid", json.dumps({"amount": number, "note": "a payment"}), now)
            for number in range(size)
        ]
        await connection.execute(_RAW, *(list(column) for column in zip(*rows, strict=True)))

    return lambda: per_second(once, size)


async def appends(engine: str, url: str, folder: Path) -> list[Goal]:
    peer = library()
    goals = []
    async with database(url) as made:
        store = DatabaseEvents(made)
        app = peer.Application(env=peer_settings(engine, url, folder))
        if engine == "sqlite":
            with app.recorder.datastore.get_connection(commit=True) as connection:  # it is the only one
                connection.cursor().execute("PRAGMA synchronous = NORMAL")
        for size in SIZES:
            found = await in_turns({"ours": ours(store, size), "library": peers(app, peer.Account, size)})
            wanted = 1.2 if engine == "sqlite" else 2.0
            ratio = found["ours"] / found["library"]
            print(f"  {size} a transaction: ours {found['ours']:,.0f}/s, eventsourcing {found['library']:,.0f}/s")
            goals.append(Goal(f"append, {engine}, {size} a transaction, of eventsourcing", ratio, wanted))
        app.close()
    return goals


async def against_raw(url: str) -> list[Goal]:
    async with database(url) as made:
        store = DatabaseEvents(made)
        connection = await asyncpg.connect(made.url.set(drivername="postgresql").render_as_string(hide_password=False))
        await connection.execute(_RAW_TABLE)
        found = await in_turns({"ours": ours(store, 100), "raw": raw(connection, 100)})
        await connection.close()
    print(f"  100 a transaction: ours {found['ours']:,.0f}/s, raw asyncpg {found['raw']:,.0f}/s")
    return [Goal("append, 100 a transaction, of raw INSERT..SELECT unnest", found["ours"] / found["raw"], 0.4)]


async def writers(url: str) -> list[Goal]:
    """Compare eight writers, each on a stream of its own, with those of a store that locks its table."""

    async with database(url, pool_size=WRITERS) as made:
        store = DatabaseEvents(made)

        async def free() -> None:
            await store.append(f"accounts-{uuid4()}", paying(10), expected=StreamState.NO_STREAM)

        async def locked() -> None:
            async with made.transaction() as session:
                await session.execute(text("LOCK TABLE stored_events IN EXCLUSIVE MODE"))
                await free()

        def together(once: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[float]]:
            async def run() -> float:
                return sum(await asyncio.gather(*(per_second(once, 10, 1.0) for _ in range(WRITERS))))

            return run

        found = await in_turns({"ours": together(free), "lock": together(locked)}, 5)
    print(f"  8 writers: ours {found['ours']:,.0f}/s, with a table lock {found['lock']:,.0f}/s")
    return [Goal("8 writers, of a store that locks its table", found["ours"] / found["lock"], 4.0)]


async def loading(engine: str, url: str, folder: Path) -> list[Goal]:
    peer = library()
    async with database(url) as made:
        store = DatabaseEvents(made)
        accounts = Aggregates(ACCOUNTS, store, SystemClock())
        long = await _account(accounts, 10_000)
        app = peer.Application(env=peer_settings(engine, url, folder))
        theirs = peer.Account(owner="ana")
        for number in range(9_999):
            theirs.pay(number, "a payment")
        app.save(theirs)

        async def load() -> float:
            start = time.perf_counter()
            assert (await accounts.load(long)).version == 10_000
            return time.perf_counter() - start

        async def load_theirs() -> float:
            start = time.perf_counter()
            assert app.repository.get(theirs.id).version == 10_000
            return time.perf_counter() - start

        found = await in_turns({"ours": load, "library": load_theirs}, 5)
        app.close()
        print(f"  10,000 events: ours {found['ours'] * 1e3:.0f} ms, eventsourcing {found['library'] * 1e3:.0f} ms")
        goals = [Goal(f"load 10,000 events, {engine}, of eventsourcing", found["library"] / found["ours"], 4.0)]

        parts = AggregateParts()
        parts.snapshots = DatabaseSnapshots(made, every=1000)
        kept = Aggregates(ACCOUNTS, store, SystemClock(), parts=parts)
        short = await _account(kept, 1_000)
        await kept.execute(short, Pay(amounts=tuple(range(99))))

        async def load_kept() -> float:
            start = time.perf_counter()
            assert (await kept.load(short)).version == 1_099
            return (time.perf_counter() - start) * 1e3

        found = await in_turns({"kept": load_kept}, 21)
    return [*goals, Goal(f"snapshot and 99 events, {engine}", found["kept"], 5.0, "ms", at_most=True)]


async def _account(accounts: Aggregates[Account, Open | Pay], events: int) -> UUID:
    made = uuid4()
    await accounts.execute(made, Open(owner="ana"))
    for first in range(1, events, 1_000):
        await accounts.execute(made, Pay(amounts=tuple(range(min(1_000, events - first)))))
    return made


async def outbox(engine: str, url: str) -> list[Goal]:
    """Compare appending alone with appending while a relay publishes: the store is the outbox, nothing is stored twice.

    The time goes on until the last event was handed to the bus, which takes it at once.
    """
    async with database(url) as made:
        store, published = DatabaseEvents(made, poll=0.01), asyncio.Event()
        seen = 0

        async def publish(events: Sequence[Event]) -> None:
            nonlocal seen
            seen += len(events)
            published.set()

        async def append() -> None:
            for _ in range(_APPENDS):
                await store.append(f"accounts-{uuid4()}", paying(10), expected=StreamState.NO_STREAM)

        async def alone() -> float:
            start = time.perf_counter()
            await append()
            return time.perf_counter() - start

        async def relayed() -> float:
            nonlocal seen
            source = StoredEvents(store, made)
            await source.begin()
            head = await store.head()
            await keep_position(made, source.name, str(head), before=await begin_at(made, source.name, str(head)))
            relay = Relay(made, source, publish, lease=5.0, poll=0.01)
            await relay.start()
            seen, start = 0, time.perf_counter()
            await append()
            while seen < _APPENDS * 10:
                published.clear()
                await published.wait()
            taken = time.perf_counter() - start
            await relay.stop()
            return taken

        found = await in_turns({"alone": alone, "relayed": relayed})
    overhead = (found["relayed"] / found["alone"] - 1) * 100
    print(
        f"  {engine}: {_APPENDS} appends {found['alone'] * 1e3:.0f} ms, all published {found['relayed'] * 1e3:.0f} ms"
    )
    return [Goal(f"outbox, {engine}, 10 a transaction, over append", overhead, 35.0, "%", at_most=True)]


async def measure(engines: Sequence[str]) -> list[Goal]:
    goals: list[Goal] = []
    for engine in engines:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            print(engine)
            if engine == "sqlite":
                url = f"sqlite:///{folder / 'ours.db'}"
                goals += await _of(engine, url, folder)
                continue
            server = Database(postgres_url(), clock=SystemClock()).url
            scratch = await make_scratch(server)
            try:
                url = scratch.render_as_string(hide_password=False)
                goals += await _of(engine, url, folder)
                goals += await against_raw(url)
                goals += await writers(url)
            finally:
                await drop_scratch(server, scratch)
    return goals


async def _of(engine: str, url: str, folder: Path) -> list[Goal]:
    return [*await appends(engine, url, folder), *await loading(engine, url, folder), *await outbox(engine, url)]


def main(words: Sequence[str]) -> None:
    """Measure the engines that are named, or both, and print every ratio with its goal."""
    for goal in asyncio.run(measure(words or ("sqlite", "postgresql"))):
        print(goal)


if __name__ == "__main__":
    main(sys.argv[1:])
