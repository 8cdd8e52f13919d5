"""The reference page of the catalogue, and what `arckode explain` says about one of its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.sql.catalogue import CHAPTERS, CHECKS
from arckode_analyzers.sql.script import EVERY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arckode_analyzers.sql.script import Check, Sample

_TOLD = {"mariadb": "MariaDB", "mysql": "MySQL", "postgresql": "PostgreSQL", "sqlite": "SQLite"}
_ABOUT = """\
# Unsafe migrations

What [ARC207](ARC207.md) and `arckode db:migrate` look for in a migration, on which engine, why, and what to do instead.
An `error` is refused before it is applied; a `warning` is said. A table that the same run or branch creates is exempt
from everything that is about locks and running code: nobody uses it yet.

To say that one statement is right as it is, write the reason beside it, in Python or in SQL:
`# arckode: ignore[ARC207] twelve rows, and the shop is closed` or `-- arckode: ignore[ARC207] twelve rows`.
`arckode db:safe NAME` writes the safe form of many of them.

Every example runs on the real engines in arckode's own tests (MySQL's only where MariaDB is alike), on a database with
the tables `orders`, `customers` and `parcels`.
"""


def page() -> str:
    """Return the page about the whole catalogue."""
    lines = [_ABOUT]
    for title, checks in CHAPTERS:
        lines += [f"## {title}", "", "| check | severity | engines |", "|---|---|---|"]
        lines += [f"| [{check.name}](#{check.name}) | {check.severity} | {engines(check)} |" for check in checks]
        lines.append("")
        lines += [section(check, "###") for check in checks]
    return "\n".join(lines)


def section(check: Check, mark: str = "#") -> str:
    """Return what is to be known about one check."""
    lines = [f"{mark} {check.name}", "", f"{check.severity.capitalize()} on {engines(check)}. {check.danger}", ""]
    lines += [f"Instead: {check.recipe}.", ""]
    lines += ["Reported:", "", *_shown(check, check.bad), "Not reported:", "", *_shown(check, check.good)]
    return "\n".join(lines)


def named(word: str) -> Check | None:
    """Return a check by its name."""
    return next((check for check in CHECKS if check.name == word), None)


def engines(check: Check) -> str:
    """Name the engines that a check is for."""
    if check.engines >= EVERY - {"*"}:
        return "every engine"
    return _listed(check.engines)


def _listed(names: Iterable[str]) -> str:
    said = [_TOLD[name] for name in sorted(names) if name in _TOLD]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]


def _shown(check: Check, samples: Iterable[Sample]) -> Iterator[str]:
    yield "```sql"
    for index, sample in enumerate(samples):
        if index:
            yield ""
        notes = [_listed(sample.engines)] if sample.engines - {"*"} and sample.engines != check.engines else []
        notes += ["the engine refuses it"] if sample.refused else []
        if notes:
            yield f"-- {', '.join(notes)}"
        yield from (f"{statement.replace('{database}', 'shop')};" for statement in sample.statements)
    yield from ("```", "")
