from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from arckode_gen.errors import OperationError
from arckode_gen.shell.lock import hold

REPOSITORY = Path(__file__).parents[2]
HOLDER = (
    "import sys, time; from pathlib import Path; from arckode_gen.shell.lock import hold\n"
    "with hold(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)\n"
)


def holder(root: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_who_waits_too_long_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    process = holder(tmp_path)
    try:
        with pytest.raises(OperationError, match=rf"\(process {process.pid}\)") as caught, hold(tmp_path, timeout=0.1):
            pass
    finally:
        process.kill()
        process.communicate()
    assert "wait for it to finish" in caught.value.hint


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    process = holder(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with hold(tmp_path, timeout=0.0) as held:
        assert held.root == tmp_path
        assert (tmp_path / ".arckode/lock").read_text() == f"{os.getpid()}\n"


def test_a_lock_is_free_again_after_its_block(tmp_path: Path) -> None:
    for _ in range(3):
        with hold(tmp_path, timeout=0.0):
            pass


def test_a_lock_file_that_is_removed_does_not_let_a_second_one_believe_it_waits_for_the_first(tmp_path: Path) -> None:
    with hold(tmp_path):
        shutil.rmtree(tmp_path / ".arckode")
        with hold(tmp_path, timeout=0.0) as second:
            assert second.root == tmp_path


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="cannot lock the project"), hold(tmp_path / "nowhere"):
        pass
