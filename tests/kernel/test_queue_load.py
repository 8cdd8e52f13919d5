"""Many jobs, and workers that are killed at random: none is lost, each runs at least once, a key's runs once.

`ARCKODE_JOBS` says how many; `make soak` runs 100,000.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from kernel.database import Database
from kernel.model import Entity
from kernel.queue_table import JobRow
from tests.kernel.backends import drop_scratch, make_scratch
from tests.kernel.conftest import SQL
from tests.kernel.queue_load import EFFECTS, queue_on
from tests.services import mariadb_url, postgres_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy import Table

    from kernel.queue import Queue

pytestmark = pytest.mark.anyio
JOBS = int(os.environ.get("ARCKODE_JOBS", "200"))
KEYS = JOBS // 20
KILLS = max(2, JOBS // 4000)
LEASE = 2.0 if JOBS < 1000 else 10.0
BATCH = 500
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=SQL)
async def url(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/load.db"
        return
    from kernel.database_url import async_url

    server = async_url(postgres_url() if request.param == "postgresql" else mariadb_url())
    made = await make_scratch(server)
    yield made.render_as_string(hide_password=False)
    await drop_scratch(server, made)


def start_worker(url: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join((str(ROOT), str(ROOT / "templates/kernel")))
    command = [sys.executable, "-m", "tests.kernel.queue_load", url, "8", str(LEASE)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, cwd=ROOT, stderr=subprocess.DEVNULL)


async def dispatch_all(queue: Queue) -> None:
    """Every job once, and those with a key five times over."""
    for start in range(0, JOBS - KEYS, BATCH):
        await queue.dispatch_many("effect", [{"number": n} for n in range(start, min(start + BATCH, JOBS - KEYS))])
    for number in range(JOBS - KEYS, JOBS):
        ids = {await queue.dispatch("effect", {"number": number}, key=f"key-{number}") for _ in range(5)}
        assert len(ids) == 1


async def test_no_job_is_lost_while_workers_are_killed(url: str) -> None:
    chance = random.Random(7)
    database = Database(url)
    async with database.engine.begin() as connection:
        tables: list[Table] = [JobRow.__table__]  # type: ignore[list-item]  # always a Table here
        await connection.run_sync(lambda found: Entity.metadata.create_all(found, tables=tables))
        await connection.run_sync(EFFECTS.metadata.create_all)
    queue = queue_on(database)
    started = time.monotonic()
    dispatching = asyncio.create_task(dispatch_all(queue))
    workers = [start_worker(url) for _ in range(2)]
    kills, done = 0, 0
    try:
        while done < JOBS:
            await asyncio.sleep(chance.uniform(0.1, 0.5) if kills < KILLS else 1.0)
            if kills < KILLS and (await queue.counts())["running"] > 4:
                at = chance.randrange(len(workers))
                os.kill(workers[at].pid, signal.SIGKILL)
                workers[at].wait()
                workers[at] = start_worker(url)
                kills += 1
            found = await queue.counts()
            done = found["done"]
            assert time.monotonic() - started < 120 + JOBS / 20, found
            assert found["dead"] == 0
        await dispatching
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        for worker in workers:
            worker.wait()
    seconds = time.monotonic() - started
    async with database.session() as session:
        rows = await session.execute(select(EFFECTS.c.number, func.count()).group_by(EFFECTS.c.number))
        times: dict[int, int] = {row.number: row[1] for row in rows}
    await database.close()
    again = sum(count - 1 for count in times.values())
    sys.stdout.write(
        f"\n{JOBS} jobs in {seconds:.0f} s ({JOBS / seconds:.0f}/s), {kills} kills, {again} effects twice\n"
    )
    assert set(times) == set(range(JOBS))
