"""What a bus keeps of events that could not be handled, and of those that were: in memory and on each engine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from kernel.app import Kernel
from kernel.event_bus import EVENT_BUS, EventBusSettings, provide_memory_bus
from kernel.event_bus_database import DatabaseInbox, DatabaseLetters
from kernel.event_bus_memory import MemoryInbox, MemoryLetters
from kernel.event_bus_table import HandledRow, LetterRow
from kernel.event_bus_values import UNREADABLE, LetterStatus, partition_of, read, written
from kernel.events import Event, new_event
from kernel.fields import table_of
from kernel.settings import KernelSettings
from kernel.testing import running
from tests.kernel.backends import START
from tests.kernel.conftest import SQL, opened
from tests.kernel.event_brokers import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime
    from pathlib import Path

    from kernel.database import Database
    from kernel.event_bus_values import Inbox, Letter, Letters

pytestmark = pytest.mark.anyio
WAITING, DEAD = LetterStatus.WAITING, LetterStatus.DEAD
LATER = START + timedelta(seconds=10)


class Settings(KernelSettings):
    event_bus: EventBusSettings = EventBusSettings()


@dataclass(frozen=True, slots=True)
class Place:
    letters: Letters
    inbox: Inbox
    database: Database | None


@pytest.fixture(params=["memory", "sqlite in memory", *SQL[1:]])
async def place(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Place]:
    if request.param == "memory":
        yield Place(MemoryLetters(), MemoryInbox(), None)
        return
    async for shop in opened(request.param, request, tmp_path):
        assert shop.database is not None
        async with shop.database.transaction() as session:
            await session.execute(table_of(LetterRow).delete())
            await session.execute(table_of(HandledRow).delete())
        yield Place(DatabaseLetters(shop.database), DatabaseInbox(shop.database), shop.database)


def event(n: object = 1, key: str = "k") -> Event:
    return new_event("users.created", key=key, source="test", data={"n": n, "text": "ü ☃"}, metadata={"user": "u"})


async def kept(place: Place, given: Event, status: LetterStatus = WAITING, **changes: object) -> None:
    values: dict[str, object] = {"attempts": 1, "run_at": START, "error": "no", **changes}
    await place.letters.keep("ears", given, status, **values)  # type: ignore[arg-type]  # of these names


async def claimed(place: Place, now: datetime = START, seconds: float = 60, group: str = "ears") -> list[Letter]:
    found = await place.letters.claim(group, now=now, until=now + timedelta(seconds=seconds), limit=10)
    return sorted(found, key=lambda letter: (letter.event.key, letter.number))


async def test_only_the_first_of_each_key_is_taken_and_by_one(place: Place) -> None:
    first, second, other = event(1), event(2), event(3, key="other")
    for each in (first, second, other, first):
        await kept(place, each)
    assert await place.letters.waiting("ears", {"k", "nobody", "other"}) == {"k", "other"}
    assert await place.letters.waiting("others", {"k"}) == set()
    taken = await claimed(place)
    assert [each.event for each in taken] == [first, other]
    assert [each.attempts for each in taken] == [2, 2]
    assert await claimed(place) == []
    await place.letters.remove(taken[0])
    (next_one,) = await claimed(place)
    assert next_one.event == second
    assert await place.letters.waiting("ears", {"k"}) == {"k"}


async def test_what_nobody_said_the_end_of_is_taken_again_when_its_lease_is_over(place: Place) -> None:
    await kept(place, event())
    (lost,) = await claimed(place, seconds=5)
    assert await claimed(place, now=START + timedelta(seconds=4)) == []
    (again,) = await claimed(place, now=START + timedelta(seconds=6))
    assert (again.id, again.attempts) == (lost.id, 3)
    await place.letters.fail(lost, DEAD, attempts=2, run_at=LATER, error="too late to say so")
    found = await place.letters.find(lost.id)
    assert found is not None
    assert (found.status, found.attempts) == (WAITING, 3)


async def test_what_failed_waits_for_its_time_and_what_is_dead_lets_others_pass(place: Place) -> None:
    await kept(place, event(1))
    await kept(place, event(2))
    (first,) = await claimed(place)
    await place.letters.fail(first, WAITING, attempts=2, run_at=LATER, error="again")
    assert await claimed(place) == []
    (first,) = await claimed(place, now=LATER)
    await place.letters.fail(first, DEAD, attempts=3, run_at=LATER, error="for good")
    (second,) = await claimed(place, now=LATER)
    assert second.event.data["n"] == 2
    assert await place.letters.counts() == {("ears", WAITING): 1, ("ears", DEAD): 1}
    (dead,) = await place.letters.list(DEAD, "ears", 10)
    assert (dead.error, dead.attempts) == ("for good", 3)
    assert await place.letters.list(DEAD, "others", 10) == ()
    assert len(await place.letters.list(None, None, 1)) == 1


async def test_dead_letters_begin_anew_or_are_dropped(place: Place) -> None:
    for n in (1, 2, 3):
        await kept(place, event(n, key=str(n)), DEAD)
    await kept(place, event(4, key="4"))
    one, two, three = (each.id for each in await place.letters.list(DEAD, None, 10))
    assert await place.letters.revive([one], None, START) == 1
    assert await place.letters.revive([one], None, START) == 0
    assert await place.letters.drop([one, two]) == 1
    assert await place.letters.revive(None, "others", START) == 0
    assert await place.letters.revive(None, None, START) == 1
    assert [each.attempts for each in await claimed(place) if each.id in (one, three)] == [1, 1]
    assert await place.letters.find(two) is None


async def test_what_a_group_has_handled_is_known_to_it_alone_and_for_a_while(place: Place) -> None:
    given = event()
    with pytest.raises(ZeroDivisionError):
        async with place.inbox.first("ears", given):
            raise ZeroDivisionError
    for group, expected in (("ears", True), ("ears", False), ("others", True)):
        async with place.inbox.first(group, given) as first:
            assert first is expected
    assert await place.inbox.forget(START + timedelta(seconds=1)) == 2
    async with place.inbox.first("ears", given) as first:
        assert first


async def test_two_processes_that_are_given_one_event_at_once_do_its_effect_once(place: Place) -> None:
    if place.database is None:
        return
    given, effects = event(), []

    async def take() -> None:
        async with place.inbox.first("ears", given) as first:
            if first:
                effects.append(1)
                await asyncio.sleep(0.05)

    await asyncio.gather(*(take() for _ in range(4)))
    assert effects == [1]


async def test_what_a_failed_handler_wrote_is_taken_back_and_written_once_when_it_succeeds() -> None:
    kernel = Kernel(Settings.for_tests(database_url="sqlite://"))
    await kernel.database.create_tables()
    provide_memory_bus(kernel)
    bus, tries = kernel.adapter(EVENT_BUS), []

    async def write(given: Event) -> None:
        tries.append(given)
        apart = DatabaseLetters(kernel.database)
        await apart.keep("effects", event(len(tries)), DEAD, attempts=1, run_at=START, error="")
        if len(tries) < 3:
            raise RuntimeError("no")

    bus.subscribe("users.*", write, group="writes", first_wait=0.01, longest_wait=0.01)
    async with running(kernel):
        await bus.publish(event("given"))
        await until(lambda: len(tries) == 3)
        await asyncio.sleep(0.05)
        (effect,) = await bus.letters.list(None, "effects", 10)
        assert effect.event.data["n"] == 3
        assert await bus.letters.list(None, "writes", 10) == ()


# Messages


def test_a_message_is_read_as_it_was_written_and_what_is_none_is_kept() -> None:
    given = event()
    assert read(written(given)) == given
    long = written(given).replace(b'"key":"k"', b'"key":"' + b"k" * 201 + b'"')
    for message in (b"", b"{", b"[]", b'{"id": 1}', b"\xff\x00", long):
        unreadable = read(message)
        assert (unreadable.type, unreadable.id) == (UNREADABLE, read(message).id)
        assert "\x00" not in str(unreadable.data["message"])


def test_the_partition_of_a_key_never_changes() -> None:
    assert [partition_of(event(key=key), 4) for key in ("17", "18", "ada", "ü")] == [2, 3, 0, 1]


# Settings


def test_the_settings_have_the_names_that_people_know(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "EVENT_BUS_PROVIDER": "kafka",
        "REDIS_HOST": "redis",
        "REDIS_PORT": "tcp://10.0.0.1:6380",
        "REDIS_EVENTS_BUS_DB": "3",
        "RABBITMQ_URL": "amqps://shop:secret@rabbit/",
        "KAFKA_BROKERS": "one:9092, two:9092",
    }.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load().event_bus
    assert (settings.provider, settings.kafka_brokers) == ("kafka", "one:9092,two:9092")
    assert settings.redis == SecretStr("redis://redis:6380/3")
    assert "secret" not in repr(settings)
    monkeypatch.setenv("EVENT_BUS__REDIS_URL", "rediss://elsewhere/1")
    assert Settings.load().event_bus.redis.get_secret_value() == "rediss://elsewhere/1"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "EVENT_BUS_PROVIDER",
            "reddis",
            "EVENT_BUS_PROVIDER: 'reddis' is unknown; choose 'memory', 'redis', 'rabbitmq' or 'kafka'",
        ),
        ("REDIS_PORT", "many", "REDIS_PORT: Input should be a valid integer"),
        ("RABBITMQ_URL", "http://rabbit", "RABBITMQ_URL: write amqp://user:password@host:5672/, or amqps:// for TLS"),
        ("KAFKA_BROKERS", "kafka", "KAFKA_BROKERS: write host:port, with commas in between"),
        ("EVENT_BUS__REDIS_URL", "http://redis", "EVENT_BUS__REDIS_URL: write redis://host:6379/0"),
    ],
)
def test_a_wrong_setting_ends_the_program_with_one_line(
    name: str, value: str, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        Settings.load()
    assert str(ended.value).startswith(line)


def test_memory_in_production_has_to_be_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///./shop.db")
    with pytest.raises(SystemExit) as ended:
        Settings.load()
    assert str(ended.value).startswith("settings: EVENT_BUS_PROVIDER is memory, which a restart empties")
    monkeypatch.setenv("EVENT_BUS__MEMORY_IN_PRODUCTION", "true")
    assert Settings.load().event_bus.provider == "memory"
