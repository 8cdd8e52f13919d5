"""The worker as a program: `python -m <package>.kernel.worker`, which is what `arckode queue:work` runs.

SIGTERM and SIGINT stop it in order: it takes no more jobs, and those that run have QUEUE__GRACE seconds to end. A
second signal does not wait; what ran then is given back and runs elsewhere.
"""

import argparse
import asyncio
import importlib
import signal
from collections.abc import Sequence

from .app import Kernel
from .errors import starting
from .queue import QUEUE, QueueSettings
from .queue_worker import Worker


def main(arguments: Sequence[str] | None = None) -> int:
    """Compose the application of this package and work until a signal says stop."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}.worker", description="Run the jobs of the queue.")
    parser.add_argument("--concurrency", type=int, help="how many jobs at a time (QUEUE__CONCURRENCY)")
    concurrency: int | None = parser.parse_args(arguments).concurrency
    if concurrency is not None and concurrency < 1:
        parser.error("--concurrency must be 1 or more")
    package = str(__package__).rpartition(".")[0]
    settings = importlib.import_module(f"{package}.settings").Settings.load()
    with starting():
        kernel: Kernel = importlib.import_module(f"{package}.composition_root").compose(settings)
        asyncio.run(work(kernel, concurrency))
    return 0


async def work(kernel: Kernel, concurrency: int | None = None) -> None:
    """Start the application without its server, and run jobs until SIGTERM or SIGINT."""
    app = kernel.asgi()
    worker = Worker(kernel.adapter(QUEUE), kernel.settings.of(QueueSettings), concurrency=concurrency)
    loop, current = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        if worker.is_stopping and current is not None:
            current.cancel()
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with app.router.lifespan_context(app):
        try:
            await worker.run()
        except asyncio.CancelledError:
            if not worker.is_stopping:
                raise


if __name__ == "__main__":
    raise SystemExit(main())
