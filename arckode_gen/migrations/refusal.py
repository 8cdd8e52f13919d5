"""Refuses a project whose applied migrations were edited or removed, and shows the difference."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.control import Control
from arckode_gen.migrations.reading import read
from arckode_gen.migrations.repairing import choices

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
    diffs = [await difference(connection, item) for item in changed]
    one = len(changed) == 1
    names = ", ".join(f"{item.name} was {item.state}" for item in changed)
    raise RefusedError(
        f"{'an applied migration has' if one else 'applied migrations have'} changed: {names}\n" + "\n".join(diffs),
        "put the file back as it was applied (`git log -- <file>` has it) and write a new migration for the change; "
        f"or {' or '.join(dict.fromkeys(choices(item) for item in changed))}",
    )


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
        f"{item.name} (as applied{f' {entry.finished_at}' if entry else ''})",
        item.source.label if item.source else "(removed)",
        lineterm="",
        n=1,
    )
    return "\n".join(lines)
