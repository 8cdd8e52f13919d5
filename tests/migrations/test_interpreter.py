"""Commands run in the project's own interpreter, and only `arckode_gen` comes along."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import CrashError, OperationError, RefusedError, UsageError
from arckode_gen.shell.process import interpreter, run_entry

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench


def _environment(folder: Path) -> Path:
    """Make a virtual environment with nothing in it, which is three small files."""
    python = folder / "bin/python"
    python.parent.mkdir(parents=True)
    base = Path(sys.executable).resolve()
    python.symlink_to(base)
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
    return python


def test_the_explicit_one_comes_first(tmp_path: Path) -> None:
    chosen = _environment(tmp_path / "chosen")
    _environment(tmp_path / ".venv")
    for word in ("chosen", "chosen/bin/python", str(chosen)):
        assert interpreter(tmp_path, {"VIRTUAL_ENV": str(tmp_path / ".venv")}, word).path == chosen


def test_then_the_active_environment_then_the_projects(tmp_path: Path) -> None:
    active, own = _environment(tmp_path / "active"), _environment(tmp_path / ".venv")
    assert interpreter(tmp_path, {"VIRTUAL_ENV": str(tmp_path / "active")}).path == active
    assert interpreter(tmp_path, {"VIRTUAL_ENV": str(tmp_path / "gone")}).path == own
    assert interpreter(tmp_path, {}).path == own
    assert not interpreter(tmp_path, {}).is_own


def test_else_our_own_with_a_warning(tmp_path: Path) -> None:
    chosen = interpreter(tmp_path, {})
    assert chosen.is_own
    assert chosen.warning == (
        f"no .venv in {tmp_path} and no VIRTUAL_ENV: using arckode's own interpreter, {sys.executable}"
    )


def test_our_own_environment_is_recognised_under_another_path(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    assert interpreter(tmp_path, {}).is_own


def test_a_word_that_is_no_interpreter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--python nowhere: there is no interpreter"):
        interpreter(tmp_path, {}, "nowhere")


def test_migrations_run_in_another_interpreter(sqlite: Workbench) -> None:
    _environment(sqlite.root / ".venv")
    sqlite.usual()
    sqlite.write(
        "202611220004_see",
        "import sys\n\nasync def up(db):\n    print('a print')\n"
        "    await db.execute('INSERT INTO orders (id, name) VALUES (?, ?)', 9, sys.prefix)\n",
    )
    said = sqlite.migrate()
    assert said.code == 0
    assert said.err == []
    assert [line.split(" (")[0] for line in said.out[:2]] == [
        "applied 202611220001_create_orders",
        "applied 202611220002_create_lines",
    ]
    assert sqlite.fetch("SELECT name FROM orders WHERE id = 9") == [{"name": str(sqlite.root / ".venv")}]


def test_errors_keep_their_kind_across_the_process(sqlite: Workbench) -> None:
    _environment(sqlite.root / ".venv")
    sqlite.usual()
    sqlite.migrate()
    (sqlite.folder / "202611220001_create_orders.py").unlink()
    with pytest.raises(RefusedError, match="202611220001_create_orders was removed") as caught:
        sqlite.migrate()
    assert "put the file back" in caught.value.hint


def test_our_packages_are_not_visible_to_the_projects_interpreter(sqlite: Workbench) -> None:
    python = _environment(sqlite.root / ".venv")
    sqlite.usual()
    sqlite.url = "postgresql://127.0.0.1/shop"
    with pytest.raises(OperationError, match=f"the driver 'asyncpg' is not installed for {python}"):
        sqlite.migrate()


def test_an_interpreter_that_cannot_be_started_is_said(sqlite: Workbench) -> None:
    broken = sqlite.root / "broken"
    broken.write_text("")
    broken.chmod(0o644)
    with pytest.raises(OperationError, match=f"cannot run {broken}: Permission denied"):
        sqlite.migrate(python="broken")


def test_a_script_that_ends_without_an_answer_is_a_crash(tmp_path: Path) -> None:
    script = tmp_path / "silent.py"
    script.write_text("raise SystemExit(3)")
    with pytest.raises(CrashError, match="ended with code 3 before it answered"):
        run_entry(Path(sys.executable), script, {}, lambda *_: None, root=tmp_path, environ={})


def test_the_request_is_not_in_the_arguments(tmp_path: Path) -> None:
    script = tmp_path / "tell.py"
    script.write_text(
        "import json, sys\nasked = json.load(sys.stdin)\nprint(json.dumps({'answer': {'argv': sys.argv, **asked}}))"
    )
    answer = run_entry(Path(sys.executable), script, {"url": "x"}, lambda *_: None, root=tmp_path, environ={})
    assert json.loads(json.dumps(answer)) == {"argv": [str(script)], "url": "x"}
