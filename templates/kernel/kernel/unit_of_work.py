"""Which transaction the running code belongs to, found through a context variable instead of being passed around.

The rules are those of REQUIRED in Spring: an inner block joins the outer one, and an inner failure dooms the whole,
even if somebody catches it, because half of a unit of work must never be committed.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import Generic, Protocol, TypeVar

from .errors import TransactionError

S = TypeVar("S")


class UnitOfWork(Protocol):
    """What a service needs to make several writes succeed or fail together."""

    def transaction(self, *, savepoint: bool = False, new: bool = False) -> AbstractAsyncContextManager[object]: ...


class Unit(Generic[S]):
    """One transaction or savepoint: what it runs on, whose task it is and whether it may still commit."""

    __slots__ = ("afterwards", "closed", "doomed_by", "owner", "resource")

    def __init__(self, resource: S) -> None:
        self.resource = resource
        self.afterwards: list[Callable[[], Awaitable[None]]] = []
        self.owner = asyncio.current_task()
        self.doomed_by: BaseException | None = None
        self.closed = False

    def refuse_if_doomed(self) -> None:
        """Raise TransactionError when an inner block failed: nothing here may be committed any more."""
        if self.doomed_by is not None:
            raise TransactionError(
                f"an inner block of this transaction failed ({type(self.doomed_by).__name__}: {self.doomed_by}) and "
                "the failure was caught; use transaction(savepoint=True) around what may fail"
            ) from self.doomed_by


class CurrentUnit(Generic[S]):
    """The innermost open unit of the running task, for one database."""

    def __init__(self, name: str) -> None:
        self._units: ContextVar[Unit[S] | None] = ContextVar(name, default=None)

    def find(self) -> Unit[S] | None:
        """Answer the unit to work in, or None outside a transaction.

        Raises TransactionError in a task started inside somebody else's transaction, and in a doomed one.
        """
        unit = self._units.get()
        if unit is None or unit.closed:
            return None
        if unit.owner is not asyncio.current_task():
            raise TransactionError(
                "this task was started inside a transaction that belongs to another task and cannot share it; "
                "await the work in the owning task, or open its own with transaction(new=True)"
            )
        unit.refuse_if_doomed()
        return unit

    def inside(self) -> bool:
        """Say whether the context holds an open unit, whoever owns it."""
        unit = self._units.get()
        return unit is not None and not unit.closed

    @asynccontextmanager
    async def entered(self, unit: Unit[S]) -> AsyncGenerator[None]:
        """Make a unit current; leaving checks that no inner failure was swallowed."""
        token = self._units.set(unit)
        try:
            yield
            unit.refuse_if_doomed()
        finally:
            unit.closed = True
            self._units.reset(token)

    @asynccontextmanager
    async def joined(self, unit: Unit[S]) -> AsyncGenerator[None]:
        """Take part in a unit; any failure dooms it."""
        try:
            yield
        except BaseException as error:
            unit.doomed_by = unit.doomed_by or error
            raise
