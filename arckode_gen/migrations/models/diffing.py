"""Answers `db:diff` in the project's interpreter: what differs, and the statements that settle it on every dialect."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData

from arckode_gen.errors import RefusedError
from arckode_gen.migrations import catalogue, files
from arckode_gen.migrations.connection import connect
from arckode_gen.migrations.control import read as read_control
from arckode_gen.migrations.control import who
from arckode_gen.migrations.dialects import DIALECTS
from arckode_gen.migrations.models import reflecting, shadow, sqlite_rebuild
from arckode_gen.migrations.models.ddl import quote
from arckode_gen.migrations.models.differences import candidates, compare, sides
from arckode_gen.migrations.models.filling import becomes_required, filled, unfilled, unreturned, without_requirement
from arckode_gen.migrations.models.metadata import load, share_options
from arckode_gen.migrations.models.named_types import with_types
from arckode_gen.migrations.models.renames import Renames
from arckode_gen.migrations.models.render import pairs
from arckode_gen.migrations.models.written_types import recognise, recognise_gone, written_places, written_types
from arckode_gen.migrations.schedule import stand
from arckode_gen.migrations.url import parse
from arckode_gen.migrations.writing import migration_text, shared

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from arckode_gen.migrations.catalogue import Catalogue
    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.models.sqlite_live import Live
    from arckode_gen.migrations.models.steps import Step
    from arckode_gen.migrations.request import DiffAnswer, Difference, DiffRequest, Pair


def serve(request: DiffRequest) -> DiffAnswer:
    """Compare and answer; nothing is changed but what the shadow needs, and that is gone again.

    Raises:
        UsageError: the metadata or a rename names nothing.
        RefusedError: migrations are pending, or a dialect cannot say what a model says.
        OperationError: the project cannot be imported, or the server cannot be asked.
    """
    return asyncio.run(answer(request, load(Path(request["root"]), request["metadata"])))


async def answer(request: DiffRequest, metadata: MetaData) -> DiffAnswer:
    """Compare the tables of `metadata` with the database.

    Raises:
        ArckodeError: as `serve` does.
    """
    root = Path(request["root"])
    url = parse(request["url"])
    share_options(metadata)
    connection = await connect(url, root, f"arckode db:diff on {who()}", read_only=True)
    try:
        if not request["from_nothing"]:
            await _refuse_pending(connection, root, request["folder"])
        return await _compared(request, metadata, connection)
    finally:
        await connection.close()


async def _compared(request: DiffRequest, metadata: MetaData, connection: Connection) -> DiffAnswer:
    url, here = parse(request["url"]), connection.dialect
    live = {} if request["from_nothing"] else await catalogue.read(connection)
    model = await shadow.read(connection, metadata)
    renames = Renames(request["renames"])
    renames.check(live, model)
    old = MetaData() if request["from_nothing"] else await reflecting.read(url, Path(request["root"]), here, live)
    both = sides((live, old), (model, metadata), here, renames)
    sources = files.find(Path(request["root"]), request["folder"])
    made = written_types(sources)
    if here == "sqlite":
        recognise(both, made)
    if here != "postgresql":
        recognise_gone(both, made, written_places(sources) if made else {}, renames)
    found = compare(both, renames)
    steps = with_types(found, both, here, made)
    done = filled(steps if request["drops"] else with_types(_harmless(found), both, here, made), request["fills"])
    texts = await reflecting.texts(connection) if here == "sqlite" else None
    written = _written(done, _Rendered(metadata, here, texts, request["bare"]), request["dialects"])
    kept = {(step.kind, step.table, step.name, step.verb) for step in done}
    up = {dialect: [sql for pair in pairs for sql in pair["up"]] for dialect, pairs in written.items()}
    down = {dialect: [sql for pair in reversed(pairs) for sql in pair["down"]] for dialect, pairs in written.items()}
    shown, way_back = _shown(done, here), list(unreturned(done, here))
    return {
        "database": url.shown,
        "dialect": here,
        "differences": [
            _told(step, kept=(step.kind, step.table, step.name, step.verb) not in kept) for step in _shown(steps, here)
        ],
        "candidates": [list(pair) for pair in candidates(found, both)],
        "needs": [place async for place in _needs(done, connection)],
        "apart": [*_apart(live, metadata)],
        "fills": request["fills"],
        "up": up,
        "down": down,
        "pairs": written,
        "unreturned": way_back,
        "text": migration_text(request["title"], [*(step.title for step in shown), *way_back], shared(up), shared(down))
        if shown
        else "",
    }


@dataclass(frozen=True, slots=True)
class _Rendered:
    """What the statements are written from; `texts` is what a SQLite database holds, in its own words."""

    metadata: MetaData
    here: Dialect
    texts: Live | None
    bare: bool

    def _waits(self, step: Step, dialect: Dialect) -> bool:
        """Tell whether the safe form of the dialect fills the rows later."""
        return self.bare and becomes_required(step) and (step.old is None or dialect == "postgresql")

    def _as_written(self, step: Step, dialect: Dialect) -> Step:
        """Leave out what the safe form does in a file of its own: it lets a column be empty before it goes."""
        if self._waits(step, dialect):
            return replace(step, fill="")
        gone = step.old if step.new is None and isinstance(step.old, Column) else None
        if self.bare and gone is not None and [*unfilled([step.back], dialect)]:
            return replace(step, old=without_requirement(gone))
        return step

    def pairs(self, steps: Sequence[Step], dialect: Dialect) -> list[Pair]:
        models = self.metadata.tables
        if dialect == "sqlite":
            texts = self.texts if dialect == self.here else None
            up, down = sqlite_rebuild.statements(steps, models, texts)
            return [{"up": up, "down": down}] if steps else []
        chosen = [self._as_written(step, dialect) for step in steps]
        return [{"up": up, "down": down} for up, down in pairs(chosen, models, dialect)]


async def _needs(steps: Sequence[Step], connection: Connection) -> AsyncIterator[str]:
    """Yield the columns that want a value by name; one that only loses its NULLs, when there are some."""
    for step in unfilled(steps, connection.dialect):
        if isinstance(step.old, Column) and not await _has_nulls(step.old, connection):
            continue
        yield f"{step.table}.{step.name}"


async def _has_nulls(column: Column[object], connection: Connection) -> bool:
    table, name = (quote(word, connection.dialect) for word in (column.table.name, column.name))
    return bool(await connection.fetch(f"SELECT 1 AS found FROM {table} WHERE {name} IS NULL LIMIT 1"))  # noqa: S608 - quoted names


def _apart(live: Catalogue, metadata: MetaData) -> Iterator[str]:
    """Yield what no comparison sees: models tell nothing of the former, and the latter are in another schema."""
    kinds = ("view", "trigger", "routine")
    yield from (name for name in sorted(live) if name.partition(" ")[0] in kinds)
    yield from (f"table {name}" for name, table in sorted(metadata.tables.items()) if table.schema is not None)


def _shown(steps: Sequence[Step], here: Dialect) -> tuple[Step, ...]:
    """Leave out types with a name where the database has none: they are only there for the sake of PostgreSQL."""
    return tuple(step for step in steps if step.kind != "type" or here == "postgresql")


def _harmless(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps that lose no data; a table that stays keeps its foreign keys."""
    staying = {step.table for step in steps if step.kind == "table" and step.loses_data}
    return tuple(step for step in steps if not step.loses_data and step.table not in staying)


async def _refuse_pending(connection: Connection, root: Path, folder: str) -> None:
    standings = stand(files.find(root, folder), await read_control(connection), connection.dialect)
    waiting = [item.name for item in standings if item.state in ("pending", "unfinished")]
    if waiting:
        raise RefusedError(
            f"{', '.join(waiting)} is not applied, so the database is not what the files say",
            "apply it first: `arckode db:migrate`",
        )


def _written(steps: Sequence[Step], rendered: _Rendered, wanted: Sequence[str]) -> dict[Dialect, list[Pair]]:
    """Render every dialect; one that cannot say it stops us only where it is the database's own, or was asked for."""
    found: dict[Dialect, list[Pair]] = {}
    for dialect in DIALECTS:
        if wanted and dialect not in wanted and dialect != rendered.here:
            continue
        try:
            found[dialect] = rendered.pairs(steps, dialect)
        except RefusedError:
            if dialect == rendered.here or dialect in wanted:
                raise
    return found


def _told(step: Step, *, kept: bool) -> Difference:
    return {
        "kind": step.what or step.kind,
        "verb": step.verb,
        "table": step.table,
        "name": step.name,
        "text": str(step),
        "kept": kept,
    }
