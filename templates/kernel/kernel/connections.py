"""What open streams and sockets have in common: how many somebody may have, and whether they still may."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol
from uuid import UUID

import structlog

from .access import Principal
from .errors import AppError, TooManyRequestsError

logger = structlog.get_logger("connections")


class Caller(Protocol):
    """Who has a connection open; `user` is empty for somebody who is not signed in."""

    id: UUID
    principal: Principal | None
    address: str

    @property
    def user(self) -> str: ...


class Most(Protocol):
    """How many one process takes of a user, or of an address of those who are not signed in."""

    @property
    def per_user(self) -> int: ...

    @property
    def per_address(self) -> int: ...

    @property
    def heartbeat(self) -> float: ...


def refuse_too_many(caller: Caller, there: Iterable[Caller], most: Most, what: str) -> None:
    """Raise TooManyRequestsError where somebody has as many `what` open as they may."""
    count = sum(each.user == caller.user and bool(each.user or each.address == caller.address) for each in there)
    if count >= (most.per_user if caller.user else most.per_address):
        raise TooManyRequestsError(f"You have {count} {what} open already; close one.", retry_after=most.heartbeat)


async def check_again(
    caller: Caller, prove: Callable[[], Awaitable[Principal | None]], end: Callable[[AppError], None]
) -> None:
    """End the connection of whoever may not have it any more; they come back with a new token, or are refused."""
    if caller.principal is None:
        return
    try:
        caller.principal = await prove()
    except AppError as error:
        end(error)
    except Exception:
        logger.exception("the caller of a connection could not be checked", caller=str(caller.id))
