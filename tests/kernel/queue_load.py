"""A worker process of the load test: runs jobs that write down that they ran, until it is killed or told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys

from sqlalchemy import Column, Integer, MetaData, Table, insert

from kernel.clock import SystemClock
from kernel.database import Database
from kernel.queue import Job, Queue, QueueSettings
from kernel.queue_database import DatabaseJobs
from kernel.queue_worker import Worker

EFFECTS = Table(
    "load_effects",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("number", Integer, nullable=False),
)


def queue_on(database: Database) -> Queue:
    """Answer a queue whose one job stores its number, as an effect that can be counted."""
    queue = Queue(DatabaseJobs(database), SystemClock())

    async def effect(job: Job) -> None:
        async with database.transaction() as session:
            await session.execute(insert(EFFECTS).values(number=job.data["number"]))

    queue.register("effect", effect, max_attempts=20, first_wait=0)
    return queue


async def main(url: str, concurrency: int, lease: float) -> None:
    database = Database(url, pool_size=concurrency + 3)
    settings = QueueSettings(poll=0.2, lease=lease, concurrency=concurrency)
    worker = Worker(queue_on(database), settings)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    await worker.run()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
