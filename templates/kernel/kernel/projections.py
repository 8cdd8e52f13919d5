"""Read models that follow the events: what is there first, and then what comes.

They run inside the application and its workers, any number of them, unless PROJECTIONS__RUN_IN_APP says no. Rows are
written a moment after the event; `wait_for` makes a reader wait until what it just did is in them.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from pydantic import BaseModel, ConfigDict, Field

from .app import Kernel
from .database import Database
from .errors import NotFoundError, UnavailableError, ValidationError, WiringError, suggestion
from .event_catalogue import EventCatalogue
from .event_store import EVENT_STORE, START, EventStore, Position
from .http.projection_metrics import ProjectionMetricsController
from .projection_runs import Checkpoint, Projection, ProjectionRuns, State

__all__ = ["Projection", "ProjectionSettings", "ProjectionStatus", "Projections", "use_projections"]

_COUNTED = 1000
_LONGEST_PAUSE = 60.0
_ABANDONED = timedelta(seconds=60)
logger = structlog.get_logger("projections")


class ProjectionSettings(BaseModel):
    """How projections follow the events."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_in_app: bool = Field(default=True, description="Follow the events in each process, but those of tests.")
    batch: int = Field(default=200, ge=1, description="Events that are written in one transaction.")
    patience: float = Field(default=5.0, gt=0, description="Seconds that a reader waits for what it just did.")
    metrics: bool = Field(default=False, description="Serve /projections to whoever can reach it.")


@dataclass(frozen=True, slots=True)
class ProjectionStatus:
    """How a projection is doing. `behind` counts events to 1000 at most, `lag` is the age of the oldest in seconds."""

    name: str
    state: State
    version: int
    generation: int
    position: str
    behind: int
    lag: float
    error: str


class NotProjectedError(UnavailableError):
    """What the caller did is not in the read model yet; `Retry-After` says when to ask again."""

    default_code = "not_projected"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} does not know yet what was done; ask again")
        self.headers = {"Retry-After": "1"}


