"""The query bus: one way for everything that somebody wants to know, checked at the start as the commands are."""

import asyncio
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from .access import PUBLIC, Access, Principal
from .app import Kernel
from .errors import UnavailableError
from .ids import new_id
from .message_handlers import Handler, Handlers, MessageContext, Registration

__all__ = ["MessageContext", "Query", "QueryBus", "use_queries"]

R = TypeVar("R")
Q = TypeVar("Q", bound="Query[Any]")


class Query(BaseModel, Generic[R]):
    """What somebody wants to know; `R` is what is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class QueryBus:
    """Answers queries; the composition root says who answers which."""

    def __init__(self) -> None:
        self.handlers = Handlers("query")

    def register(
        self, kind: type[Q], handler: Handler[Q, object], *, access: Access = PUBLIC, timeout: float = 10.0
    ) -> None:
        """Say who answers queries of a kind, who may ask them, and the seconds that it may take.

        Raises WiringError for a kind that somebody answers.
        """
        self.handlers.add(Registration(kind, handler, access, timeout))

    def asks(self, kind: type[BaseModel], sender: object) -> "QueryBus":
        """Remember who asks queries of a kind, so that the start tells when nobody answers them."""
        self.handlers.send(kind, type(sender).__name__)
        return self

    async def ask(self, query: Query[R], *, principal: Principal | None = None) -> R:
        """Answer a query.

        Raises AuthError and ForbiddenError for who may not, UnavailableError when it takes too long, and what the
        handler raises.
        """
        registration = self.handlers.of(type(query))
        registration.access.check(principal)
        try:
            async with asyncio.timeout(registration.timeout):
                answer: R = await registration.handler(query, MessageContext(new_id(), principal))
        except TimeoutError:
            message = f"{type(query).__name__} took longer than {registration.timeout:g} seconds"
            raise UnavailableError(message, code="query_timeout") from None
        return answer


def use_queries(kernel: Kernel) -> QueryBus:
    """Give the application its query bus, `kernel.resolve(QueryBus)`, checked at the start."""
    bus = QueryBus()
    kernel.share(bus)
    kernel.on_start(bus.handlers.check)
    return bus
