"""Decides, from the files and the control table, what is pending, what goes back, and what must be refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from arckode_gen.errors import RefusedError, UsageError, nearest
from arckode_gen.migrations.control import latest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_gen.migrations.control import Entry
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.files import Source

State = Literal["applied", "pending", "edited", "removed", "unfinished"]
UNFINISHED = ("running", "failed", "reverting", "revert_failed")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one migration stands; `source` is None when its file is gone, `entry` when it was never applied."""

    name: str
    state: State
    source: Source | None
    entry: Entry | None
    late: bool = False


def stand(sources: Iterable[Source], entries: Iterable[Entry], dialect: Dialect) -> tuple[Standing, ...]:
    """Return where every migration stands, in order of name; only files whose bytes changed are parsed.

    Raises:
        RefusedError: a changed file cannot be read.
    """
    files = {source.name: source for source in sources}
    rows = latest(entries)
    newest = max((name for name, entry in rows.items() if entry.status == "applied"), default="")
    return tuple(
        _standing(name, files.get(name), rows.get(name), newest, dialect) for name in sorted(files.keys() | rows.keys())
    )


def _standing(name: str, source: Source | None, entry: Entry | None, newest: str, dialect: Dialect) -> Standing:
    if entry is None:
        return Standing(name, "pending", source, None, late=name < newest)
    if source is None:
        return Standing(name, "removed", None, entry)
    if entry.status in UNFINISHED:
        return Standing(name, "unfinished", source, entry)
    return Standing(name, "edited" if _is_edited(source, entry, dialect) else "applied", source, entry)


def _is_edited(source: Source, entry: Entry, dialect: Dialect) -> bool:
    if source.digest == entry.file_hash:
        return False
    from arckode_gen.migrations.checksum import checksum
    from arckode_gen.migrations.reading import read

    migration = read(source)
    return checksum(migration, migration.step("up", dialect), dialect) != entry.checksum


def pending(standings: Iterable[Standing], to: str = "") -> tuple[Standing, ...]:
    """Return what a run applies: unfinished and pending files up to `to`, in order of name."""
    return tuple(item for item in standings if item.state in ("pending", "unfinished") and (not to or item.name <= to))


def going_back(
    standings: Iterable[Standing], entries: Iterable[Entry], count: int, to: str = ""
) -> tuple[Standing, ...]:
    """Return what a rollback reverts, the last applied first: everything after `to`, or at most `count` files.

    Raises:
        RefusedError: a run was interrupted and must be finished first.
    """
    order = {entry.name: entry.entry for entry in entries}
    there = [item for item in standings if item.entry is not None and item.source is not None]
    broken = next((item for item in there if item.entry and item.entry.status in ("running", "failed")), None)
    if broken is not None:
        raise RefusedError(
            f"{broken.name} is half applied, so there is nothing whole to roll back",
            "finish it first: `arckode db:migrate`",
        )
    last_first = sorted(there, key=lambda item: order[item.name], reverse=True)
    if not to:
        return tuple(last_first[:count])
    return tuple(item for item in last_first if item.name > to)


def resolve(word: str, names: Iterable[str]) -> str:
    """Return the migration that `word` names: whole, by its number, or by any beginning that only one has.

    Raises:
        UsageError: none or several have it.
    """
    known = sorted(names)
    if word in known:
        return word
    found = [name for name in known if name.startswith(word)] or [name for name in known if name.endswith(f"_{word}")]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"'{word}' could be any of {', '.join(found)}", "write more of its name")
    raise UsageError(
        f"no migration is called '{word}'", nearest(word, known) or "run `arckode db:status` for the names"
    )
