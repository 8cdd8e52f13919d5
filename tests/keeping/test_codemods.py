"""Codemods: what a release changes in the code that people wrote, before their files are merged.

No release has needed one yet; these are a test's own, in a package like `arckode_gen/codemods`.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen import codemods
from arckode_gen.commands import upgrade
from arckode_gen.engine import units
from arckode_gen.engine.project import Disk
from arckode_gen.shell.apply import apply
from arckode_gen.shell.three_way import ThreeWay
from tests.commands.calls import ENVIRON, call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.codemods import Found

SERVICE = "src/shop/modules/orders/service.py"
MINE = "src/shop/mine.py"
RENAME = '''
from arckode_gen.engine.plan import Change, FileState


def change(project):
    """`old_total` is called `total` now."""
    for path in project.glob("src/shop/*.py") + project.glob("src/shop/modules/*/*.py"):
        state = project.read(path)
        text = state.text.replace("old_total", "total")
        if text != state.text:
            yield Change(path, state, FileState(text.encode(), state.executable), "old_total is total now")
'''
DOUBLE = RENAME.replace("old_total", "total_twice").replace('"total")', '"total + total")')


@pytest.fixture
def since(tmp_path: Path) -> Iterator[object]:
    """Give the codemods of a package of the test's own, as `codemods.since` does of arckode's."""
    package = tmp_path / "codemods_of_a_test"
    package.mkdir()
    for name, text in (
        ("__init__", ""),
        ("v9_0_0_rename", RENAME),
        ("v9_0_1_double", DOUBLE),
        ("v0_0_1_old", "wrong("),
    ):
        (package / f"{name}.py").write_text(text)
    sys.path.insert(0, str(tmp_path))
    importlib.invalidate_caches()

    def found(version: str) -> tuple[Found, ...]:
        return codemods.since(version, (str(package),), package.name)

    yield found
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        del sys.modules[name]


@pytest.fixture
def shop(fresh: Path, tmp_path: Path) -> Path:
    """A project whose module was made from other templates, and a person's own files."""
    root = Path(shutil.copytree(fresh, tmp_path / "shop"))
    call(root, "make:module", "orders", "total:int")
    for place in (root / SERVICE, root / units.BASE / SERVICE):
        place.write_text(place.read_text().replace("there is no such order", "no order"))
    service = root / SERVICE
    mine = "class OrdersService:\n    here = 'old_total'\n"
    service.write_text(service.read_text().replace("class OrdersService:\n", mine))
    (root / MINE).write_text("THERE = 'old_total'\n")
    unit = root / ".arckode/units/module.orders.json"
    unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))
    return root


def test_they_run_before_the_merge_and_in_one_plan(shop: Path, since: object) -> None:
    assert callable(since)
    merge = ThreeWay(shop, ENVIRON)
    found = upgrade.plan(shop, Disk(shop), merge, since)
    reasons = {change.path: change.reason for change in found.plan.changes}
    assert reasons[MINE] == "codemod"
    apply(shop, found.plan)
    text = (shop / SERVICE).read_text()
    assert "there is no such order" in text
    assert "    here = 'total'\n" in text
    assert (shop / MINE).read_text() == "THERE = 'total'\n"
    assert "<<<<<<<" not in text
    assert upgrade.plan(shop, Disk(shop), merge, since).plan.changes == ()
    assert call(shop, "undo").code == 0
    assert (shop / MINE).read_text() == "THERE = 'old_total'\n"


def test_each_sees_what_the_one_before_it_wrote(shop: Path, since: object) -> None:
    assert callable(since)
    (shop / MINE).write_text("THERE = 'old_total_twice'\n")
    found = upgrade.plan(shop, Disk(shop), ThreeWay(shop, ENVIRON), since)
    (change,) = (change for change in found.plan.changes if change.path == MINE)
    assert change.before is not None
    assert change.before.text == "THERE = 'old_total_twice'\n"
    assert change.after is not None
    assert change.after.text == "THERE = 'total + total'\n"


def test_those_of_arckode_are_well_formed() -> None:
    for each in codemods.since("0.0.0"):
        assert callable(each.codemod.change), each.name
