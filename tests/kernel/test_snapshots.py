"""Snapshots of aggregates: taken by their policy, worth nothing more than the events, and never in the way."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text, update
from structlog.testing import capture_logs

from kernel.aggregate_parts import AggregateParts, Snapshot
from kernel.aggregates import Aggregates, Decider
from kernel.app import Kernel
from kernel.errors import WiringError
from kernel.event_store import EVENT_STORE, ConcurrencyError, EventStoreSettings
from kernel.event_store_database import DatabaseEvents
from kernel.event_store_memory import MemoryEvents
from kernel.fields import table_of
from kernel.ids import new_id
from kernel.settings import KernelSettings
from kernel.snapshot_table import SnapshotRow
from kernel.snapshots import DatabaseSnapshots, SnapshotSettings, use_snapshots
from tests.kernel.conftest import SQL, opened
from tests.kernel.test_aggregates import ACCOUNTS, Account, Open, Pay, decide, evolve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Row

    from kernel.aggregates import EventData
    from kernel.clock import FixedClock
    from kernel.database import Database
    from kernel.event_values import History, RecordedEvent

pytestmark = pytest.mark.anyio
ROWS = table_of(SnapshotRow)


class Counting(DatabaseEvents):
    """A store that counts what is read of streams."""

    read = 0

    async def read_stream(
        self, stream: str, *, first: int = 1, last: int | None = None, backwards: bool = False, limit: int | None = None
    ) -> tuple[RecordedEvent, ...]:
        found = await super().read_stream(stream, first=first, last=last, backwards=backwards, limit=limit)
        self.read += len(found)
        return found

    async def history(self, stream: str, *, first: int = 1, last: int | None = None) -> History:
        found = await super().history(stream, first=first, last=last)
        self.read += len(found.events)
        return found


@dataclass(frozen=True, slots=True)
class Bank:
    """Accounts with snapshots every ten events."""

    database: Database
    clock: FixedClock
    store: Counting
    snapshots: DatabaseSnapshots
    accounts: Aggregates[Account, Open | Pay]

    def of(self, decider: Decider[Account, Open | Pay]) -> Aggregates[Account, Open | Pay]:
        parts = AggregateParts()
        parts.snapshots = self.snapshots
        return Aggregates(decider, self.store, self.clock, parts=parts, retries=20)

    async def row(self, key: UUID) -> Row[tuple[object, ...]] | None:
        async with self.database.session() as session:
            return (await session.execute(ROWS.select().where(ROWS.c.stream == f"accounts-{key}"))).one_or_none()

    async def kept(self, key: UUID) -> int:
        row = await self.row(key)
        return 0 if row is None else row.version

    async def opened(self, *payments: int) -> UUID:
        key = new_id()
        await self.accounts.execute(key, Open(owner="Ada"))
        for amount in payments:
            await self.accounts.execute(key, Pay(amount=amount))
        return key

    async def reading(self, key: UUID, accounts: Aggregates[Account, Open | Pay] | None = None) -> int:
        """Answer how many events are read to load an account, which is what they all say."""
        plain = Aggregates(ACCOUNTS, self.store, self.clock)
        whole = await plain.load(key)
        self.store.read = 0
        assert await (accounts or self.accounts).load(key) == whole
        return self.store.read


@pytest.fixture(params=SQL)
async def bank(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Bank]:
    async for shop in opened(request.param, request, tmp_path):
        assert shop.database is not None
        store, snapshots = Counting(shop.database), DatabaseSnapshots(shop.database, every=10)
        made = Bank(shop.database, shop.clock, store, snapshots, Aggregates(ACCOUNTS, store, shop.clock))
        yield replace(made, accounts=made.of(ACCOUNTS))


async def test_one_is_taken_every_so_many_events_also_when_a_commit_steps_over_them(bank: Bank) -> None:
    key = await bank.opened(8)
    assert await bank.kept(key) == 0  # nine events
    await bank.accounts.execute(key, Pay(amount=5))
    assert await bank.kept(key) == 14
    await bank.accounts.execute(key, Pay(amount=9))
    assert (await bank.kept(key), await bank.reading(key)) == (14, 10)
    await bank.accounts.execute(key, Pay(amount=1))
    assert (await bank.kept(key), await bank.reading(key)) == (24, 1)
    paid = await bank.accounts.execute(key, Pay(amount=3), expected=24)
    assert (paid.version, paid.state.balance) == (27, 26)
    assert await bank.reading(key) == 4


async def test_removing_all_changes_nothing_and_they_come_back(bank: Bank) -> None:
    key = await bank.opened(30)
    before = await bank.accounts.load(key)
    assert await bank.snapshots.clear() >= 1
    assert (await bank.accounts.load(key), await bank.kept(key)) == (before, 0)
    await bank.accounts.execute(key, Pay(amount=1))
    assert await bank.kept(key) == 32


@pytest.mark.parametrize("state", ["", "no json", "{}", '{"owner": 1, "balance": "much", "since": null}'])
async def test_a_broken_one_is_not_used_and_is_replaced(bank: Bank, state: str) -> None:
    key = await bank.opened(12)
    async with bank.database.transaction() as session:
        await session.execute(update(ROWS).where(ROWS.c.stream == f"accounts-{key}").values(state=state))
    assert await bank.reading(key) == 13
    await bank.accounts.execute(key, Pay(amount=1))
    assert (await bank.kept(key), await bank.reading(key)) == (14, 1)


class Richer(Account):
    limit: int = 10


def evolve_richer(state: Account | None, event: EventData, at: datetime) -> Richer:
    return Richer(**evolve(state, event, at).model_dump())


async def test_one_of_another_form_is_not_used(bank: Bank) -> None:
    key = await bank.opened(12)
    richer: Decider[Richer, Open | Pay] = Decider("account", "accounts", ACCOUNTS.events, decide, evolve_richer)
    others = [bank.of(richer), bank.of(replace(ACCOUNTS, revision=2))]  # type: ignore[arg-type]  # a state that is one
    for other in others:
        bank.store.read = 0
        loaded = await other.load(key)
        assert (bank.store.read, loaded.state.balance, loaded.version) == (13, 12, 13)
    await others[1].execute(key, Pay(amount=0))
    assert await bank.reading(key) == 1  # the program before goes on with its own until that writes one
    await others[1].execute(key, Pay(amount=1))
    assert await bank.reading(key, others[1]) == 1
    assert await bank.reading(key) == 14


async def test_one_of_another_life_of_the_stream_is_not_used(bank: Bank) -> None:
    key = await bank.opened(12)
    async with bank.database.transaction() as session:
        changed = update(ROWS).where(ROWS.c.stream == f"accounts-{key}")
        await session.execute(changed.values(event_id=new_id()))
    assert await bank.reading(key) == 14  # the last event it was of, and then all
    async with bank.database.transaction() as session:
        await session.execute(changed.values(version=99))
    assert await bank.reading(key) == 13
    await bank.accounts.execute(key, Pay(amount=1))
    assert (await bank.kept(key), await bank.reading(key)) == (14, 1)  # it made way, with all its events


async def test_the_past_is_made_of_what_was_then(bank: Bank) -> None:
    key = await bank.opened(12)
    assert (await bank.accounts.load(key, version=5)).state.balance == 4
    assert (await bank.accounts.load(key, version=13)).state.balance == 12
    assert (await bank.accounts.load(key, at=bank.clock.now())).version == 13


async def test_none_is_taken_of_what_is_not_committed(bank: Bank) -> None:
    key = await bank.opened(5)
    with suppress(ZeroDivisionError):
        async with bank.database.transaction():
            await bank.accounts.execute(key, Pay(amount=20))
            _ = 1 / 0
    assert (await bank.kept(key), (await bank.accounts.load(key)).version) == (0, 6)
    async with bank.database.transaction():
        await bank.accounts.execute(key, Pay(amount=20))
    assert await bank.kept(key) == 26


async def test_a_command_behind_a_snapshot_does_not_happen_again(bank: Bank) -> None:
    key, command = new_id(), uuid4()
    await bank.accounts.execute(key, Open(owner="Ada"), command_id=command)
    await bank.accounts.execute(key, Pay(amount=20))
    again = await bank.accounts.execute(key, Open(owner="Ada"), command_id=command)
    assert (again.version, await bank.kept(key)) == (21, 21)
    newest = uuid4()
    await bank.accounts.execute(key, Pay(amount=2), command_id=newest)
    assert (await bank.accounts.execute(key, Pay(amount=2), command_id=newest)).version == 23
    with pytest.raises(ConcurrencyError):
        await bank.accounts.execute(key, Pay(amount=1), expected=1)


async def test_of_many_at_once_the_newest_stays(bank: Bank) -> None:
    key = await bank.opened()
    await asyncio.gather(*(bank.accounts.execute(key, Pay(amount=5)) for _ in range(6)))
    loaded = await bank.accounts.load(key)
    assert (loaded.version, loaded.state.balance) == (31, 30)
    assert await bank.kept(key) > 21
    kept = bank.snapshots.of(ACCOUNTS)
    await kept.offer(f"accounts-{key}", Snapshot(loaded.state, 15, new_id()), since=0)
    assert await bank.kept(key) > 21


async def test_that_none_can_be_kept_fails_no_command(tmp_path: Path) -> None:
    async for shop in opened("sqlite", None, tmp_path):  # type: ignore[arg-type]  # it is asked for servers alone
        assert shop.database is not None
        bank = Bank(shop.database, shop.clock, Counting(shop.database), DatabaseSnapshots(shop.database, every=1), None)  # type: ignore[arg-type]  # made below
        accounts = bank.of(replace(ACCOUNTS, evolve=evolve_strangely))
        with capture_logs() as logs:
            made = await accounts.execute(key := new_id(), Open(owner="Ada"))
        assert [each["event"] for each in logs] == ["a snapshot could not be kept"]
        assert (made.version, await bank.kept(key)) == (1, 0)
        accounts = bank.of(ACCOUNTS)
        assert await accounts.load(key)
        async with shop.database.transaction() as session:
            await session.execute(
                text("CREATE TRIGGER no BEFORE INSERT ON event_snapshots BEGIN SELECT RAISE(ABORT, 'no'); END")
            )
        with capture_logs() as logs:
            assert (await accounts.execute(key, Pay(amount=1))).version == 2
            async with shop.database.transaction():
                assert (await accounts.execute(key, Pay(amount=1))).version == 3
        assert len(logs) == 2
        assert (await bank.kept(key), (await accounts.load(key)).version) == (0, 3)


class Strange(Account):
    """What never comes back as it was."""

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = None  # type: ignore[assignment]  # as of any class with an __eq__ of its own


def evolve_strangely(state: Account | None, event: EventData, at: datetime) -> Strange:
    return Strange(**evolve(state, event, at).model_dump())


class Settings(KernelSettings):
    snapshots: SnapshotSettings = SnapshotSettings()
    event_store: EventStoreSettings = EventStoreSettings(provider="memory")


def unsaid(state, event, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  that is what is refused
    return evolve(state, event, at)


async def test_the_application_says_at_its_start_what_cannot_be_written() -> None:
    kernel = Kernel(Settings(_env_file=None, snapshots=SnapshotSettings(every=7), environment="test"))  # type: ignore[call-arg]  # of pydantic-settings
    Aggregates.of(kernel, ACCOUNTS)
    assert use_snapshots(kernel).every == 7
    assert AggregateParts.of(kernel).snapshots is kernel.resolve(DatabaseSnapshots)
    with pytest.raises(WiringError, match="two deciders have the streams 'accounts'"):
        Aggregates.of(kernel, replace(ACCOUNTS, one="konto"))
    wrong: Sequence[Any] = (unsaid, lambda state, event, at: None)
    for each in wrong:
        decider = replace(ACCOUNTS, evolve=each)
        with pytest.raises(WiringError, match="what evolve of the accounts answers cannot be written down"):
            kernel.resolve(DatabaseSnapshots).of(decider)
    other = Kernel(Settings(_env_file=None, environment="test"))  # type: ignore[call-arg]  # as above
    Aggregates.of(other, replace(ACCOUNTS, evolve=unsaid))
    use_snapshots(other)
    with pytest.raises(WiringError, match="annotate it with a data class or a Pydantic model"):
        async with other.asgi().router.lifespan_context(other.asgi()):
            pass
    assert isinstance(kernel.adapter(EVENT_STORE), MemoryEvents)
