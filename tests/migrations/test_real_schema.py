"""A public project's models, 71 tables that nobody wrote for us: generated, migrated, and then nothing differs.

The wheel of Rucio (Apache-2.0) is installed from the index, without what it depends on, into a folder that is kept; its
models need nothing but SQLAlchemy. On MariaDB its keys only fit a database in latin1, as its own set-up has it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

WHEEL = "rucio==41.5.1"
TABLES = 71
ROOT = Path(__file__).parents[2]
# The whole way back and up again is for `make soak`.
IS_LONG = bool(os.environ.get("ARCKODE_REAL_SCHEMA"))


@pytest.fixture(scope="session")
def rucio() -> Path:
    """Install it once, whatever number of workers asks."""
    folder = ROOT / ".cache" / WHEEL.replace("==", "-")
    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "rucio").is_dir():
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
            uv = ["uv", "pip", "install", "--quiet", "--no-deps", "--python", sys.executable]
            chosen = pip if _has_pip() else uv
            subprocess.run([*chosen, "--target", str(folder), WHEEL], check=True)
    return folder


def _has_pip() -> bool:
    return subprocess.run([sys.executable, "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0


def test_a_schema_that_was_not_written_for_us_makes_the_round(
    bench: Workbench, rucio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bench.root / ".arckode/project.json").unlink()
    (bench.root / "pyproject.toml").write_text(
        '[tool.arckode]\nmigrations = "src/shop/migrations"\nmetadata = "rucio.db.sqla.models:BASE.metadata"\n'
    )
    (bench.root / "rucio").symlink_to(rucio / "rucio")
    monkeypatch.setenv("RUCIO_CONFIG", os.devnull)
    monkeypatch.setattr(type(bench), "unsafe", None)
    if bench.dialect == "mariadb":
        bench.execute("ALTER DATABASE CHARACTER SET latin1")
    assert bench.diff(write="create_everything").code == 0
    assert bench.migrate().code == 0
    assert len(bench.tables()) == TABLES
    said = bench.diff()
    assert (said.code, said.out) == (0, [said.text]), said.text
    assert said.text.startswith("nothing differs: ")
    if IS_LONG:
        assert bench.migrate(verify_down=True).code == 0
    assert bench.migrate(rollback=1).code == 0
    assert bench.tables() == set()
