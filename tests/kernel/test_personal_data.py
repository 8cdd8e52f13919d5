"""Personal data in events: sealed where it is stored, open where it is read, and gone once the person was forgotten."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from uuid import UUID

import pytest
from pydantic import BaseModel, Field
from pydantic import ValidationError as InvalidError
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from kernel.aggregate_parts import AggregateParts
from kernel.aggregates import Aggregate, Aggregates, Command, Decider, EventData, Unique
from kernel.app import Kernel
from kernel.commands import CommandBus, MessageContext, use_commands
from kernel.commands_queued import QueuedCommands
from kernel.errors import ConflictError, NotFoundError, ProgrammingError, ValidationError, WiringError
from kernel.event_bus import EVENT_BUS, EventBusSettings, provide_memory_bus
from kernel.event_catalogue import EventCatalogue
from kernel.event_personal import Personal, personal_of, subjects_of
from kernel.event_store import EVENT_STORE, EventStoreSettings, StreamState, as_stored
from kernel.event_store_database import provide_event_store
from kernel.event_store_relay import use_event_relay
from kernel.events import new_event
from kernel.fields import table_of
from kernel.ids import new_id
from kernel.model import Entity
from kernel.personal_data import ForgottenError, PersonalData, use_personal_data
from kernel.personal_table import PersonalKeyRow
from kernel.projections import Projection, Projections, ProjectionSettings, use_projections
from kernel.queue import Queue, QueueSettings
from kernel.queue_database import DatabaseJobs
from kernel.queue_table import JobRow
from kernel.queue_worker import Worker
from kernel.read_models import ReadModel, ReadModelRepository
from kernel.reservations import DatabaseReservations, use_reservations
from kernel.settings import KernelSettings
from kernel.snapshot_table import SnapshotRow
from kernel.snapshots import SnapshotSettings, use_snapshots
from kernel.testing import running
from tests.kernel.conftest import SQL, opened

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import datetime
    from pathlib import Path

    from kernel.event_values import RecordedEvent
    from kernel.events import Event

pytestmark = pytest.mark.anyio
BESIDE = ("event_inbox", "event_letters", "event_projections", "event_relays", "event_streams", "personal_keys")
HOLDING = (
    "stored_events",
    "event_snapshots",
    "event_reservations",
    "event_outbox",
    "handled_commands",
    "personal_members",
    "queue_jobs",
    "personal_keys",
)
SNAPSHOTS, KEYS = table_of(SnapshotRow), table_of(PersonalKeyRow)


class Joined(EventData):
    type: ClassVar[str] = "members.joined"

    email: Annotated[str, Personal()]
    plan: str


class Moved(EventData):
    type: ClassVar[str] = "members.moved"

    email: Annotated[str, Personal()]
    city: Annotated[str | None, Personal()] = None


class Paid(EventData):
    type: ClassVar[str] = "members.paid"

    amount: int


class Join(Command):
    email: str


class Move(Command):
    email: str
    city: str | None = None


class Pay(Command):
    amount: int


@dataclass(frozen=True, slots=True)
class Member:
    email: str
    paid: int = 0
    city: str | None = None


def decide(state: Member | None, command: Join | Move | Pay) -> Sequence[EventData]:
    match command:
        case Join():
            return [Joined(email=command.email, plan="free")]
        case Move():
            return [Moved(email=command.email, city=command.city)]
        case Pay():
            return [Paid(amount=command.amount)]


def evolve(state: Member | None, event: EventData, at: datetime) -> Member:
    match event:
        case Joined():
            return Member(event.email)
        case Moved() if state is not None:
            return Member(event.email, state.paid, event.city)
        case Paid() if state is not None:
            return Member(state.email, state.paid + event.amount, state.city)
        case _:
            raise ProgrammingError(f"{event} cannot happen")


MEMBERS: Decider[Member, Join | Move | Pay] = Decider(
    "member", "members", [Joined, Moved, Paid], decide, evolve, unique=(Unique("email", lambda state: state.email),)
)


class MemberRow(Entity, ReadModel):
    __tablename__ = "personal_members"

    email: Mapped[str] = mapped_column()


class MemberRows(ReadModelRepository[MemberRow]):
    model = MemberRow
    projection = "members"


class MembersProjection(Projection):
    name = "members"
    events = ("members.joined",)

    def __init__(self, rows: MemberRows) -> None:
        super().__init__(rows)
        self._rows = rows

    async def apply(self, recorded: RecordedEvent) -> None:
        await self._rows.create_many([{"id": UUID(recorded.event.key), "email": recorded.event.data["email"]}])


class Settings(KernelSettings):
    event_store: EventStoreSettings = EventStoreSettings()
    event_bus: EventBusSettings = EventBusSettings()
    projections: ProjectionSettings = ProjectionSettings()
    snapshots: SnapshotSettings = SnapshotSettings(every=3)


@dataclass(frozen=True, slots=True)
class Place:
    kernel: Kernel
    members: Aggregates[Member, Join | Move | Pay]
    personal: PersonalData
    projections: Projections

    async def joined(self, email: str = "ada@example.com") -> UUID:
        key = new_id()
        await self.members.execute(key, Join(email=email))
        return key

    async def rows(self) -> list[str]:
        await self.projections.catch_up()
        return [row.email for row in await MemberRows(self.kernel.database).find_many()]

    async def everything(self) -> str:
        """Answer what every table of the project holds, as text."""
        found = []
        async with self.kernel.database.session() as session:
            for table in HOLDING:
                rows = await session.execute(text(f"SELECT * FROM {table}"))
                found += [json.dumps([str(value) for value in row]) for row in rows]
        return "\n".join(found)


@pytest.fixture(params=SQL)
async def place(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Place]:
    async for shop in opened(request.param, request, tmp_path):
        assert shop.database is not None
        kernel = Kernel(Settings(environment="test"), database=shop.database, clock=shop.clock)
        async with shop.database.transaction() as session:
            for table in (*HOLDING, *BESIDE):
                await session.execute(text(f"DELETE FROM {table}"))
        provide_event_store(kernel)
        provide_memory_bus(kernel)
        use_event_relay(kernel)
        personal = use_personal_data(kernel)
        projections = use_projections(kernel)
        use_reservations(kernel)
        use_snapshots(kernel)
        members = Aggregates.of(kernel, MEMBERS)
        projections.add(MembersProjection(MemberRows(kernel.database)))
        yield Place(kernel, members, personal, projections)


async def test_it_is_stored_sealed_and_read_in_the_clear(place: Place) -> None:
    key = await place.joined()
    await place.members.execute(key, Move(email="ada@home.example", city="Zürich"))
    assert (await place.members.load(key)).state == Member("ada@home.example", 0, "Zürich")
    stored = await as_stored(place.kernel.adapter(EVENT_STORE)).read_stream(f"members-{key}")
    assert [set(each.event.data) for each in stored] == [{"email", "plan"}, {"email", "city"}]
    assert stored[0].event.data["plan"] == "free"
    held = await place.everything()
    assert "free" in held
    for secret in ("ada@", "Zürich", "Z\\u00fcrich"):
        assert secret not in held
    found = await place.kernel.adapter(EVENT_STORE).find(stored[1].event.id)
    assert found is not None
    assert found.event.data == {"email": "ada@home.example", "city": "Zürich"}


async def test_who_was_forgotten_is_told_by_nothing_any_more_and_the_rest_stays(place: Place) -> None:
    ada, eva = await place.joined(), await place.joined("eva@example.com")
    for key in (ada, eva):
        for amount in (1, 2, 3):
            await place.members.execute(key, Pay(amount=amount))
    assert sorted(await place.rows()) == ["ada@example.com", "eva@example.com"]
    async with place.kernel.database.session() as session:
        kept = (await session.scalars(select(SNAPSHOTS.c.state))).all()
    assert len(kept) == 2
    assert not any("example.com" in each for each in kept)

    assert (await place.personal.forget(ada)).now
    assert (await place.members.load(ada)).state == Member("[erased]", 6)
    assert (await place.members.load(ada, version=2)).state == Member("[erased]", 1)
    assert (await place.members.load(eva)).state == Member("eva@example.com", 6)
    assert await place.projections.rebuild("members") == 2
    assert sorted(await place.rows()) == ["[erased]", "eva@example.com"]
    held = await place.everything()
    assert "ada@example.com" not in held
    assert f"members-{ada}" in held  # the events themselves are there
    owner = await place.kernel.resolve(DatabaseReservations).owner_of("members.email", "ada@example.com")
    assert owner is None  # of the address not even a digest is left, and it is free
    await place.joined("ada@example.com")


async def test_what_says_nothing_personal_still_happens_and_what_does_is_refused(place: Place) -> None:
    key = await place.joined()
    await place.personal.forget(str(key))
    paid = await place.members.execute(key, Pay(amount=5))
    assert (paid.state, paid.version) == (Member("[erased]", 5), 2)
    with pytest.raises(ForgottenError, match=f"{key} was forgotten; nothing personal is stored under this id any more"):
        await place.members.execute(key, Move(email="ada@new.example"))
    kept = await place.members.execute(key, Move(email="[erased]"))  # what is read of it may be written back
    assert kept.state == Member("[erased]", 5)
    assert not (await place.personal.forget(key)).now
    with pytest.raises(NotFoundError, match="nothing personal was ever stored about 'nobody'"):
        await place.personal.forget("nobody")


async def test_nobody_is_forgotten_in_the_middle_and_nothing_comes_afterwards(place: Place) -> None:
    """Whatever was appended at the same time is sealed with the key that is gone, or refused."""
    keys = [await place.joined(f"m{number}@example.com") for number in range(4)]
    refused = 0

    async def append(key: UUID, number: int) -> None:
        nonlocal refused
        try:
            await place.members.execute(key, Move(email=f"secret-{number}@example.com"))
        except ForgottenError:
            refused += 1
        except ConflictError:
            return  # others were faster again and again

    async def forget(key: UUID) -> None:
        await asyncio.sleep(0.01)
        await place.personal.forget(key)

    appends = [append(key, number) for number in range(10) for key in keys]
    await asyncio.gather(*appends, *(forget(key) for key in keys))
    for key in keys:
        await append(key, 99)
    assert refused >= len(keys)
    for key in keys:
        assert (await place.members.load(key)).state.email == "[erased]"
    await place.projections.rebuild("members")
    held = await place.everything()
    assert "secret" not in held
    assert "@example.com" not in held
    async with place.kernel.database.session() as session:
        assert (await session.execute(text("SELECT count(*) FROM event_reservations"))).scalar() == 0


async def test_two_that_tell_of_a_new_person_at_once_share_one_key(place: Place) -> None:
    store, key = place.kernel.adapter(EVENT_STORE), str(new_id())

    async def append(number: int) -> None:
        event = new_event("members.joined", key=key, source="t", data={"email": f"a{number}@b.c", "plan": "free"})
        await store.append(f"members-{number}", [event], expected=StreamState.ANY)

    await asyncio.gather(*(append(number) for number in range(10)))
    # By their streams: who reads all of PostgreSQL waits for whatever transactions are open on the server.
    found = [each for number in range(10) for each in await store.read_stream(f"members-{number}")]
    assert [each.event.data["email"] for each in found] == [f"a{number}@b.c" for number in range(10)]
    async with place.kernel.database.session() as session:
        assert len((await session.scalars(select(KEYS.c.id))).all()) == 1


async def test_brokers_carry_it_sealed_and_handlers_see_it(place: Place) -> None:
    heard: asyncio.Queue[Event] = asyncio.Queue()
    failed: asyncio.Queue[Event] = asyncio.Queue()
    bus = place.kernel.adapter(EVENT_BUS)

    async def hear(event: Event) -> None:
        await heard.put(event)

    async def fail(event: Event) -> None:
        raise ValueError("no")

    async def tell(_error: Exception, event: Event) -> None:
        await failed.put(event)

    bus.subscribe("members.joined", hear, group="hear")
    bus.subscribe("members.joined", fail, group="fail", max_attempts=1)
    bus.on_error(tell)
    async with running(place.kernel):
        await place.joined()
        seen, sent = await asyncio.wait_for(heard.get(), 20), await asyncio.wait_for(failed.get(), 20)
        while not (letters := await bus.letters.list(None, None, 10)):  # noqa: ASYNC110  they tell nobody
            await asyncio.sleep(0.02)
    assert seen.data == {"email": "ada@example.com", "plan": "free"}
    assert sent.id == seen.id
    for event in (sent, letters[0].event):
        assert "ada@" not in json.dumps(dict(event.data))


async def test_a_key_that_was_lost_is_no_person_who_was_forgotten(place: Place) -> None:
    key = await place.joined()
    async with place.kernel.database.transaction() as session:
        await session.execute(delete(KEYS))
    with pytest.raises(ProgrammingError, match=f"the keys of {key} are missing: they belong into the table personal_k"):
        await place.members.load(key)


async def test_what_was_sealed_elsewhere_is_not_opened(place: Place) -> None:
    ada = await place.joined()
    (stored,) = await as_stored(place.kernel.adapter(EVENT_STORE)).read_stream(f"members-{ada}")
    copied = new_event("members.joined", key="x", source="t", data=stored.event.data)
    store = place.kernel.adapter(EVENT_STORE)
    with pytest.raises(ValidationError) as refused:  # nobody reads through a value that looks like another's
        await store.append("members-x", [copied], expected=StreamState.ANY)
    assert refused.value.fields == {"email": "has the key $personal"}
    await as_stored(store).append("members-x", [copied], expected=StreamState.ANY)
    with pytest.raises(ProgrammingError, match="email cannot be opened: it was sealed with another key, or elsewhere"):
        await store.read_stream("members-x")


class Ordered(EventData):
    type: ClassVar[str] = "orders.ordered"

    customer: str
    name: Annotated[str, Field(max_length=20), Personal(subject="customer")]
    born: Annotated[int | None, Personal(subject="customer", erased=0)]


class Order(Command):
    customer: str


def order(_state: int | None, command: Order) -> Sequence[EventData]:
    return [Ordered(customer=command.customer, name="Ada", born=1815)] * 4


def count(state: int | None, _event: EventData, _at: datetime) -> int:
    return (state or 0) + 1


ORDERS: Decider[int, Order] = Decider("order", "orders", [Ordered], order, count)


async def test_an_aggregate_may_tell_of_others_and_none_of_its_states_is_kept(place: Place) -> None:
    orders: Aggregates[int, Order] = Aggregates.of(place.kernel, ORDERS)
    key = new_id()
    with pytest.raises(ProgrammingError, match="'' is no person: an id has 1 to 200 characters"):
        await orders.execute(key, Order(customer=""))
    await orders.execute(key, Order(customer="customer-1"))
    await place.personal.forget("customer-1")
    (first, *_) = await place.kernel.adapter(EVENT_STORE).read_stream(f"orders-{key}")
    assert first.event.data == {"customer": "customer-1", "name": "[erased]", "born": 0}
    assert (await orders.load(key)).version == 4
    async with place.kernel.database.session() as session:
        assert (await session.scalars(select(SNAPSHOTS.c.id))).all() == []
    assert place.personal.types == {"members.joined", "members.moved", "orders.ordered"}


def marked(annotation: Any) -> type[EventData]:
    return type("Said", (EventData,), {"__annotations__": {"value": annotation}, "type": "a.b", "__module__": __name__})


def test_what_stands_for_what_was_erased_has_to_fit() -> None:
    fits = {str: "[erased]", int | None: None, str | None: "[erased]", Annotated[str, Field(max_length=8)]: "[erased]"}
    for kind, erased in fits.items():
        assert personal_of(marked(Annotated[kind, Personal()]))["value"].erased == erased
    assert personal_of(marked(Annotated[list[str], Personal(erased=[])]))["value"].erased == []
    for kind in (int, Annotated[str, Field(max_length=3)]):
        with pytest.raises(WiringError, match=r"value is personal, and .* or None does not fit it once"):
            personal_of(marked(Annotated[kind, Personal()]))
    with pytest.raises(WiringError, match=r"Said\.value is about the person in 'customer', which it lacks"):
        personal_of(marked(Annotated[str, Personal(subject="customer")]))


class Told(BaseModel):
    """What a list of an event holds."""

    name: Annotated[str, Personal()]
    inner: list[Told] = []


@pytest.mark.parametrize(
    "annotation",
    [
        pytest.param(Annotated[str, Personal()] | None, id="the mark is inside of a choice"),
        pytest.param(list[Annotated[str, Personal()]], id="the mark is on what a list holds"),
        pytest.param(dict[str, Told], id="the mark is in a model that a mapping holds"),
        pytest.param(Annotated[str, Personal], id="the mark has no brackets"),
    ],
)
def test_a_mark_that_would_seal_nothing_is_refused(annotation: Any) -> None:
    told = r"Said\.value is marked in a part of it, and only whole fields are sealed; write value: Annotated\[\.\.\., "
    with pytest.raises(WiringError, match=told):
        personal_of(marked(annotation))


def test_a_field_that_is_marked_as_a_whole_may_hold_what_is_marked() -> None:
    assert personal_of(marked(Annotated[list[Told], Personal(erased=[])]))["value"].erased == []
    assert personal_of(marked(list[str])) == {}


def test_what_does_not_fit_is_told_without_its_values() -> None:
    """Errors are stored with dead letters and failing projections, and logged."""
    for kind in (Joined, Join):
        with pytest.raises(InvalidError) as caught:
            kind.model_validate({"email": ["ada@example.com"], "plan": "free"})
        assert "Input should be a valid string" in str(caught.value)
        assert "ada@" not in str(caught.value)


async def test_a_project_that_seals_nothing_refuses_to_start(place: Place) -> None:
    kernel = Kernel(Settings(environment="test"), database=place.kernel.database)
    provide_event_store(kernel)
    told = r"events of the members say something about people, and nothing seals it; call `use_personal_data\(kernel\)`"
    with pytest.raises(WiringError, match=told):
        Aggregates.of(kernel, MEMBERS)


async def test_a_project_that_seals_nothing_publishes_nothing_about_people_either(place: Place) -> None:
    kernel = Kernel(Settings(environment="test"), database=place.kernel.database)
    provide_event_store(kernel)
    EventCatalogue.of(kernel).add([Paid, Moved])
    told = (
        r"and nothing seals it: members\.moved \(email, city\); call `use_personal_data\(kernel\)` in the composition"
    )
    with pytest.raises(WiringError, match=told):
        async with running(kernel):
            raise AssertionError("it started")


async def test_an_event_that_is_published_only_may_say_nothing_about_people(place: Place) -> None:
    kernel = Kernel(Settings(environment="test"), database=place.kernel.database)
    provide_event_store(kernel)
    use_personal_data(kernel)
    EventCatalogue.of(kernel).add([Joined])
    with pytest.raises(WiringError, match=r"members\.joined say something about people, and no decider lists them"):
        async with running(kernel):
            raise AssertionError("it started")


# Commands


class Rename(Command):
    member: UUID
    email: Annotated[str, Personal(subject="member")]
    city: Annotated[str | None, Personal(subject="member")] = None
    plan: str = "free"


class Renaming:
    def __init__(self, members: Aggregates[Member, Join | Move | Pay]) -> None:
        self._members = members
        self.seen: list[str] = []

    async def __call__(self, command: Rename, context: MessageContext) -> Aggregate[Member]:
        self.seen.append(command.email)
        move = Move(email=command.email, city=command.city)
        return await self._members.execute(command.member, move, command_id=context.id)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where commands are sent, handled at once or later."""

    bus: CommandBus
    queued: QueuedCommands
    queue: Queue
    handler: Renaming
    worker: Worker


