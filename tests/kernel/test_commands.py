"""The command and query buses: checked at the start, once, in one unit of work, decided anew, given up in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from kernel.access import PUBLIC, Principal, require
from kernel.aggregates import Aggregate, Aggregates, Command, Decider, EventData
from kernel.clock import FixedClock
from kernel.command_table import CommandRow
from kernel.commands import CommandBus, CommandInProgressError, MessageContext
from kernel.commands_queued import QueuedCommands
from kernel.errors import (
    AuthError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnavailableError,
    ValidationError,
    WiringError,
)
from kernel.event_store import ConcurrencyError
from kernel.event_store_database import DatabaseEvents
from kernel.event_table import EventRow, StreamRow
from kernel.fields import table_of
from kernel.ids import new_id
from kernel.queries import Query, QueryBus
from kernel.queue import Queue, QueueSettings
from kernel.queue_database import DatabaseJobs
from kernel.queue_table import JobRow
from kernel.queue_worker import Worker
from tests.kernel.backends import START
from tests.kernel.conftest import SQL, opened

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import datetime
    from pathlib import Path

    from kernel.database import Database

pytestmark = pytest.mark.anyio


class Paid(EventData):
    type: ClassVar[str] = "purses.paid"

    amount: int


class Pay(Command):
    amount: int


class PayIn(Command):
    """What is sent: an amount into a purse."""

    purse: UUID
    amount: int


class Unhandled(Command):
    pass


def decide(state: int | None, command: Pay) -> Sequence[EventData]:
    if (state or 0) + command.amount < 0:
        raise ConflictError("there is not so much in it")
    return [Paid(amount=command.amount)]


def evolve(state: int | None, event: EventData, at: datetime) -> int:
    assert isinstance(event, Paid)
    return (state or 0) + event.amount


PURSES = Decider(one="purse", category="purses", events=(Paid,), decide=decide, evolve=evolve)


class PayInHandler:
    """Pays; before it decides it can be met by somebody else, be slow, or fail afterwards."""

    def __init__(self, purses: Aggregates[int, Pay]) -> None:
        self.purses = purses
        self.met = 0
        self.slow = 0.0
        self.failing = 0
        self.users: list[str] = []

    async def __call__(self, command: PayIn, context: MessageContext) -> Aggregate[int]:
        self.users.append(context.user)
        if self.met:
            self.met -= 1
            raise ConcurrencyError("purses-1", 1, 2)
        paid = await self.purses.execute(command.purse, Pay(amount=command.amount), command_id=context.id)
        await asyncio.sleep(self.slow)
        if self.failing:
            self.failing -= 1
            raise ZeroDivisionError
        return paid


class Shop:
    """A bus with one handler, on a database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.bus = CommandBus(database)
        self.purses = Aggregates(PURSES, DatabaseEvents(database), FixedClock(START))
        self.handler = PayInHandler(self.purses)

    def register(self, *, timeout: float = 30, retries: int = 3, permission: str = "") -> CommandBus:
        access = require(permission) if permission else PUBLIC
        self.bus.register(PayIn, self.handler, access=access, timeout=timeout, retries=retries)
        return self.bus

    async def balance(self, purse: UUID) -> tuple[int, int]:
        found = await self.purses.load(purse)
        return found.state, found.version


@pytest.fixture(params=SQL)
async def shop(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Shop]:
    async for made in opened(request.param, request, tmp_path):
        assert made.database is not None
        async with made.database.transaction() as session:
            for model in (CommandRow, EventRow, StreamRow, JobRow):
                await session.execute(table_of(model).delete())
        yield Shop(made.database)


async def test_a_command_happens_and_is_answered(shop: Shop) -> None:
    bus, purse, command = shop.register(), uuid4(), new_id()
    outcome = await bus.execute(PayIn(purse=purse, amount=5), command_id=command)
    assert (outcome.command_id, outcome.aggregate_id, outcome.version, outcome.again) == (command, purse, 1, False)
    status = await bus.status(command)
    assert (status.name, status.status, status.outcome, status.problem) == ("PayIn", "done", outcome, None)
    with pytest.raises(NotFoundError, match="there is no such command"):
        await bus.status(new_id())


async def test_a_command_that_is_sent_again_happens_once(shop: Shop) -> None:
    bus, purse, command = shop.register(), uuid4(), new_id()
    paid = PayIn(purse=purse, amount=5)
    outcomes = await asyncio.gather(*(bus.execute(paid, command_id=command) for _ in range(5)))
    assert len({(each.version, each.position) for each in outcomes}) == 1
    assert sorted(each.again for each in outcomes) == [False, True, True, True, True]
    assert await shop.balance(purse) == (5, 1)
    with pytest.raises(ConflictError, match="another command has this id") as refused:
        await bus.execute(PayIn(purse=purse, amount=6), command_id=command)
    assert refused.value.code == "command_reused"
    with pytest.raises(ConflictError, match="another command has this id"):
        await bus.execute(paid, command_id=command, principal=Principal(uuid4()))


