"""What an aggregate was: at a version, at a time, and where there is nothing to show."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from kernel.aggregates import Aggregates
from kernel.app import Kernel
from kernel.clock import FixedClock
from kernel.errors import NotFoundError
from kernel.event_replay import replay
from kernel.event_store import EVENT_STORE, EventStoreSettings
from kernel.settings import KernelSettings
from tests.kernel.backends import START
from tests.kernel.test_aggregates import ACCOUNTS, Open, Pay

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.anyio
KEY, OTHER = UUID(int=1), UUID(int=2)


class Settings(KernelSettings):
    event_store: EventStoreSettings = EventStoreSettings(provider="memory")


@pytest.fixture
async def kernel(anyio_backend: str) -> AsyncGenerator[Kernel]:
    made = Kernel(Settings(_env_file=None, environment="test"))  # type: ignore[call-arg]  # of pydantic-settings
    clock = FixedClock(START)
    Aggregates.of(made, ACCOUNTS)
    accounts = Aggregates(ACCOUNTS, made.adapter(EVENT_STORE), clock)
    await accounts.execute(KEY, Open(owner="Ada"))
    clock.advance(timedelta(hours=1))
    await accounts.execute(KEY, Pay(amount=2))
    clock.advance(timedelta(hours=-2))  # another process, whose clock is slow
    await accounts.execute(KEY, Pay(amount=1))
    yield made
    await made.database.close()


@pytest.mark.parametrize(
    ("version", "hours", "balance", "reached"),
    [
        (1, None, 0, 1),
        (2, None, 1, 2),
        (4, None, 3, 4),
        (None, None, 3, 4),
        (None, 0, 0, 1),
        (None, 0.9, 0, 1),
        (None, 1, 3, 4),
    ],
)
async def test_the_state_of_then_is_made_anew(
    kernel: Kernel, version: int | None, hours: float | None, balance: int, reached: int
) -> None:
    at = None if hours is None else START + timedelta(hours=hours)
    found = await replay(kernel, "accounts", KEY, version=version, at=at)
    happened = {1: START, 2: START + timedelta(hours=1), 4: START - timedelta(hours=1)}[reached]
    assert found.plain() == {
        "aggregate": "accounts",
        "id": str(KEY),
        "version": reached,
        "of": 4,
        "event": "accounts.opened" if reached == 1 else "accounts.paid",
        "at": happened.isoformat(),
        "state": {"owner": "Ada", "balance": balance, "since": START.isoformat().replace("+00:00", "Z")},
    }


async def test_where_there_is_nothing_to_show_is_told(kernel: Kernel) -> None:
    with pytest.raises(NotFoundError, match=r"there is no aggregate 'account'; did you mean 'accounts'\?"):
        await replay(kernel, "account", KEY)
    with pytest.raises(NotFoundError, match="there is no aggregate 'people'; it has: accounts"):
        await replay(kernel, "people", KEY)
    with pytest.raises(NotFoundError, match=f"nothing ever happened to the account {OTHER}"):
        await replay(kernel, "accounts", OTHER)
    with pytest.raises(NotFoundError, match=f"the account {KEY} is of version 4, and was never of version 5"):
        await replay(kernel, "accounts", KEY, version=5)
    then = f"had happened to the account {KEY} by then; its first event is of 2026-03-01T12:30:15"
    with pytest.raises(NotFoundError, match=then):
        await replay(kernel, "accounts", KEY, at=START - timedelta(seconds=1))
