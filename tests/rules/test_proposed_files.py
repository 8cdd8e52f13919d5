"""`--stdin-file`: a file's content is judged before it is saved, with what it causes elsewhere; nothing is written."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers.run import Proposal, Wanted, analyse
from tests.rules.projects import CONTROLLER, LOOP, ORDERS, SERVICE, plant

if TYPE_CHECKING:
    from pathlib import Path

HELPER = "src/shop/look.py"
IDLE = "async def look(rows, key):\n    return key\n"
BUSY = "async def look(rows, key):\n    return await rows.find_by_id(key)\n"
CALLER = ORDERS + (
    "    async def names(self, ids):\n        from shop.look import look\n"
    "        return [await look(self._orders, key) for key in ids]\n"
)
OLD = "src/shop/modules/notes/service.py"
FILES = {"pyproject.toml": "", SERVICE: CALLER, HELPER: IDLE, OLD: LOOP, CONTROLLER: ""}


def paths(root: Path, path: str, content: str) -> list[str]:
    report = analyse(Wanted(root, "2026-11-22", proposal=Proposal(path, content.encode())))
    return [each.path for each in report.findings]


@pytest.mark.parametrize(
    ("path", "content", "wanted"),
    [
        pytest.param(HELPER, BUSY, [SERVICE], id="it causes one elsewhere"),
        pytest.param(HELPER, IDLE, [], id="as it is saved it causes none"),
        pytest.param(SERVICE, LOOP, [SERVICE], id="it has one itself"),
        pytest.param(OLD, LOOP, [OLD], id="one that is saved already is still the file's"),
        pytest.param(OLD, ORDERS, [], id="it repairs one"),
        pytest.param("src/shop/modules/new/service.py", LOOP, ["src/shop/modules/new/service.py"], id="a new file"),
        pytest.param(".venv/service.py", LOOP, [], id="a file that no run looks at"),
        pytest.param("tests/service.py", LOOP, [], id="a test"),
    ],
)
def test_what_a_proposal_causes(tmp_path: Path, path: str, content: str, wanted: list[str]) -> None:
    assert paths(plant(tmp_path, FILES), path, content) == wanted


def test_a_proposal_that_is_no_python_is_a_gap(tmp_path: Path) -> None:
    report = analyse(Wanted(plant(tmp_path, FILES), "2026-11-22", proposal=Proposal(HELPER, b"def")))
    assert report.incomplete[0].startswith(f"{HELPER}: this Python cannot parse it")


def test_a_baseline_entry_that_it_makes_needless_is_not_stale_yet(tmp_path: Path) -> None:
    root = plant(tmp_path, FILES)
    known = frozenset({("ARC201", "x", "", 0)})
    wanted = Wanted(root, "2026-11-22", baseline_file="known.json", known=known, proposal=Proposal(OLD, b""))  # type: ignore[arg-type]  # an entry is such a tuple
    assert analyse(wanted).findings == ()


@pytest.mark.parametrize("warm", [pytest.param(True, id="with a cache"), pytest.param(False, id="without one")])
def test_nothing_is_written_not_even_the_cache(tmp_path: Path, *, warm: bool) -> None:
    root = plant(tmp_path, FILES)
    if warm:
        analyse(Wanted(root, "2026-11-22"))
    before = {file: file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}
    paths(root, HELPER, BUSY)
    assert {file: file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()} == before


def test_it_is_read_from_standard_input(tmp_path: Path) -> None:
    root = plant(tmp_path, FILES)
    command = [sys.executable, "-m", "arckode_gen", "analyze", "--stdin-file", "look.py", "--json"]
    done = subprocess.run(command, cwd=root / "src/shop", input=BUSY.encode(), capture_output=True, check=False)
    assert done.returncode == 1
    assert [each["path"] for each in json.loads(done.stdout)["findings"]] == [SERVICE]
    assert (root / HELPER).read_text() == IDLE