async def test_nothing_has_happened_when_a_command_fails(shop: Shop) -> None:
    bus, purse, command = shop.register(), uuid4(), new_id()
    shop.handler.failing = 1
    with pytest.raises(ZeroDivisionError):
        await bus.execute(PayIn(purse=purse, amount=5), command_id=command)
    with pytest.raises(NotFoundError):
        await shop.purses.load(purse)
    await bus.execute(PayIn(purse=purse, amount=5), command_id=command)  # and it can be sent again
    with pytest.raises(ConflictError, match="there is not so much in it"):
        await bus.execute(PayIn(purse=purse, amount=-6))
    assert await shop.balance(purse) == (5, 1)


async def test_a_command_that_meets_another_is_decided_anew(shop: Shop) -> None:
    bus, purse = shop.register(retries=3), uuid4()
    shop.handler.met = 3
    assert (await bus.execute(PayIn(purse=purse, amount=1))).version == 1
    shop.handler.met = 4
    with pytest.raises(ConcurrencyError) as refused:
        await bus.execute(PayIn(purse=purse, amount=1))
    assert refused.value.status == 409


async def test_commands_at_once_all_happen(shop: Shop) -> None:
    bus, purse = shop.register(retries=30), uuid4()
    await asyncio.gather(*(bus.execute(PayIn(purse=purse, amount=n)) for n in range(1, 6)))
    assert await shop.balance(purse) == (15, 5)


async def test_a_command_is_given_up_after_its_time(shop: Shop) -> None:
    bus, purse = shop.register(timeout=0.3), uuid4()
    shop.handler.slow = 30
    with pytest.raises(UnavailableError, match=r"PayIn took longer than 0\.3 seconds; send it again") as refused:
        await bus.execute(PayIn(purse=purse, amount=1))
    assert (refused.value.status, refused.value.code) == (503, "command_timeout")
    with pytest.raises(NotFoundError):
        await shop.purses.load(purse)


async def test_who_may_not_is_refused_and_what_does_not_fit_is_named(shop: Shop) -> None:
    bus, purse, command = shop.register(permission="purses:pay"), uuid4(), new_id()
    cashier = Principal(uuid4(), permissions=frozenset({"purses:pay"}))
    with pytest.raises(AuthError):
        await bus.execute(PayIn(purse=purse, amount=1))
    with pytest.raises(ForbiddenError, match="purses:pay"):
        await bus.execute(PayIn(purse=purse, amount=1), principal=Principal(uuid4()))
    with pytest.raises(ValidationError) as refused:
        await bus.execute(PayIn.model_construct(purse=purse, amount="much"), principal=cashier)
    assert list(refused.value.fields) == ["amount"]
    await bus.execute(PayIn(purse=purse, amount=1), command_id=command, principal=cashier)
    assert shop.handler.users == [str(cashier.id)]
    with pytest.raises(NotFoundError):  # somebody else's
        await bus.status(command)


async def test_what_is_wired_wrongly_is_told_at_the_start(shop: Shop) -> None:
    bus = shop.register()
    with pytest.raises(
        WiringError, match="the command PayIn has two handlers, PayInHandler and PayInHandler; register"
    ):
        shop.register()
    await bus.handlers.check()
    bus.sends(PayIn, shop)
    bus.sends(Unhandled, shop)
    with pytest.raises(WiringError, match=r"no handler for the command Unhandled \(sent by Shop\); register one each"):
        await bus.handlers.check()
    with pytest.raises(WiringError, match="the command Unhandled has no handler"):
        await bus.execute(Unhandled())


# Later


