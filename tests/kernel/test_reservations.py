"""Values that one aggregate has at a time: of many that want one, one wins, and it is free once its owner lets go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import pytest

from kernel.aggregate_parts import AggregateParts
from kernel.aggregates import Aggregates, Command, Decider, EventData, Unique
from kernel.app import Kernel
from kernel.errors import ConflictError, NotFoundError, WiringError
from kernel.event_store import EventStoreSettings, StreamState
from kernel.event_store_database import DatabaseEvents
from kernel.event_store_memory import MemoryEvents
from kernel.events import new_event
from kernel.fields import table_of
from kernel.ids import new_id
from kernel.reservation_table import ReservationRow
from kernel.reservations import DatabaseReservations, normalised, use_reservations
from kernel.settings import KernelSettings
from tests.kernel.conftest import SQL, opened

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from kernel.clock import FixedClock
    from kernel.database import Database
    from kernel.event_store import EventStore

pytestmark = pytest.mark.anyio


class SignedUp(EventData):
    type: ClassVar[str] = "users.signed_up"

    email: str


class Moved(EventData):
    type: ClassVar[str] = "users.moved"

    email: str


class Left(EventData):
    type: ClassVar[str] = "users.left"


class SignUp(Command):
    email: str


class Move(Command):
    email: str


class Leave(Command):
    pass


@dataclass(frozen=True, slots=True)
class User:
    email: str
    is_gone: bool = False


def decide(state: User | None, command: SignUp | Move | Leave) -> Sequence[EventData]:
    match command:
        case SignUp():
            return [SignedUp(email=command.email)]
        case Move():
            return [Moved(email=command.email)]
        case Leave():
            return [Left()]


def evolve(state: User | None, event: EventData, _at: datetime) -> User:
    if isinstance(event, SignedUp | Moved):
        return User(event.email)
    assert state is not None
    return replace(state, is_gone=True)


PLAIN: Decider[User, SignUp | Move | Leave] = Decider("user", "users", (SignedUp, Moved, Left), decide, evolve)
USERS = replace(PLAIN, unique=(Unique("email", lambda user: None if user.is_gone else user.email),))


@dataclass(frozen=True, slots=True)
class People:
    database: Database
    clock: FixedClock
    reservations: DatabaseReservations

    def on(self, store: EventStore, decider: Decider[User, SignUp | Move | Leave] = USERS) -> Users:
        parts = AggregateParts()
        parts.reservations = self.reservations
        return Aggregates(decider, store, self.clock, parts=parts)

    @property
    def users(self) -> Users:
        return self.on(DatabaseEvents(self.database))

    async def count(self) -> int:
        async with self.database.session() as session:
            return len((await session.execute(table_of(ReservationRow).select())).all())


Users = Aggregates[User, SignUp | Move | Leave]


@pytest.fixture(params=SQL)
async def people(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[People]:
    async for shop in opened(request.param, request, tmp_path):
        assert shop.database is not None
        async with shop.database.transaction() as session:
            await session.execute(table_of(ReservationRow).delete())
        yield People(shop.database, shop.clock, DatabaseReservations(shop.database))


async def signed_up(users: Users, email: str) -> UUID:
    return (await users.execute(new_id(), SignUp(email=email))).id


async def test_of_many_sign_ups_at_once_one_wins_and_nothing_is_left_of_the_others(people: People) -> None:
    users, keys = people.users, [new_id() for _ in range(8)]
    spelled = ["ada@example.com", "ADA@example.com", "Ada@Example.com ", "\uff21da@example.com"] * 2
    signing = (users.execute(key, SignUp(email=email)) for key, email in zip(keys, spelled, strict=True))
    done = await asyncio.gather(*signing, return_exceptions=True)
    winners = [each for each in done if not isinstance(each, BaseException)]
    refused = [each for each in done if isinstance(each, ConflictError)]
    assert (len(winners), len(refused), await people.count()) == (1, 7, 1)
    assert {(each.code, each.message, str(each.fields)) for each in refused} == {
        ("unique", "email is already taken", "{'email': 'is already taken'}")
    }
    assert await people.reservations.owner_of("users.email", "ada@EXAMPLE.com") == f"users-{winners[0].id}"
    for key in set(keys) - {winners[0].id}:
        with pytest.raises(NotFoundError):
            await users.load(key)


async def test_it_is_free_when_its_owner_moves_or_goes(people: People) -> None:
    users = people.users
    ada = await signed_up(users, "ada@example.com")
    await users.execute(ada, Move(email="Ada@example.com"))  # its own, spelled otherwise
    await users.execute(ada, Move(email="ada@example.org"))
    eva = await signed_up(users, "ada@example.com")
    with pytest.raises(ConflictError, match="email is already taken"):
        await users.execute(ada, Move(email="ada@EXAMPLE.com"))
    assert (await users.load(ada)).state.email == "ada@example.org"
    await users.execute(eva, Leave())
    await users.execute(ada, Move(email="ada@example.com"))
    assert await people.count() == 1


async def test_many_move_to_one_address_while_its_owner_leaves_and_one_gets_it(people: People) -> None:
    users = people.users
    owner = await signed_up(users, "wanted@example.com")
    others = [await signed_up(users, f"{number}@example.com") for number in range(4)]
    moving = (users.execute(each, Move(email="wanted@example.com")) for each in others)
    done = await asyncio.gather(users.execute(owner, Leave()), *moving, return_exceptions=True)
    assert not isinstance(done[0], BaseException)
    assert all(isinstance(each, ConflictError) for each in done if isinstance(each, BaseException))
    holders = [key for key in others if (await users.load(key)).state.email == "wanted@example.com"]
    assert len(holders) <= 1
    if not holders:
        await users.execute(others[0], Move(email="wanted@example.com"))
    assert await people.count() == 4


async def test_a_transaction_that_is_taken_back_takes_the_reservation_back(people: People) -> None:
    users = people.users
    with pytest.raises(ZeroDivisionError):
        async with people.database.transaction():
            await signed_up(users, "ada@example.com")
            _ = 1 / 0
    assert await people.count() == 0
    await signed_up(users, "ada@example.com")
    with pytest.raises(ConflictError, match="already taken"):
        async with people.database.transaction():
            await signed_up(users, "eva@example.com")
            await signed_up(users, "ada@example.com")
    assert await people.count() == 1


async def test_a_command_that_comes_again_keeps_what_it_has(people: People) -> None:
    users, key, command = people.users, new_id(), new_id()
    signing = (users.execute(key, SignUp(email="ada@example.com"), command_id=command) for _ in range(4))
    made = await asyncio.gather(*signing)
    assert ({each.version for each in made}, await people.count()) == ({1}, 1)


async def test_who_was_there_before_is_reserved_when_it_is_asked_for(people: People) -> None:
    before = people.on(DatabaseEvents(people.database), PLAIN)
    ada, eva = await signed_up(before, "ada@example.com"), await signed_up(before, "ADA@example.com")
    await before.reserve(ada)
    assert await people.count() == 0
    await people.users.reserve(ada)
    await people.users.reserve(ada)
    with pytest.raises(ConflictError, match="email is already taken"):
        await people.users.reserve(eva)
    assert await people.reservations.owner_of("users.email", "ada@example.com") == f"users-{ada}"


async def test_what_is_refused_is_not_in_a_store_without_transactions_either(tmp_path: Path) -> None:
    async for shop in opened("sqlite", None, tmp_path):  # type: ignore[arg-type]  # it is asked for servers alone
        assert shop.database is not None
        people, store = People(shop.database, shop.clock, DatabaseReservations(shop.database)), MemoryEvents()
        await signed_up(people.on(store), "ada@example.com")
        with pytest.raises(ConflictError):
            await signed_up(people.on(store), "ADA@example.com")
        assert len((await store.read_all()).events) == 1


SAME = [
    ("ada@example.com", "ADA@EXAMPLE.COM"),
    ("straße", "STRASSE"),
    ("é", "e\u0301"),  # one letter, or two that look like it
    ("ﬁnn", "finn"),
    ("\uff21da", "ada"),
    ("jose\u200d\u0301", "jos\u00e9"),
    ("a\u034f\ufe0fda", "ada"),
    ("a\u200bda", "ada"),  # nobody sees what is between
    (" ada\u00a0", "ada"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_case_and_unicode_make_no_difference(one: str, other: str) -> None:
    assert normalised(one) == normalised(other) == normalised(normalised(one))


def test_other_values_are_others() -> None:
    assert len({normalised(each) for each in ("ada", "äda", "ad a", "аda", "")}) == 5  # noqa: RUF001  one letter is Cyrillic


class Settings(KernelSettings):
    event_store: EventStoreSettings = EventStoreSettings(provider="memory")


async def test_that_nobody_reserves_what_is_unique_is_told_at_the_start() -> None:
    message = r"email of the users is unique, and nothing reserves it; call `use_reservations\(kernel\)`"
    kernel = Kernel(Settings(_env_file=None, environment="test"))  # type: ignore[call-arg]  # of pydantic-settings
    users = Aggregates.of(kernel, USERS)
    with pytest.raises(WiringError, match=message):
        await AggregateParts.of(kernel).check()
    with pytest.raises(WiringError, match=message):
        await users.execute(new_id(), SignUp(email="ada@example.com"))
    use_reservations(kernel)
    await AggregateParts.of(kernel).check()
    assert kernel.resolve(DatabaseReservations) is AggregateParts.of(kernel).reservations
    store, key = MemoryEvents(), new_id()
    old = new_event("users.signed_up", key=str(key), source="users", data={"email": "a"}, clock=kernel.clock)
    await store.append(f"users-{key}", [old], expected=StreamState.NO_STREAM)
    assert (await Aggregates(USERS, store, kernel.clock).load(key)).state == User("a")
    await kernel.database.close()
