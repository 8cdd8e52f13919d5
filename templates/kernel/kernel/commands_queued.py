"""Commands that are handled later, by a worker: accepted in the caller's transaction, and followed by their id."""

from collections.abc import Mapping
from uuid import UUID

from pydantic import BaseModel

from .access import Principal
from .app import Kernel
from .commands import Command, CommandBus, MessageContext, problem_of, read_command
from .errors import AppError, UnavailableError
from .http.commands import CommandsController
from .ids import new_id
from .queue import QUEUE, Job, Queue

_JOB = "handle_command"


class _Sender(BaseModel):
    id: UUID
    tenant: UUID | None
    permissions: frozenset[str]
    session: UUID | None
    recent: bool


class _Queued(BaseModel):
    id: UUID
    name: str
    values: dict[str, object]
    sender: _Sender | None


class QueuedCommands:
    """Accepts commands for the workers of the queue."""

    def __init__(self, commands: CommandBus, queue: Queue) -> None:
        self._commands = commands
        self._queue = queue
        queue.register(_JOB, self._run, max_attempts=5)

    def sends(self, kind: type[Command], sender: object) -> "QueuedCommands":
        """Remember who sends commands of a kind, so that the start tells when nobody handles them."""
        self._commands.sends(kind, sender)
        return self

    async def accept(
        self, command: Command, *, command_id: UUID | None = None, principal: Principal | None = None
    ) -> UUID:
        """Let a command happen soon, and answer its id; one that is there already is not accepted twice.

        What is personal of it waits sealed with the key of the person. Raises AuthError and ForbiddenError for who may
        not, and ConflictError for an id that another command has, or for what is personal of somebody who was
        forgotten. What becomes of it is told by `CommandBus.status`.
        """
        context = MessageContext(command_id or new_id(), principal)
        async with self._commands.database.transaction():
            if await self._commands.accept(command, context):
                await self._queue.dispatch(_JOB, await self._stored(command, context), key=f"command-{context.id}")
        return context.id

    async def _run(self, job: Job) -> None:
        queued = job.read(_Queued)
        kind = self._commands.handlers.named(queued.name).kind
        sender = Principal(**dict(queued.sender)) if queued.sender else None
        try:
            values: Mapping[str, object] = queued.values
            if (seals := self._commands.parts.command_seals) is not None:
                values = await seals.open(kind, values, queued.id)
            command = read_command(kind, values)
            await self._commands.execute(command, command_id=queued.id, principal=sender)
        except AppError as error:
            if isinstance(error, UnavailableError) and job.attempts < job.max_attempts:
                raise
            await self._commands.fail(queued.id, problem_of(error))
        except Exception:
            if job.attempts >= job.max_attempts:
                failed = {"code": "internal_error", "message": "it failed, and was tried often enough", "status": 500}
                await self._commands.fail(queued.id, failed)
            raise

    async def _stored(self, command: Command, context: MessageContext) -> Mapping[str, object]:
        who, seals = context.principal, self._commands.parts.command_seals
        sender = None
        if who is not None:
            sender = _Sender(
                id=who.id, tenant=who.tenant, permissions=who.permissions, session=who.session, recent=who.recent
            )
        values = command.model_dump(mode="json") if seals is None else await seals.seal(command, context.id)
        made = _Queued(id=context.id, name=type(command).__name__, values=values, sender=sender)
        return made.model_dump(mode="json")


def use_queued_commands(kernel: Kernel) -> QueuedCommands:
    """Let commands be accepted for the workers, `kernel.resolve(QueuedCommands)`, and asked about by their senders."""
    commands = kernel.resolve(CommandBus)
    queued = QueuedCommands(commands, kernel.adapter(QUEUE))
    kernel.add_module("commands", service=queued, router=CommandsController(commands).router())
    return queued
