"""The command bus: one way for everything that somebody wants to happen.

A command is checked, allowed, handled in one unit of work, decided anew when somebody else was faster, given up after a
time, and remembered by its id: one that is sent again does not happen again, and is answered as the first time.
"""

import asyncio
import base64
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import structlog
from pydantic import ValidationError as InvalidError
from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from .access import PUBLIC, Access, Principal
from .aggregate_parts import AggregateParts
from .aggregates import Aggregate, Command
from .app import Kernel
from .clock import Clock
from .command_table import CommandRow
from .database import Database
from .errors import AppError, ConflictError, NotFoundError, UnavailableError, ValidationError, WiringError
from .event_personal import subjects_of
from .event_store import ConcurrencyError
from .fields import table_of
from .ids import new_id
from .message_handlers import Handler, Handlers, MessageContext, Registration
from .old_rows import delete_before
from .request_context import current_cause, current_correlation_id, handling

__all__ = [
    "Command",
    "CommandBus",
    "CommandInProgressError",
    "CommandStatus",
    "MessageContext",
    "Outcome",
    "use_commands",
]

C = TypeVar("C", bound=Command)
_ROWS = table_of(CommandRow)
_UPKEEP: Final = 3600.0
_SALT: Final = 15  # with a digest of twice as many bytes it fits the column, as base64
_ACCEPTED, _DONE, _FAILED = "accepted", "done", "failed"
logger = structlog.get_logger("commands")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command: the aggregate it happened to, how many events that has had, and where the last one is.

    `again` says that it had happened before.
    """

    command_id: UUID
    aggregate_id: UUID
    version: int
    position: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class CommandStatus:
    """How a command is doing: accepted, done or failed; `problem` has a code, a message and a status then."""

    command_id: UUID
    name: str
    status: str
    outcome: Outcome | None
    problem: Mapping[str, object] | None


class CommandInProgressError(ConflictError):
    """The same command, under the same id, is being handled at this moment; send it again to be told how it ended."""

    default_code = "command_in_progress"


class CommandBus:
    """Handles commands; the composition root says who handles which."""

    def __init__(self, database: Database, parts: AggregateParts | None = None) -> None:
        self.database = database
        self.handlers = Handlers("command")
        self.parts = parts or AggregateParts()

    def register(
        self,
        kind: type[C],
        handler: Handler[C, Aggregate[Any]],
        *,
        access: Access = PUBLIC,
        timeout: float = 10.0,
        retries: int = 3,
    ) -> None:
        """Say who handles commands of a kind, who may send them, the seconds it may take, and the retries on conflict.

        Raises WiringError for a kind that somebody handles.
        """
        self.handlers.add(Registration(kind, handler, access, timeout, retries))

    def sends(self, kind: type[Command], sender: object) -> "CommandBus":
        """Remember who sends commands of a kind, so that the start tells when nobody handles them."""
        self.handlers.send(kind, type(sender).__name__)
        return self

    async def check(self) -> None:
        """Raise WiringError for a command that nobody handles, or that is personal where nothing seals it."""
        await self.handlers.check()
        for kind in self.handlers.kinds:
            if subjects_of(kind) and self.parts.command_seals is None:
                raise WiringError(
                    f"{kind.__name__} says something about people ({', '.join(subjects_of(kind))}), and nothing seals "
                    "it; call `use_personal_data(kernel)` in the composition root (`arckode make:personal-data`)"
                )

    async def execute(
        self, command: Command, *, command_id: UUID | None = None, principal: Principal | None = None
    ) -> Outcome:
        """Let a command happen, and answer what became of it.

        Raises AuthError and ForbiddenError for who may not, ValidationError for values that do not fit, ConflictError
        for an id that another command has, CommandInProgressError when the caller's transaction met the same command in
        another one, ConcurrencyError when it met others again and again, UnavailableError when it takes too long, and
        what the handler raises. Nothing has happened then.
        """
        registration = self.handlers.of(type(command))
        registration.access.check(principal)
        checked = read_command(type(command), dict(command))
        context = MessageContext(command_id or new_id(), principal)
        correlation, cause = current_correlation_id() or str(context.id), current_cause()
        began = time.monotonic()
        try:
            async with asyncio.timeout(registration.timeout):
                with handling(str(context.id), correlation=correlation, cause=cause):
                    outcome = await self._until_it_fits(registration, checked, context)
        except TimeoutError:
            message = f"{type(command).__name__} took longer than {registration.timeout:g} seconds; send it again"
            raise UnavailableError(message, code="command_timeout") from None
        spent = round((time.monotonic() - began) * 1000, 1)
        logger.info(
            "command", command=type(command).__name__, id=str(context.id), cause=cause, ms=spent, again=outcome.again
        )
        return outcome

    async def status(self, command_id: UUID, *, principal: Principal | None = None) -> CommandStatus:
        """Answer how a command is doing. Raises NotFoundError for one that is unknown, or somebody else's."""
        row = await self._find(command_id)
        if row is None or row.caller != MessageContext(command_id, principal).user:
            raise NotFoundError("there is no such command")
        outcome = None if row.answer is None else _outcome(row.answer, again=False)
        return CommandStatus(row.id, row.name, row.status, outcome, row.problem)

    async def accept(self, command: Command, context: MessageContext) -> bool:
        """Store a command that is handled later, in the running transaction; False when it is there already.

        Raises AuthError and ForbiddenError for who may not, and ConflictError for an id that another command has, or
        for what is personal of somebody who was forgotten.
        """
        self.handlers.of(type(command)).access.check(context.principal)
        row = await self._row(command, context, _ACCEPTED)
        try:
            async with self.database.transaction(savepoint=True) as session:
                await session.execute(insert(_ROWS), row)
        except IntegrityError:
            await self._refuse_another(await self._find(context.id), command, context)
            return False
        return True

    async def fail(self, command_id: UUID, problem: Mapping[str, object]) -> None:
        """Remember why nothing became of an accepted command, and log it without its message, which may name values."""
        changed = {"status": _FAILED, "problem": dict(problem), "finished_at": self.database.clock.now()}
        async with self.database.transaction() as session:
            own = update(_ROWS).where(_ROWS.c.id == command_id, _ROWS.c.status == _ACCEPTED)
            await session.execute(own.values(changed))
        logger.info("command refused", id=str(command_id), code=problem["code"], status=problem["status"])

    async def forget(self, before: datetime) -> int:
        """Forget commands that ended before a time, and answer how many; one that comes again happens again."""
        return await delete_before(self.database, _ROWS.c.finished_at, before)

    async def _until_it_fits(
        self, registration: Registration[Any, Aggregate[Any]], command: Command, context: MessageContext
    ) -> Outcome:
        retries = 0 if self.database.in_transaction() else registration.retries
        for attempt in range(retries + 1):
            try:
                return await self._once(registration, command, context)
            except ConcurrencyError:
                if attempt == retries:
                    raise
                await asyncio.sleep(secrets.randbelow(20 * 2**attempt) / 1000)
            except CommandInProgressError:
                if attempt == retries:
                    raise  # else what became of it is there now
        raise AssertionError("unreachable")

    async def _once(
        self, registration: Registration[Any, Aggregate[Any]], command: Command, context: MessageContext
    ) -> Outcome:
        async with self.database.transaction() as session:
            known = await self._find(context.id)
            await self._refuse_another(known, command, context)
            if known is not None and known.answer is not None:
                return _outcome(known.answer, again=True)
            if known is None:
                # Stored before it is handled: of two that come at once, the second waits here, and finds the first.
                await self._store(session, command, context)
            made = await registration.handler(command, context)
            outcome = Outcome(context.id, made.id, made.version, str(made.position))
            answer = {**asdict(outcome), "command_id": str(outcome.command_id), "aggregate_id": str(made.id)}
            done = {"status": _DONE, "answer": answer, "problem": None, "finished_at": self.database.clock.now()}
            await session.execute(update(_ROWS).where(_ROWS.c.id == context.id).values(done))
            return outcome

    async def _store(self, session: AsyncSession, command: Command, context: MessageContext) -> None:
        row = await self._row(command, context, _ACCEPTED)
        try:
            await session.execute(insert(_ROWS), row)
        except IntegrityError:
            message = f"{type(command).__name__} {context.id} is being handled at this moment; send it again"
            raise CommandInProgressError(message) from None

    async def _find(self, command_id: UUID) -> Row[Any] | None:
        async with self.database.session() as session:
            return (await session.execute(select(_ROWS).where(_ROWS.c.id == command_id))).one_or_none()

    async def _row(self, command: Command, context: MessageContext, status: str) -> dict[str, object]:
        return {
            "id": context.id,
            "name": type(command).__name__,
            "digest": await self._digest(command, secrets.token_bytes(_SALT)),
            "status": status,
            "caller": context.user,
            "answer": None,
            "problem": None,
            "created_at": self.database.clock.now(),
            "finished_at": None,
        }

    async def _refuse_another(self, row: Row[Any] | None, command: Command, context: MessageContext) -> None:
        """Raise ConflictError when an id belongs to another command, or to somebody else's."""
        if row is None:
            return
        salt = base64.b64decode(row.digest)[:_SALT]
        if (row.name, row.caller) != (type(command).__name__, context.user) or not hmac.compare_digest(
            row.digest, await self._digest(command, salt)
        ):
            raise ConflictError("another command has this id; make a new one for each", code="command_reused")

    async def _digest(self, command: Command, salt: bytes) -> str:
        """Tell commands apart without keeping what they say: a salt of the row's own, and what it makes of the values.

        What is personal goes into it under the key of the person, so that nobody can try values once that is gone.
        """
        seals = self.parts.command_seals if subjects_of(type(command)) else None
        values = command.model_dump(mode="json") if seals is None else await seals.digested(command)
        made = hmac.digest(salt, json.dumps(values, sort_keys=True).encode(), "sha256")
        return base64.b64encode(salt + made[: 2 * _SALT]).decode()


