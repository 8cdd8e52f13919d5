"""Calls the `up(db)` or `down(db)` of a migration."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from arckode_gen.migrations.data import Database
from arckode_gen.migrations.isolation import isolated

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.data import Steps
    from arckode_gen.migrations.work import Work


async def call(connection: Connection, work: Work, steps: Steps) -> None:
    """Run the function inside the transaction that is open; whatever it raises goes through."""
    with isolated(work.source) as module:
        function = cast("Callable[[Database], Awaitable[None]]", vars(module)[work.direction])
        await function(Database(connection, steps))
