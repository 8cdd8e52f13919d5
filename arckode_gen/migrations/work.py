"""One file in one direction, ready to run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from arckode_gen.migrations.checksum import checksum
from arckode_gen.migrations.control import Record, now
from arckode_gen.migrations.effects import refuses_transaction, uses_own_member
from arckode_gen.migrations.reading import read
from arckode_gen.migrations.steps import Script, size

if TYPE_CHECKING:
    from arckode_gen.migrations.control import Entry
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.files import Source
    from arckode_gen.migrations.migration import Migration
    from arckode_gen.migrations.steps import Direction, Step


@dataclass(frozen=True, slots=True)
class Work:
    """A step with what the control table says about it; `checksum` belongs to the `up` side.

    `before` are the files that the same run has carried out when it comes to this one, `again` what goes on with it.
    """

    migration: Migration
    direction: Direction
    step: Step
    checksum: str
    entry: Entry | None = None
    before: tuple[str, ...] = ()
    again: str = "arckode db:migrate"

    @property
    def source(self) -> Source:
        return self.migration.source

    @property
    def name(self) -> str:
        return self.migration.source.name

    @property
    def is_new(self) -> bool:
        """Tell whether it is to be applied and never was."""
        return self.direction == "up" and self.entry is None

    @property
    def total(self) -> int:
        return size(self.step)

    def text(self) -> str:
        return self.migration.text(self.step)

    def is_transactional(self, dialect: Dialect, *, transactional_ddl: bool) -> bool:
        """Tell whether the file fits into one transaction together with its row."""
        if not transactional_ddl or not self.migration.transaction:
            return False
        if not isinstance(self.step, Script):
            return True
        texts = [item.text for item in self.step.statements]
        return not any(refuses_transaction(text, dialect) for text in texts) and not uses_own_member(texts, dialect)

    def record(self, batch: int, version: str) -> Record:
        return Record(
            self.name, self.checksum, self.source.digest, self.text(), self.total, batch, version, started_at=now()
        )


def plan(
    source: Source, direction: Direction, dialect: Dialect, entry: Entry | None = None, *, forced: bool = False
) -> Work:
    """Read a file and choose what runs on this database; `forced` takes back with nothing what has no way back.

    Raises:
        RefusedError: the file cannot be read, has nothing for this database or no way back.
    """
    migration = read(source)
    up, checked = _forth(source, dialect)
    if direction == "up":
        step = up
    elif forced and not migration.has_way_back:
        step = Script(())
    else:
        step = migration.step(direction, dialect)
    return Work(migration, direction, step, checked, entry)


@cache
def _forth(source: Source, dialect: Dialect) -> tuple[Step, str]:
    """Return what a file does on one database and its checksum, which a run asks before it has the lock and with it."""
    migration = read(source)
    up = migration.step("up", dialect)
    return up, checksum(migration, up, dialect)