@pytest.fixture
def desk(place: Place) -> Desk:
    bus = use_commands(place.kernel)
    queue = Queue(DatabaseJobs(place.kernel.database), place.kernel.clock)
    handler = Renaming(place.members)
    bus.register(Rename, handler)
    return Desk(bus, QueuedCommands(bus, queue), queue, handler, Worker(queue, QueueSettings()))


async def test_a_command_that_waits_and_one_that_was_handled_are_stored_without_what_they_say(
    place: Place, desk: Desk
) -> None:
    key = await place.joined()
    rename = Rename(member=key, email="ada@new.example", city="Zürich", plan="waits")
    command = await desk.queued.accept(rename)
    assert await desk.queued.accept(rename, command_id=command) == command
    for status in ("accepted", "done"):
        assert (await desk.bus.status(command)).status == status
        held = await place.everything()
        assert "waits" in held  # the job is there, and what is not marked is in the clear
        for secret in ("ada@", "Zürich", "Z\\u00fcrich"):
            assert secret not in held
        await desk.worker.drain()
    assert desk.handler.seen == ["ada@new.example"]
    assert (await place.members.load(key)).state == Member("ada@new.example", 0, "Zürich")
    with pytest.raises(ConflictError, match="another command has this id"):
        await desk.queued.accept(rename.model_copy(update={"email": "eva@new.example"}), command_id=command)


