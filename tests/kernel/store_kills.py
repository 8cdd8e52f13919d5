"""A process that appends to an event store of its own server, and is killed at any moment.

It is forked off a server that has imported everything, so that hundreds of deaths are cheap.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

from kernel.errors import UnavailableError
from kernel.event_store import ConcurrencyError, StreamState
from kernel.events import Event, new_event
from tests.kernel.event_stores import made_store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kernel.event_store_outside import OutsideStore

TOGETHER = 3
STREAMS = ("orders-a", "orders-b")


def commit(stream: str, number: int) -> list[Event]:
    """Answer the events that the nth append to a stream has, the same ones in every process."""
    made = []
    for place in range(TOGETHER):
        at = number * TOGETHER + place
        event = new_event("orders.counted", key=stream, source="t", data={"n": at})
        values = {name: getattr(event, name) for name in event.__slots__}
        made.append(Event(**{**values, "id": uuid5(NAMESPACE_OID, f"{stream}/{at}")}))
    return made


def run(kind: str, url: str, space: str, told: Path) -> None:
    """Append until it is killed, and say so of each append once it is confirmed."""
    asyncio.run(_run(kind, url, space, told))


async def _run(kind: str, url: str, space: str, told: Path) -> None:
    store = made_store(kind, url, space)
    descriptor = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    number = {stream: await store.version(stream) // TOGETHER for stream in STREAMS}
    while True:
        for stream in STREAMS:
            await store.append(stream, commit(stream, number[stream]), expected=number[stream] * TOGETHER)
            os.write(descriptor, f"{stream} {number[stream]}\n".encode())
            number[stream] += 1


async def persistently(store: OutsideStore, stream: str, counts: Sequence[int]) -> None:
    """Append, and again whenever the server is away: what was stored all the same is not stored twice."""
    for number in counts:
        while True:
            try:
                await store.append(stream, commit(stream, number), expected=StreamState.ANY)
                break
            except (UnavailableError, ConcurrencyError):
                await asyncio.sleep(0.02)
