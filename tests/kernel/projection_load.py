"""A read model that a double event would spoil, and a process that follows the events until it is killed."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped  # noqa: TC002  SQLAlchemy reads the annotation

from kernel.database import Database
from kernel.event_catalogue import EventCatalogue, EventData
from kernel.event_store_database import DatabaseEvents
from kernel.model import Entity
from kernel.projections import Projection, Projections, ProjectionSettings
from kernel.read_models import ReadModel, ReadModelRepository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kernel.event_store import EventStore
    from kernel.event_store import RecordedEvent as Recorded


class Scored(EventData):
    """Version 1 called the points `score`."""

    type: ClassVar[str] = "players.scored"
    version: ClassVar[int] = 2
    upcasters: ClassVar[Mapping[int, object]] = {1: lambda data: {"points": data["score"]}}  # type: ignore[assignment]  # lambdas have no types

    points: int


class Score(ReadModel, Entity):
    """What a player has; adding an event twice or not at all makes it wrong for ever."""

    __tablename__ = "scores"

    points: Mapped[int]
    events: Mapped[int]


class Scores(ReadModelRepository[Score]):
    model = Score
    projection = "scores"


class ScoreProjection(Projection):
    name = "scores"
    events = (Scored.type,)

    def __init__(self, scores: Scores) -> None:
        super().__init__(scores)
        self._scores = scores

    async def apply(self, recorded: Recorded) -> None:
        data = Scored.model_validate(dict(recorded.event.data))
        key = UUID(recorded.event.key)
        if await self._scores.increment(key, "points", data.points) is None:
            await self._scores.create({"id": key, "points": data.points, "events": 1})
        else:
            await self._scores.increment(key, "events")


def projections_on(
    database: Database, store: EventStore, *, batch: int = 10, patience: float = 5, projection: Projection | None = None
) -> Projections:
    catalogue = EventCatalogue()
    catalogue.add([Scored])
    made = Projections(store, database, catalogue, ProjectionSettings(batch=batch, patience=patience))
    made.add(projection or ScoreProjection(Scores(database)))
    return made


async def main(url: str) -> None:
    database = Database(url)
    await projections_on(database, DatabaseEvents(database, poll=0.02)).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