async def test_what_waits_about_somebody_who_was_forgotten_is_not_handled(place: Place, desk: Desk) -> None:
    key = await place.joined()
    waiting = await desk.queued.accept(Rename(member=key, email="ada@new.example"))
    await place.personal.forget(key)
    await desk.worker.drain()
    status = await desk.bus.status(waiting)
    assert (status.status, status.problem) == (
        "failed",
        {"code": "person_forgotten", "message": f"{key} was forgotten before Rename was handled", "status": 409},
    )
    assert desk.handler.seen == []
    for send in (desk.queued.accept, desk.bus.execute):
        with pytest.raises(ForgottenError, match=f"{key} was forgotten; nothing personal is stored"):
            await send(Rename(member=key, email="ada@late.example"))
    await desk.queued.accept(Rename(member=key, email="[erased]"))  # what is read of it may be sent back
    await desk.worker.drain()
    assert desk.handler.seen == ["[erased]"]
    assert "@new.example" not in await place.everything()


async def test_nobody_is_forgotten_in_the_middle_of_being_sent_a_command(place: Place, desk: Desk) -> None:
    """Whatever was accepted, handled or sent at the same time is sealed with the key that is gone, or refused."""
    key = await place.joined()
    refused = 0

    async def send(number: int) -> None:
        nonlocal refused
        rename = Rename(member=key, email=f"secret-{number}@example.com")
        try:
            await (desk.queued.accept(rename) if number % 2 else desk.bus.execute(rename))
        except ForgottenError:
            refused += 1
        except ConflictError:
            return  # others were faster again and again

    async def forget() -> None:
        await asyncio.sleep(0.02)
        await place.personal.forget(key)

    await asyncio.gather(*(send(number) for number in range(20)), forget(), desk.worker.drain())
    await send(98)
    await send(99)
    await desk.worker.drain()
    assert refused >= 2
    assert (await place.members.load(key)).state.email == "[erased]"
    held = await place.everything()
    assert "secret" not in held
    assert "ada@" not in held


