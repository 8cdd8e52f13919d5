"""Seeds: rows a project starts with. Running them again changes nothing."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from sqlalchemy import text

from .database import Database
from .errors import ProgrammingError, WiringError, suggestion
from .filters import ALL
from .model import Entity
from .repository import RepositoryAdapter

if TYPE_CHECKING:
    from .app import Kernel

_NAMESPACE: Final = UUID("7c1f6e0a-5a0e-5b7c-9d53-0c5d6a0f8e11")


@dataclass(frozen=True, slots=True)
class SeedResult:
    """What one seed did; `inserted` is None when the seed does not say, or is `skipped` in this environment."""

    name: str
    inserted: int | None
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Seed:
    """One module of the seeds package; without `environments` it is for all of them."""

    name: str
    after: tuple[str, ...]
    environments: tuple[str, ...]
    sow: "Callable[[Kernel], Awaitable[int | None]]"


def seed_id(table: str, number: int) -> UUID:
    """Answer the same identifier for the same seeded row, on every machine and every run (UUID version 5)."""
    return uuid5(_NAMESPACE, f"{table}/{number}")


async def insert_missing(repository: RepositoryAdapter[Entity], rows: Sequence[Mapping[str, object]]) -> int:
    """Insert the rows whose `id` is not stored yet, counting rows marked as deleted as stored.

    Raises ProgrammingError for a row without an `id`: it could not be recognised the next time.
    """
    if not rows:
        return 0
    if any("id" not in row for row in rows):
        raise ProgrammingError("every seeded row needs an 'id'; make it with seed_id(table, number)")
    async with repository.transaction():
        wanted = [row["id"] for row in rows]
        stored = await repository.find_many({"id": {"in": wanted}}, limit=ALL, with_deleted=True)
        known = {str(entity.id) for entity in stored}
        missing = [row for row in rows if str(row["id"]) not in known]
        if missing:
            await repository.create_many(missing)
        return len(missing)


def rows(table: str, count: int, make: Callable[[int], Mapping[str, object]]) -> list[dict[str, object]]:
    """Make `count` rows with `make(1)`, `make(2)` and so on, each with the identifier that its number always has."""
    return [{"id": seed_id(table, number), **make(number)} for number in range(1, count + 1)]


async def run(
    kernel: "Kernel", package: str, names: Sequence[str] = (), *, force: bool = False, fresh: bool = False
) -> tuple[SeedResult, ...]:
    """Run the named seeds, or all, each after the ones it names in AFTER and in a transaction of its own.

    A seed with ENVIRONMENTS is skipped in the others. `fresh` empties every table first.
    Raises WiringError for unknown names and circles, and ProgrammingError in production without `force`, or for
    `fresh` anywhere but in development and tests.
    """
    if kernel.settings.production and not force:
        raise ProgrammingError("seeds do not run in production unless forced")
    if fresh and kernel.settings.environment not in {"development", "test"}:
        raise ProgrammingError("a fresh start empties every table, so it is for development only")
    kernel.check()
    chosen = _chosen(_found(package), names)
    if fresh:
        await _empty(kernel.database)
    return tuple([await _sown(kernel, seed) for seed in chosen])


async def _sown(kernel: "Kernel", seed: Seed) -> SeedResult:
    if seed.environments and kernel.settings.environment not in seed.environments:
        return SeedResult(seed.name, None, skipped=True)
    async with kernel.database.transaction():
        return SeedResult(seed.name, await seed.sow(kernel))


async def _empty(database: Database) -> None:
    """Delete every row of every model's table, those that refer to others first."""
    checks = database.dialect in {"mysql", "mariadb"}
    async with database.transaction() as session:
        if checks:  # they look at each row on its own, so rows that refer to their own table would stop it
            await session.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
        try:
            for table in reversed(Entity.metadata.sorted_tables):
                await session.execute(table.delete())
        finally:
            if checks:
                await session.execute(text("SET FOREIGN_KEY_CHECKS = 1"))


def _found(package: str) -> dict[str, Seed]:
    folder = importlib.import_module(package)
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__) if not module.name.startswith("_"))
    return {name: _loaded(package, name) for name in names}


def _loaded(package: str, name: str) -> Seed:
    module = importlib.import_module(f"{package}.{name}")
    sow = getattr(module, "seed", None)
    if sow is None:
        raise WiringError(f"the seed '{name}' has no function seed(kernel)")
    return Seed(name, tuple(getattr(module, "AFTER", ())), tuple(getattr(module, "ENVIRONMENTS", ())), sow)


def _chosen(seeds: Mapping[str, Seed], names: Sequence[str]) -> tuple[Seed, ...]:
    for seed in seeds.values():
        for earlier in seed.after:
            _refuse_unknown(earlier, seeds, f" (named in AFTER of '{seed.name}')")
    for name in names:
        _refuse_unknown(name, seeds, "")
    sorter = TopologicalSorter({name: sorted(seed.after) for name, seed in seeds.items()})
    try:
        ordered = tuple(sorter.static_order())
    except CycleError as error:
        raise WiringError(f"these seeds wait for each other: {' -> '.join(error.args[1])}") from error
    return tuple(seeds[name] for name in ordered if not names or name in names)


def _refuse_unknown(name: str, seeds: Mapping[str, Seed], where: str) -> None:
    if name not in seeds:
        raise WiringError(f"there is no seed '{name}'{where}{suggestion(name, seeds)}")
