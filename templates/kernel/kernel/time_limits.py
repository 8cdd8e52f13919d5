"""A time limit for what is done so often that a timer for each would cost more than most of them take."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class TimeLimit:
    """So many seconds for each of many things; one timer looks after all, as the first that began is late first.

    A task does one of them at a time. Cancelling works as with `asyncio.timeout`, which it stands for.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: dict[asyncio.Task[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def of(self, asked: Awaitable[T]) -> T:
        """Wait for something, in a task. Raises TimeoutError when it takes too long."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("there is a time limit only for what runs in a task")
        before = task.cancelling()
        self._begin(task)
        try:
            return await asked
        except asyncio.CancelledError as error:
            if task not in self._ends and task.cancelling() - 1 <= before:  # nobody but the timer has cancelled it
                raise TimeoutError from error
            raise
        finally:
            if self._ends.pop(task, None) is None:
                task.uncancel()

    def _begin(self, task: asyncio.Task[Any]) -> None:
        loop = task.get_loop()
        end = self._ends[task] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(end, self._look)

    def _look(self) -> None:
        """Cancel what is late, and look again when the next one would be."""
        self._timer = None
        for task, end in list(self._ends.items()):
            loop = task.get_loop()
            if end > loop.time():
                self._timer = loop.call_at(end, self._look)
                return
            del self._ends[task]
            task.cancel()
