"""Aggregates: what a decider decides, what is stored of it, and how it comes back."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, cast
from uuid import RFC_4122, uuid4

import pytest

from kernel.aggregates import Aggregates, Command, Decider, EventData
from kernel.aggregates_testing import given
from kernel.clock import FixedClock
from kernel.database import Database
from kernel.errors import ConflictError, NotFoundError, ProgrammingError, WiringError
from kernel.event_store import ConcurrencyError, Position, StreamState
from kernel.event_store_database import DatabaseEvents
from kernel.event_store_memory import MemoryEvents
from kernel.events import new_event
from kernel.ids import new_id
from tests.kernel.backends import START
from tests.kernel.conftest import SQL, opened

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from pathlib import Path

    from kernel.event_values import Expected
    from kernel.events import Event

pytestmark = pytest.mark.anyio


class Opened(EventData):
    type: ClassVar[str] = "accounts.opened"
    version: ClassVar[int] = 3
    upcasters: ClassVar[Mapping[int, object]] = {
        1: lambda data: {"owner": data["name"]},
        2: lambda data: {**data, "limit": 0},
    }  # type: ignore[assignment]  # lambdas have no types

    owner: str
    limit: int


class Paid(EventData):
    type: ClassVar[str] = "accounts.paid"

    amount: int


class Open(Command):
    owner: str


class Pay(Command):
    amount: int


class Account(EventData):
    type: ClassVar[str] = ""

    owner: str
    balance: int
    since: datetime


def decide(state: Account | None, command: Open | Pay) -> Sequence[EventData]:
    match command:
        case Open():
            if state is not None:
                raise ConflictError("it is open already")
            return [Opened(owner=command.owner, limit=10)]
        case Pay():
            if state is None:
                raise NotFoundError("there is no such account")
            return [Paid(amount=1)] * command.amount


def evolve(state: Account | None, event: EventData, at: datetime) -> Account:
    match event:
        case Opened():
            return Account(owner=event.owner, balance=0, since=at)
        case Paid() if state is not None:
            return state.model_copy(update={"balance": state.balance + event.amount})
        case _:
            raise ProgrammingError(f"{event} cannot happen")


ACCOUNTS: Decider[Account, Open | Pay] = Decider("account", "accounts", [Opened, Paid], decide, evolve)


@pytest.fixture(params=["memory", "sqlite", *SQL[1:]])
async def accounts(
    request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str
) -> AsyncGenerator[Aggregates[Account, Open | Pay]]:
    if request.param == "memory":
        yield Aggregates(ACCOUNTS, MemoryEvents(), FixedClock(START), retries=20)
        return
    async for shop in opened(request.param, request, tmp_path):
        assert shop.database is not None
        yield Aggregates(ACCOUNTS, DatabaseEvents(shop.database), shop.clock, retries=20)


async def test_what_happened_is_what_comes_back(accounts: Aggregates[Account, Open | Pay]) -> None:
    key = new_id()
    made = await accounts.execute(key, Open(owner="Ada"))
    assert (made.id, made.version, made.state) == (key, 1, Account(owner="Ada", balance=0, since=START))
    paid = await accounts.execute(key, Pay(amount=3), expected=1)
    assert (paid.version, paid.state.balance) == (4, 3)
    assert await accounts.load(key) == paid
    assert (await accounts.load(key, version=2)).state.balance == 1
    with pytest.raises(NotFoundError, match="there is no such account"):
        await accounts.load(key, at=START - timedelta(seconds=1))
    assert (await accounts.load(key, at=START)).version == 4


async def test_what_must_not_happen_leaves_nothing(accounts: Aggregates[Account, Open | Pay]) -> None:
    key = new_id()
    with pytest.raises(NotFoundError, match="there is no such account"):
        await accounts.execute(key, Pay(amount=1))
    with pytest.raises(NotFoundError):
        await accounts.load(key)
    made = await accounts.execute(key, Open(owner="Ada"))
    with pytest.raises(ConflictError, match="it is open already"):
        await accounts.execute(key, Open(owner="Eva"))
    with pytest.raises(ConcurrencyError, match="was expected to have 5 events, and has 1 event"):
        await accounts.execute(key, Pay(amount=1), expected=5)
    assert await accounts.execute(key, Pay(amount=0)) == made  # nothing to do is nothing stored


async def test_a_command_that_comes_again_happens_once(accounts: Aggregates[Account, Open | Pay]) -> None:
    key, command = new_id(), uuid4()
    opened_ = await accounts.execute(key, Open(owner="Ada"), command_id=command)
    assert await accounts.execute(key, Open(owner="Ada"), command_id=command) == opened_
    paying = uuid4()
    answers = await asyncio.gather(*(accounts.execute(key, Pay(amount=2), command_id=paying) for _ in range(5)))
    assert {each.state.balance for each in answers} == {2}
    assert (await accounts.load(key)).version == 3


async def test_commands_at_once_all_happen_one_after_the_other(accounts: Aggregates[Account, Open | Pay]) -> None:
    key = new_id()
    await accounts.execute(key, Open(owner="Ada"))
    await asyncio.gather(*(accounts.execute(key, Pay(amount=1)) for _ in range(10)))
    assert (await accounts.load(key)).state.balance == 10


async def test_of_commands_that_expect_the_same_one_happens(accounts: Aggregates[Account, Open | Pay]) -> None:
    key = new_id()
    await accounts.execute(key, Open(owner="Ada"))
    commands = (accounts.execute(key, Pay(amount=1), expected=1) for _ in range(10))
    answers = await asyncio.gather(*commands, return_exceptions=True)
    assert sum(isinstance(each, ConcurrencyError) for each in answers) == 9


class Slower(DatabaseEvents):
    """A store where somebody else is always faster."""

    async def append(self, stream: str, events: Sequence[Event], *, expected: Expected) -> tuple[Position, ...]:
        async with self._database.transaction():
            raise ConcurrencyError(stream, expected, 9)


async def test_a_conflict_stays_one_inside_a_transaction_and_after_the_last_attempt() -> None:
    database = Database("sqlite://")
    await database.create_tables()
    accounts = Aggregates(ACCOUNTS, Slower(database), FixedClock(START))
    with pytest.raises(ConcurrencyError, match="has 9 events"):
        await accounts.execute(new_id(), Open(owner="Ada"))
    with pytest.raises(ConcurrencyError, match="has 9 events"):
        async with database.transaction():
            await accounts.execute(new_id(), Open(owner="Ada"))
    await database.close()


async def test_an_event_says_who_did_it_and_by_which_command() -> None:
    store, key, command = MemoryEvents(), new_id(), uuid4()
    await Aggregates(ACCOUNTS, store, FixedClock(START)).execute(key, Open(owner="Ada"), command_id=command, user="u1")
    (found,) = await store.read_stream(f"accounts-{key}")
    assert (found.event.causation_id, found.event.metadata["user"]) == (str(command), "u1")
    assert (found.event.key, found.event.source, found.event.version) == (str(key), "accounts", 3)


async def test_the_ids_of_a_command_s_events_follow_from_it_and_lie_beside_it() -> None:
    key, command, ids = new_id(), new_id(), []
    for aggregate in (key, key, new_id()):
        store = MemoryEvents()
        accounts = Aggregates(ACCOUNTS, store, FixedClock(START))
        await accounts.execute(aggregate, Open(owner="Ada"))
        await accounts.execute(aggregate, Pay(amount=5), command_id=command)
        ids.append([each.event.id for each in await store.read_stream(f"accounts-{aggregate}", first=2)])
    assert ids[0] == ids[1]
    assert len({*ids[0], *ids[2], command}) == 11
    assert {each.bytes[:6] for each in (*ids[0], *ids[2])} == {command.bytes[:6]}  # its time
    assert {(each.version, each.variant) for each in ids[0]} == {(8, RFC_4122)}


STORED = [
    ("accounts.opened", 1, {"name": "Ada"}, ""),
    ("accounts.opened", 2, {"owner": "Ada"}, ""),
    ("accounts.opened", 4, {"owner": "Ada"}, "accounts.opened is stored in version 4; this program knows 3"),
    ("accounts.opened", 3, {"owner": "Ada", "limit": "?"}, "does not fit Opened: limit"),
    ("accounts.opened", 0, {}, "no upcaster leads from version 0 to 1"),
    ("accounts.closed", 1, {}, "has an event 'accounts.closed' that the decider does not know"),
]


@pytest.mark.parametrize(("type_", "version", "data", "message"), STORED, ids=[f"{row[0]}-{row[1]}" for row in STORED])
async def test_old_events_are_brought_up_to_date_and_strange_ones_refused(
    type_: str, version: int, data: Mapping[str, object], message: str
) -> None:
    store, key = MemoryEvents(), new_id()
    old = new_event(type_, key=str(key), source="accounts", data=data, version=version, clock=FixedClock(START))
    await store.append(f"accounts-{key}", [old], expected=StreamState.NO_STREAM)
    accounts = Aggregates(ACCOUNTS, store, FixedClock(START))
    if not message:
        assert (await accounts.load(key)).state == Account(owner="Ada", balance=0, since=START)
        return
    with pytest.raises(ProgrammingError, match=message):
        await accounts.load(key)


async def test_data_that_are_deeper_than_pydantic_reads_json_come_back() -> None:
    class Grown(EventData):
        type: ClassVar[str] = "trees.grown"
        tree: object

    def depth(state: int | None, event: EventData, _at: datetime) -> int:
        tree, found = cast("Grown", event).tree, 0
        while isinstance(tree, list) and tree:
            (tree,), found = tree, found + 1
        return found

    tree: object = 0
    for _ in range(400):
        tree = [tree]
    store, key = MemoryEvents(), new_id()
    event = new_event("trees.grown", key=str(key), source="trees", data={"tree": tree}, clock=FixedClock(START))
    await store.append(f"trees-{key}", [event], expected=StreamState.NO_STREAM)
    trees: Decider[int, Open] = Decider("tree", "trees", [Grown], lambda _state, _command: (), depth)
    assert (await Aggregates(trees, store, FixedClock(START)).load(key)).state == 400


def test_two_events_of_one_name_are_refused_at_the_start() -> None:
    class Other(EventData):
        type: ClassVar[str] = "accounts.paid"

    wrong: Decider[Account, Open | Pay] = Decider("account", "accounts", [Opened, Paid, Other], decide, evolve)
    with pytest.raises(WiringError, match=r"Paid and Other are both called 'accounts.paid'"):
        Aggregates(wrong, MemoryEvents(), FixedClock(START))


def test_the_kit_says_what_was_expected_and_what_happened() -> None:
    there = given(ACCOUNTS, Opened(owner="Ada", limit=1))
    assert there.when(Pay(amount=2)).then(Paid(amount=1), Paid(amount=1)) == there.state.model_copy(  # type: ignore[union-attr]  # it is there
        update={"balance": 2}
    )
    there.when(Pay(amount=0)).then()
    there.when(Open(owner="Eva")).then_refused(ConflictError, "open already")
    with pytest.raises(AssertionError, match=r"expected \(\), but this happened: \(Paid\(amount=1\),\)"):
        there.when(Pay(amount=1)).then()
    with pytest.raises(AssertionError, match="expected NotFoundError, but this happened"):
        there.when(Pay(amount=1)).then_refused(NotFoundError)
    with pytest.raises(AssertionError, match="expected 'closed' in 'it is open already'"):
        there.when(Open(owner="Eva")).then_refused(ConflictError, "closed")
    with pytest.raises(NotFoundError):
        given(ACCOUNTS).when(Pay(amount=1)).then()