async def test_what_a_command_said_can_be_told_by_nobody_from_its_digest(place: Place, desk: Desk) -> None:
    """Two rows of one command differ, and under a key that is gone no value can be tried."""
    key = await place.joined()
    for _ in range(2):
        await desk.bus.execute(Rename(member=key, email="ada@new.example", plan="free"))
    async with place.kernel.database.session() as session:
        digests = (await session.scalars(text("SELECT digest FROM handled_commands"))).all()
    assert len(set(digests)) == 2
    values = {"member": str(key), "email": "ada@new.example", "city": None, "plan": "free"}
    for digest in digests:
        raw = base64.b64decode(digest)
        tried = hmac.digest(raw[:15], json.dumps(values, sort_keys=True).encode(), "sha256")[:30]
        assert raw[15:] != tried


async def test_a_key_that_was_lost_is_told_by_the_job(place: Place, desk: Desk) -> None:
    key = await place.joined()
    await desk.queued.accept(Rename(member=key, email="ada@new.example"))
    async with place.kernel.database.transaction() as session:
        await session.execute(delete(KEYS))
    await desk.worker.drain()
    (job,) = await desk.queue.list()
    assert job.error is not None
    told = f"ProgrammingError: the key of {key} is missing: it belongs into the table personal_keys; restore it with"
    assert job.error.startswith(told)