def read_command(kind: type[C], values: Mapping[str, object]) -> C:
    """Make a command of what was sent. Raises ValidationError naming each value that does not fit."""
    try:
        return kind.model_validate(dict(values))
    except InvalidError as error:
        fields = {".".join(map(str, each["loc"])) or "command": each["msg"] for each in error.errors()}
        raise ValidationError(f"{kind.__name__} does not fit: {', '.join(fields)}", fields=fields) from None


def problem_of(error: AppError) -> dict[str, object]:
    """Say in stored form why a command was refused."""
    return {"code": error.code, "message": error.message, "status": int(error.status)}


def use_commands(kernel: Kernel, *, remember: timedelta = timedelta(days=30)) -> CommandBus:
    """Give the application its command bus, `kernel.resolve(CommandBus)`, checked at the start.

    What became of a command is remembered so long after its end; nobody should send it again later than that.
    """
    bus = CommandBus(kernel.database, AggregateParts.of(kernel))
    kernel.share(bus)
    kernel.on_start(bus.check)
    upkeep: list[asyncio.Task[None]] = []

    async def start() -> None:
        upkeep.append(asyncio.create_task(_forget_the_old(bus, kernel.clock, remember)))

    async def stop() -> None:
        for task in upkeep:
            task.cancel()
        await asyncio.gather(*upkeep, return_exceptions=True)

    kernel.on_ready(start)
    kernel.on_stop(stop)
    return bus


async def _forget_the_old(bus: CommandBus, clock: Clock, remember: timedelta) -> None:
    while True:
        await asyncio.sleep(_UPKEEP)
        try:
            await bus.forget(clock.now() - remember)
        except Exception:
            logger.exception("commands that ended long ago could not be forgotten")


def _outcome(answer: Mapping[str, object], *, again: bool) -> Outcome:
    command, aggregate = UUID(str(answer["command_id"])), UUID(str(answer["aggregate_id"]))
    return Outcome(command, aggregate, cast("int", answer["version"]), str(answer["position"]), again)
