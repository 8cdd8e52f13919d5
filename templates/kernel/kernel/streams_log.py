"""What was published to streams, in order and for a while: a reader that comes back is given what it missed."""

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Protocol, TypeAlias

_ID = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
BEGINNING = "0-0"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was published; ids grow, and look like those of Redis: `1764230400000-0`."""

    id: str
    text: str


Deliver: TypeAlias = Callable[[str, Entry], None]


class StreamLog(Protocol):
    """Keeps the last entries of each stream, and hands new ones over in their order."""

    async def start(self, streams: tuple[str, ...], deliver: Deliver) -> None: ...

    async def stop(self) -> None: ...

    async def append(self, stream: str, text: str) -> None:
        """Keep a text and deliver it in every process. Raises UnavailableError when that cannot be done."""
        ...

    async def since(self, stream: str, last: str) -> list[Entry] | None:
        """Answer what came after an id, or None when some of that is kept no more. Raises UnavailableError."""
        ...

    def position(self, stream: str) -> str | None:
        """Answer the id of what was delivered last, None while that is not known."""
        ...


class MemoryLog:
    """Implements StreamLog for one process. Ids begin with its start, so that one of an earlier process is known."""

    def __init__(self, replay: int) -> None:
        self._replay = replay
        self._began = time.time_ns() // 1_000_000
        self._numbers = count(1)
        self._kept: dict[str, deque[Entry]] = {}
        self._forgotten: dict[str, str] = {}
        self._deliver: Deliver | None = None

    async def start(self, streams: tuple[str, ...], deliver: Deliver) -> None:
        self._kept = {stream: self._kept.get(stream, deque()) for stream in streams}
        self._deliver = deliver

    async def stop(self) -> None:
        self._deliver = None

    async def append(self, stream: str, text: str) -> None:
        entry = Entry(f"{self._began}-{next(self._numbers)}", text)
        kept = self._kept.setdefault(stream, deque())
        kept.append(entry)
        if len(kept) > self._replay:
            self._forgotten[stream] = kept.popleft().id
        if self._deliver is not None:
            self._deliver(stream, entry)

    async def since(self, stream: str, last: str) -> list[Entry] | None:
        place, oldest = order(last), order(self._forgotten.get(stream, f"{self._began}-0"))
        if place is None or oldest is None or place < oldest or place[0] != self._began:
            return None
        return [entry for entry in self._kept.get(stream, ()) if (order(entry.id) or place) > place]

    def position(self, stream: str) -> str | None:
        kept = self._kept.get(stream)
        return kept[-1].id if kept else self._forgotten.get(stream, f"{self._began}-0")


def order(entry: str) -> tuple[int, int] | None:
    """Answer what ids are compared by, or None for a text that is no id."""
    found = _ID.fullmatch(entry)
    return (int(found[1]), int(found[2])) if found else None