async def test_a_command_that_is_accepted_is_handled_by_a_worker(shop: Shop) -> None:
    bus, purse = shop.register(), uuid4()
    queue = Queue(DatabaseJobs(shop.database), shop.database.clock)
    queued, worker = QueuedCommands(bus, queue), Worker(queue, QueueSettings())
    first = await queued.accept(PayIn(purse=purse, amount=5), command_id=new_id())
    assert await queued.accept(PayIn(purse=purse, amount=5), command_id=first) == first
    with pytest.raises(ConflictError, match="another command has this id"):
        await queued.accept(PayIn(purse=purse, amount=6), command_id=first)
    assert (await bus.status(first)).status == "accepted"
    assert (await worker.drain()).done == 1
    done = await bus.status(first)
    assert (done.status, done.outcome is not None and done.outcome.version) == ("done", 1)
    refused = await queued.accept(PayIn(purse=purse, amount=-6))
    with capture_logs() as logs:
        await worker.drain()
    said = {"event": "command refused", "log_level": "info", "id": str(refused), "code": "conflict", "status": 409}
    assert [each for each in logs if each["event"] == "command refused"] == [said]  # whoever sent it may never ask
    status = await bus.status(refused)
    assert (status.status, status.outcome) == ("failed", None)
    assert status.problem == {"code": "conflict", "message": "there is not so much in it", "status": 409}
    assert await shop.balance(purse) == (5, 1)


async def test_a_command_is_accepted_exactly_when_its_transaction_commits(shop: Shop) -> None:
    bus, command = shop.register(), new_id()
    queue = Queue(DatabaseJobs(shop.database), shop.database.clock)
    queued = QueuedCommands(bus, queue)
    with pytest.raises(ZeroDivisionError):
        async with shop.database.transaction():
            await queued.accept(PayIn(purse=uuid4(), amount=1), command_id=command)
            raise ZeroDivisionError
    with pytest.raises(NotFoundError):
        await bus.status(command)
    assert await queue.list() == ()


async def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(shop: Shop) -> None:
    bus, purse, old, recent, waiting = shop.register(), uuid4(), new_id(), new_id(), new_id()
    for command in (old, recent):
        await bus.execute(PayIn(purse=purse, amount=1), command_id=command)
    await bus.accept(PayIn(purse=purse, amount=1), MessageContext(waiting))
    long_ago = shop.database.clock.now() - timedelta(days=31)
    async with shop.database.transaction() as session:
        rows = table_of(CommandRow)
        await session.execute(update(rows).where(rows.c.id == old).values(finished_at=long_ago))
    assert await bus.forget(long_ago + timedelta(days=1)) == 1
    with pytest.raises(NotFoundError):
        await bus.status(old)
    assert [(await bus.status(each)).status for each in (recent, waiting)] == ["done", "accepted"]


async def test_the_same_command_in_two_transactions_at_once_is_refused_by_name(shop: Shop) -> None:
    bus, purse, command = shop.register(), uuid4(), new_id()
    stored, other = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with shop.database.transaction():
            await bus.execute(PayIn(purse=purse, amount=1), command_id=command)
            stored.set()
            await other.wait()
            await asyncio.sleep(0.2)

    async def second() -> str:
        await stored.wait()
        try:
            async with shop.database.transaction() as session:
                other.set()
                await session.execute(select(table_of(CommandRow).c.id))
                return "again" if (await bus.execute(PayIn(purse=purse, amount=1), command_id=command)).again else ""
        except CommandInProgressError as error:
            assert str(error) == f"PayIn {command} is being handled at this moment; send it again"
            return error.code

    if shop.database.dialect == "sqlite":
        other.set()  # its transactions do not begin before the one that writes has ended
    _, said = await asyncio.gather(first(), second())
    assert said == ("again" if shop.database.dialect == "sqlite" else "command_in_progress")
    assert await shop.balance(purse) == (1, 1)


# Queries


class Sum(Query[int]):
    numbers: tuple[int, ...]


class Other(Query[int]):
    pass


async def test_a_query_is_answered_by_whom_is_registered() -> None:
    bus = QueryBus()

    async def add(query: Query[int], context: MessageContext) -> int:
        assert isinstance(query, Sum)
        return sum(query.numbers)

    bus.register(Sum, add)
    assert await bus.ask(Sum(numbers=(1, 2))) == 3
    with pytest.raises(WiringError, match="the query Sum has two handlers"):
        bus.register(Sum, add)
    bus.asks(Other, bus)
    with pytest.raises(WiringError, match=r"no handler for the query Other \(sent by QueryBus\)"):
        await bus.handlers.check()
    with pytest.raises(WiringError, match="the query Other has no handler"):
        await bus.ask(Other())


async def test_a_query_is_allowed_and_given_up_after_its_time() -> None:
    bus = QueryBus()

    async def wait(query: Query[int], context: MessageContext) -> int:
        await asyncio.sleep(30)
        return 0

    bus.register(Sum, wait, access=require("sums:read"), timeout=0.05)
    with pytest.raises(AuthError):
        await bus.ask(Sum(numbers=()))
    reader = Principal(uuid4(), permissions=frozenset({"sums:read"}))
    with pytest.raises(UnavailableError, match=r"Sum took longer than 0\.05 seconds"):
        await bus.ask(Sum(numbers=()), principal=reader)