class Projections:
    """The projections of the application, by their names."""

    def __init__(
        self, store: EventStore, database: Database, catalogue: EventCatalogue, settings: ProjectionSettings
    ) -> None:
        self._store = store
        self._database = database
        self._catalogue = catalogue
        self._settings = settings
        self._runs = ProjectionRuns(store, database, catalogue, batch=settings.batch)
        self._projections: dict[str, Projection] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._projections))

    def add(self, projection: Projection) -> None:
        """Let a projection follow the events. Raises WiringError for a name that is there, or rows of another's."""
        if projection.name in self._projections:
            raise WiringError(f"the projection '{projection.name}' is added twice")
        for table in projection.tables:
            if table.projection != projection.name:
                message = f"{type(table).__name__} is of the projection '{table.projection}'"
                raise WiringError(f"{message}, and '{projection.name}' would write it")
        self._projections[projection.name] = projection

    def named(self, name: str) -> Projection:
        """Answer a projection. Raises NotFoundError naming the nearest one."""
        if name not in self._projections:
            raise NotFoundError(f"there is no projection '{name}'{suggestion(name, self.names)}")
        return self._projections[name]

    async def check(self) -> None:
        """Raise WiringError for an event that nobody declares: it would never come."""
        for projection in self._projections.values():
            for unknown in sorted(set(projection.events) - self._catalogue.types):
                message = f"the projection '{projection.name}' waits for '{unknown}', which no aggregate declares"
                raise WiringError(message + suggestion(unknown, sorted(self._catalogue.types)))

    async def catch_up(self, name: str = "") -> None:
        """Write everything that is known by now, of one projection or of all; for tests and commands."""
        for projection in [self.named(name)] if name else self._projections.values():
            while await self._runs.advance(projection):
                pass

    async def rebuild(self, name: str, report: Callable[[int], None] = lambda _count: None) -> int:
        """Make all rows of a projection anew while the old ones are read, and answer of how many events.

        Raises NotFoundError, and ConflictError when another rebuild of it began meanwhile.
        """
        return await self._runs.rebuild(self.named(name), report)

    async def wait_for(self, name: str, position: Position | None) -> None:
        """Wait until a projection has written everything up to a position, which a write answered.

        Raises NotProjectedError when that takes longer than PROJECTIONS__PATIENCE, NotFoundError, and ValidationError
        for a position that no write answered: it would never come.
        """
        projection, pause = self.named(name), 0.01
        if position is None or position <= START or await self._has_written(projection, position):
            return
        if not await self._store.may_hold(position):
            fields = {"event-position": "is not one that a write answered"}
            raise ValidationError("Nothing has happened at this position.", code="position_unknown", fields=fields)
        try:
            async with asyncio.timeout(self._settings.patience):
                while not await self._has_written(projection, position):
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, self._store.poll)
        except TimeoutError:
            raise NotProjectedError(name) from None

    async def status(self) -> tuple[ProjectionStatus, ...]:
        """Answer how each projection is doing, by name."""
        return tuple([await self._status(self._projections[name]) for name in self.names])

    async def ping(self) -> None:
        """Raise UnavailableError naming the projections that fail."""
        found = [await self._runs.live(each) for each in self._projections.values()]
        failing = [name for name, at in zip(self._projections, found, strict=True) if at is not None and at.error]
        if failing:
            raise UnavailableError(f"failing: {', '.join(sorted(failing))}; see `arckode projection:status`")

    async def run(self) -> None:
        """Follow the events until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for projection in self._projections.values():
                group.create_task(self._follow(projection), name=f"projection {projection.name}")

    async def _follow(self, projection: Projection) -> None:
        failures = 0
        while True:
            try:
                if not await self._step(projection):
                    await self._store.changed(self._store.poll)
                failures = 0
            except Exception as error:
                failures += 1
                logger.exception("the projection fails", projection=projection.name, failures=failures)
                await self._failed(projection, error, failures)

    async def _has_written(self, projection: Projection, position: Position) -> bool:
        at = await self._runs.live(projection)
        return at is not None and at.position >= position

    async def _step(self, projection: Projection) -> bool:
        at = await self._runs.live(projection)
        if at is not None and at.version > projection.version:
            await asyncio.sleep(_LONGEST_PAUSE / 6)  # a newer program is at work, and this one's rows would be wrong
            return False
        if at is not None and at.version < projection.version:
            return await self._renew(projection)
        return await self._runs.advance(projection)

    async def _renew(self, projection: Projection) -> bool:
        """Rebuild what an older version wrote, unless another process is at it; the old rows go on until then."""
        if await self._is_rebuilt(projection):
            return False
        count = await self._runs.rebuild(projection)
        logger.info("the projection was rebuilt", projection=projection.name, version=projection.version, events=count)
        return True

    async def _is_rebuilt(self, projection: Projection) -> bool:
        """Tell whether a rebuild is under way; one that has done nothing for a while was killed."""
        building = await self._runs.building(projection)
        now = self._database.clock.now()
        return building is not None and building.updated_at + _ABANDONED > now

    async def _failed(self, projection: Projection, error: Exception, failures: int) -> None:
        try:
            await self._runs.fail(projection, str(error), self._database.clock.now())
        except Exception:
            logger.exception("that it fails could not be stored", projection=projection.name)
        await asyncio.sleep(min(_LONGEST_PAUSE, 0.5 * 2 ** min(failures, 10)) * (1 + secrets.randbelow(100) / 100) / 2)

    async def _status(self, projection: Projection) -> ProjectionStatus:
        at = await self._runs.live(projection)
        if at is None:
            return ProjectionStatus(projection.name, "new", projection.version, 0, "", 0, 0.0, "")
        waiting = await self._runs.behind(projection, at.position, _COUNTED)
        lag = (self._database.clock.now() - waiting[0].recorded_at).total_seconds() if waiting else 0.0
        state = await self._state(projection, at, behind=bool(waiting))
        position = str(at.position)
        return ProjectionStatus(
            projection.name, state, at.version, at.generation, position, len(waiting), max(lag, 0.0), at.error
        )

    async def _state(self, projection: Projection, at: Checkpoint, *, behind: bool) -> State:
        if await self._is_rebuilt(projection):
            return "rebuilding"
        if at.error:
            return "failing"
        if at.version != projection.version:
            return "older" if at.version < projection.version else "newer"
        return "behind" if behind else "live"


def use_projections(kernel: Kernel) -> Projections:
    """Give the application its projections, `kernel.resolve(Projections)`, and let them run from its start to its end.

    In tests they stand still: `await projections.catch_up()` writes what is known.
    """
    settings = kernel.settings.of(ProjectionSettings)
    catalogue = EventCatalogue.of(kernel)
    projections = Projections(kernel.adapter(EVENT_STORE), kernel.database, catalogue, settings)
    kernel.share(projections)
    if settings.metrics:
        measured = ProjectionMetricsController(projections)
        kernel.add_module("projection_metrics", service=measured, router=measured.router())
    kernel.add_probe("projections", projections.ping, optional=True)
    kernel.on_start(projections.check)
    if not settings.run_in_app or kernel.settings.environment == "test":
        return projections
    running: list[asyncio.Task[None]] = []

    async def start() -> None:
        running.append(asyncio.create_task(projections.run()))

    async def stop() -> None:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    kernel.on_ready(start)
    kernel.on_stop(stop)
    return projections
