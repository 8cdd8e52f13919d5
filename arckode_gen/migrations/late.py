"""Refuses a file that sorts before an applied one when both change the same table: no two databases would agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.touched import tables
from arckode_gen.migrations.work import plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.schedule import Standing


def refuse_late(wanted: Iterable[Standing], standings: Iterable[Standing], dialect: Dialect) -> None:
    """Pass when every late file changes other tables than the applied ones that it sorts before.

    Raises:
        RefusedError: two change the same table, so that the order decides what the table becomes.
    """
    late = [item for item in wanted if item.late]
    applied = [item for item in standings if item.state == "applied"]
    changes = {item.name: _tables(item, dialect) for item in (*late, *(applied if late else ()))}
    for item in late:
        for other in applied:
            both = sorted(changes[item.name] & changes[other.name]) if other.name > item.name else []
            if both:
                raise RefusedError(
                    f"{item.name} sorts before {other.name}, which is applied, and both change {', '.join(both)}",
                    "give the file a newer number, so that every database runs both in the same order; "
                    "--allow-late applies it all the same",
                )


def _tables(item: Standing, dialect: Dialect) -> frozenset[str]:
    return tables(plan(item.source, "up", dialect), dialect) if item.source is not None else frozenset()
