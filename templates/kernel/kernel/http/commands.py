"""Commands over HTTP: an id of the caller's own makes one happen once; what was accepted can be asked about."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request

from ..access import PUBLIC, Principal
from ..commands import CommandBus, CommandStatus
from .routing import ModuleRouter, authenticated
from .schema import ApiModel

CommandId = Annotated[
    UUID | None, Header(description="An id of the caller's own: a command that is sent again does not happen again.")
]


async def _sender(request: Request) -> Principal | None:
    proven = request.scope.get("principal")
    return proven if isinstance(proven, Principal) else None


Sender = Annotated[Principal | None, Depends(_sender)]


class CommandOut(ApiModel):
    """What became of a command; `position` lets a read of a projection wait for it."""

    command_id: UUID
    aggregate_id: UUID
    version: int
    position: str


class AcceptedOut(ApiModel):
    """A command that will be handled; `statusUrl` tells what becomes of it."""

    command_id: UUID
    aggregate_id: UUID
    status_url: str

    @classmethod
    def of(cls, command_id: UUID, aggregate_id: UUID) -> "AcceptedOut":
        return cls(command_id=command_id, aggregate_id=aggregate_id, status_url=f"/commands/{command_id}")


class CommandProblem(ApiModel):
    code: str
    message: str
    status: int


class CommandStatusOut(ApiModel):
    command_id: UUID
    name: str
    status: str
    outcome: CommandOut | None
    problem: CommandProblem | None


class CommandsController:
    """Tells what became of commands to who sent them; others learn nothing, not even that there is one."""

    def __init__(self, commands: CommandBus) -> None:
        self._commands = commands

    def router(self) -> APIRouter:
        routes = ModuleRouter("commands")
        routes.get("/{command_id:uuid}", self.show, access=PUBLIC)
        return routes.router

    async def show(self, request: Request, command_id: UUID) -> CommandStatusOut:
        """Show how a command is doing: accepted, done or failed."""
        found: CommandStatus = await self._commands.status(command_id, principal=await authenticated(request))
        return CommandStatusOut.model_validate(found)
