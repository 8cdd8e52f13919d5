"""Refuses a project whose applied migrations were edited or removed, and shows the difference."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.control import Control
from arckode_gen.migrations.reading import read
from arckode_gen.migrations.repairing import choices
from arckode_gen.migrations.schedule import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.schedule import Standing


async def refuse_changed(connection: Connection, standings: Iterable[Standing]) -> None:
    """Pass when every applied file is as it was applied.

    Raises:
        RefusedError: one was edited or removed; the message holds the diff against the stored copy.
    """
    changed = [item for item in standings if item.state in ("edited", "removed")]
    if not changed:
        return
    diffs = [said for item in changed if (said := await difference(connection, item))]
    one = len(changed) == 1
    names = ", ".join(f"{item.name} was {item.state}{_when(item)}" for item in changed)
    raise RefusedError(
        f"{'an applied migration has' if one else 'applied migrations have'} changed: {names}"
        + "".join(f"\n{said}" for said in diffs),
        "put the file back as it was applied (`git log -- <file>` has it) and write a new migration for the change; "
        f"or {' or '.join(dict.fromkeys(choices(item) for item in changed))}",
    )


def _when(item: Standing) -> str:
    entry = item.entry
    if entry is None or entry.status not in UNFINISHED:
        return ""
    return f" after it broke off ({entry.done} of {entry.total} statements had taken effect)"


async def difference(connection: Connection, item: Standing) -> str:
    """Return the unified diff from the stored copy to the file as it is now."""
    entry = item.entry
    stored = await Control(connection).stored(entry.entry) if entry else ""
    current = ""
    if item.source is not None:
        migration = read(item.source)
        current = migration.text(migration.step("up", connection.dialect))
    lines = unified_diff(
        stored.splitlines(),
        current.splitlines(),
        f"{item.name} (as applied{f' {entry.finished_at}' if entry and entry.finished_at else ''})",
        item.source.label if item.source else "(removed)",
        lineterm="",
        n=1,
    )
    return "\n".join(lines)
