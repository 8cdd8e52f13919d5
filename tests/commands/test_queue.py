"""queue:list, queue:retry and queue:work in a generated project, on its own database and with real signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError, RefusedError, UsageError
from tests import json_answers
from tests.commands.calls import ENVIRON, PROGRAM, call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60.0
DISPATCH = """
import asyncio, sys
from shop.composition_root import compose
from shop.kernel.queue import QUEUE
from shop.settings import Settings

async def main():
    kernel = compose(Settings())
    await kernel.adapter(QUEUE).dispatch_many("send_receipt", eval(sys.argv[1]))
    await kernel.database.close()

asyncio.run(main())
"""
# Says that it began, and ends when it is told to.
SLOW = """
    async def run(self, job: Job) -> None:
        import asyncio
        from pathlib import Path
        with Path("began").open("a") as file:
            file.write(f"{job.attempts}\\n")
        while not Path("go-on").exists():
            await asyncio.sleep(0.02)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("queue")
    call(folder, "new", "shop", "--no-git", "--defaults")
    root = folder / "shop"
    call(root, "make:job", "send_receipt")
    call(root, "db:migrate")
    return root


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "shop")


def dispatch(shop: Path, items: str) -> None:
    environ = {**ENVIRON, "PYTHONPATH": str(shop / "src")}
    subprocess.run([sys.executable, "-c", DISPATCH, items], cwd=shop, env=environ, check=True)


def counts(shop: Path) -> dict[str, int]:
    found = json.loads(call(shop, "queue:list", "--json").out)["counts"]
    return {status: count for status, count in found.items() if count}


@contextmanager
def working(shop: Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    command = [*PROGRAM, "queue:work", "--json"]
    with subprocess.Popen(
        command, cwd=shop, env={**ENVIRON, **environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(true: object) -> None:
    assert callable(true)
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_does_what_waits_and_stops_at_a_signal(shop: Path) -> None:
    dispatch(shop, '[{"id": "01932c07-0000-7000-8000-00000000000%d" % n} for n in range(5)] + [{"ID": 1}]')
    assert counts(shop) == {"waiting": 6}
    with working(shop) as worker:
        wait_for(lambda: counts(shop) == {"done": 5, "dead": 1})
        worker.send_signal(signal.SIGTERM)
        out, said = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0, said
    json_answers.check("queue:work", out)
    assert "the worker stopped" in said
    listed = call(shop, "queue:list", "--status", "dead").out
    assert "send_receipt  dead    1/3" in listed
    assert "the job cannot be read as SendReceiptData" in listed
    job = json.loads(call(shop, "queue:list", "--status", "dead", "--json").out)["jobs"][0]
    assert "data" not in job
    assert call(shop, "queue:retry", job["id"]).out == "1 job waits again"
    assert json.loads(call(shop, "queue:retry", "--all", "--json").out) == {"version": 1, "retried": 0}
    assert counts(shop) == {"waiting": 1, "done": 5}


def test_running_jobs_end_before_a_worker_does(shop: Path) -> None:
    job = shop / "src/shop/jobs/send_receipt.py"
    head, _, tail = job.read_text().partition("\n    async def run")
    job.write_text(head + SLOW + tail[tail.index("\n\n\ndef register") :])
    dispatch(shop, "[{}]")
    with working(shop) as worker:
        wait_for((shop / "began").exists)
        worker.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert worker.poll() is None
        (shop / "go-on").touch()
        worker.wait(PATIENCE)
    assert counts(shop) == {"done": 1}


def test_what_a_killed_worker_ran_is_done_by_the_next(shop: Path) -> None:
    job = shop / "src/shop/jobs/send_receipt.py"
    head, _, tail = job.read_text().partition("\n    async def run")
    job.write_text(head + SLOW + tail[tail.index("\n\n\ndef register") :])
    dispatch(shop, "[{}, {}]")
    environ = {**ENVIRON, "PYTHONPATH": str(shop / "src"), "QUEUE__LEASE": "2"}
    command = [sys.executable, "-m", "shop.kernel.worker"]
    with subprocess.Popen(command, cwd=shop, env=environ, stderr=subprocess.DEVNULL) as killed:
        wait_for(lambda: (shop / "began").exists() and (shop / "began").read_text().count("\n") == 2)
        os.kill(killed.pid, signal.SIGKILL)
    assert counts(shop) == {"running": 2}
    (shop / "go-on").touch()
    with working(shop, QUEUE__LEASE="2") as worker:
        wait_for(lambda: counts(shop) == {"done": 2})
        worker.send_signal(signal.SIGTERM)
        worker.wait(PATIENCE)
    assert sorted((shop / "began").read_text().split()) == ["1", "1", "2", "2"]


WRONG = [
    (("queue:retry",), UsageError, "say which jobs", "queue:list --status dead"),
    (("queue:retry", "--all", "--job", "send_receipt"), UsageError, "say which jobs", "queue:list"),
    (("queue:retry", "seven"), UsageError, "'seven' is no job's id", "queue:list"),
    (("queue:list", "--limit", "0"), UsageError, "must be 1 or more", ""),
    (("queue:work", "--concurrency", "0"), UsageError, "one job at a time or more", ""),
]


@pytest.mark.parametrize(("words", "error", "message", "hint"), WRONG, ids=[" ".join(each[0]) for each in WRONG])
def test_wrong_words_are_refused(
    made: Path, words: tuple[str, ...], error: type[UsageError], message: str, hint: str
) -> None:
    with pytest.raises(error, match=message) as refused:
        call(made, *words)
    assert hint in refused.value.hint


def test_what_is_not_there_is_said(shop: Path) -> None:
    with pytest.raises(OperationError, match="the worker ended by itself with code 1"):
        call(shop, "queue:work", environ={**ENVIRON, "DATABASE_URL": "oracle://"})
    (shop / "shop.db").unlink()
    with pytest.raises(RefusedError, match="the table of the queue is not there: no such table: queue_jobs") as refused:
        call(shop, "queue:list")
    assert refused.value.hint == "make it first: `arckode db:migrate`"
    (shop / "src/shop/jobs/send_receipt.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(OperationError, match="cannot import the project: No module named 'nothing_of_this_name'"):
        call(shop, "queue:list")
    call(shop, "destroy:job", "send_receipt", "--force")
    with pytest.raises(UsageError, match="this project has no queue"):
        call(shop, "queue:work")