async def test_a_command_that_was_stored_before_it_was_marked_is_handled(place: Place, desk: Desk) -> None:
    key = await place.joined()
    command = await desk.queued.accept(Rename(member=key, email="ada@old.example"))
    values = {"member": str(key), "email": "ada@old.example", "city": None, "plan": "free"}
    data = {"id": str(command), "name": "Rename", "values": values, "sender": None}
    async with place.kernel.database.transaction() as session:
        await session.execute(update(table_of(JobRow)).values(data=data))
    await desk.worker.drain()
    assert desk.handler.seen == ["ada@old.example"]


async def test_personal_commands_that_nothing_seals_are_refused_at_the_start(place: Place) -> None:
    kernel = Kernel(Settings(environment="test"), database=place.kernel.database)
    provide_event_store(kernel)
    bus = use_commands(kernel)
    bus.register(Rename, Renaming(place.members))
    told = (
        r"Rename says something about people \(email, city\), and nothing seals it; call `use_personal_data\(kernel\)`"
    )
    with pytest.raises(WiringError, match=told):
        async with running(kernel):
            raise AssertionError("it started")


def test_a_command_says_about_whom_it_is() -> None:
    assert subjects_of(Rename) == {"email": "member", "city": "member"}
    kind = type("Say", (Command,), {"__annotations__": {"value": Annotated[str, Personal()]}, "__module__": __name__})
    with pytest.raises(
        WiringError, match=r"Say\.value is personal and does not say about whom; write Personal\(subject="
    ):
        subjects_of(kind)


def test_parts_of_another_application_are_its_own() -> None:
    catalogue = EventCatalogue()
    catalogue.add([Joined, Paid])
    kernel = Kernel(Settings(environment="test", database_url="sqlite://"))
    assert PersonalData(kernel.database, catalogue, AggregateParts()).types == {"members.joined"}
