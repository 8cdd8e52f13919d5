"""ARC406: a migration whose name does not say when it comes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_PLACE = re.compile(r"(?P<folder>(?:.*/)?migrations)/(?P<name>[^/_][^/]*)\.(?:py|sql)$")
_NAME = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)\d{4}_[a-z0-9]+(_[a-z0-9]+)*$")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ALEMBIC = ("env.py", "versions/")


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report migrations of an arckode project that are not called by date, counter and slug."""
    match = _PLACE.match(source.path)
    if match is None or source.is_package or not analysis.modules.is_composed or _is_alembic(analysis, match["folder"]):
        return
    problem = _problem(match["name"])
    if problem:
        yield Spot(source, 1, 0, source.module, f"the migration '{match['name']}' {problem}", match["name"])


def _is_alembic(analysis: Analysis, folder: str) -> bool:
    """Tell whether another tool owns a folder: it names its files as it likes."""
    return any(path.startswith(f"{folder}/{part}") for path in analysis.project.sources for part in _ALEMBIC)


def _problem(name: str) -> str:
    match = _NAME.match(name)
    if match is None:
        return "is not called `YYYYMMDDNNNN_slug`"
    month, day = int(match["month"]), int(match["day"])
    is_date = 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]
    return "" if is_date else f"starts with a date that does not exist, {match['year']}-{match['month']}-{match['day']}"


_ROOT = {
    "src/shop/composition_root.py": "def compose(settings): ...\n",
    "src/shop/modules/orders/service.py": "class OrdersService: ...\n",
}
_UP = 'UP = {"*": ["CREATE TABLE orders (id INTEGER)"]}'
RULE = Rule(
    code="ARC406",
    name="migration-names",
    severity="error",
    summary="A migration is not named by date, counter and slug.",
    why=(
        "Migrations run in the order of their names, and two branches merge because a date comes first. A name without "
        "one sorts before or after all others, and the table is altered before it exists."
    ),
    hint="call it `YYYYMMDDNNNN_slug.py` by the UTC date and a four-digit counter: `202611220001_create_orders.py`",
    check=check,
    layers=("migrations",),
    decides="Only migrations of a project with modules and a composition root are judged, and none that Alembic owns.",
    bad=(
        Example(
            "a number like Django's, and a slug alone",
            {
                **_ROOT,
                "src/shop/migrations/0001_initial.py": f"{_UP}  # error: ARC406\n",
                "src/shop/migrations/create_orders.py": f"{_UP}  # error: ARC406\n",
            },
        ),
        Example(
            "a date that is none, and one whose counter is too short",
            {
                **_ROOT,
                "src/shop/migrations/202613220001_create_orders.py": f"{_UP}  # error: ARC406\n",
                "src/shop/migrations/20261122001_create_orders.py": f"{_UP}  # error: ARC406\n",
            },
        ),
        Example(
            "a comment with the right name does not help",
            {
                **_ROOT,
                "src/shop/migrations/Create_Orders.py": f"{_UP}  # 202611220001_create_orders  # error: ARC406\n",
            },
        ),
    ),
    good=(
        Example(
            "date, counter, slug; equal numbers of two branches",
            {
                **_ROOT,
                "src/shop/migrations/__init__.py": "",
                "src/shop/migrations/_202611220003_drop_orders_contract.py": f"{_UP}\n",
                "src/shop/migrations/202611220002_fill_orders.sql": "-- migrate:up\nSELECT 1;\n",
                "src/shop/migrations/202611220001_create_orders.py": f"{_UP}\n",
                "src/shop/migrations/202611220001_create_customers.py": f"{_UP}\n",
            },
        ),
        Example(
            "Alembic's own names, and a project that is not one of ours",
            {
                **_ROOT,
                "src/shop/migrations/env.py": "",
                "src/shop/migrations/3f1c_initial.py": f"{_UP}\n",
            },
        ),
        Example("a project of another kind", {"blog/migrations/0001_initial.py": f"{_UP}\n"}),
    ),
)
