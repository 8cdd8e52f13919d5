"""`arckode queue:work`: runs the jobs of the queue."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from arckode_gen.commands._kernel_part import QUEUE
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError
from arckode_gen.shell.serve import serve

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "queue:work",
    "Run the jobs of the queue until Ctrl-C.",
    examples=("arckode queue:work", "arckode queue:work --concurrency 2"),
    params=(
        Param("concurrency", type="int", metavar="N", help="How many jobs at a time (QUEUE__CONCURRENCY)."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "It runs `python -m <package>.kernel.worker` in the project's interpreter, which needs no arckode. Ctrl-C or "
        "SIGTERM stops it in order: it takes no more jobs, those that run have QUEUE__GRACE seconds to end, and what "
        "has not ended is given back. When it is killed, another worker takes its jobs up once their lease of "
        'QUEUE__LEASE seconds has ended. Any number of workers can run. `--json` prints {"version", "pid"} once it was '
        "started."
    ),
)
GRACE = 40.0
"""Seconds that a worker has to end; more than the 25 that QUEUE__GRACE gives its jobs unless it says otherwise."""


def run(call: Call) -> int:
    """Work until a signal."""
    concurrency = call.number("concurrency")
    if concurrency is not None and concurrency < 1:
        raise UsageError(f"--concurrency {concurrency}: a worker runs one job at a time or more")
    root, package, python = QUEUE.located(call)
    words = (f"{package}.kernel.worker", *(() if concurrency is None else ("--concurrency", str(concurrency))))
    path = os.pathsep.join(filter(None, (str(root / "src"), call.environ.get("PYTHONPATH", ""))))
    environ = {**call.environ, "PYTHONPATH": path}
    serve(python, root, words, environ, lambda pid: _greet(call, package, pid), what="worker", grace=GRACE)
    return 0


def _greet(call: Call, package: str, pid: int) -> None:
    if call.json:
        call.write(json.dumps({"version": 1, "pid": pid}, indent=2))
        # A pipe would hold it back until the worker ends.
        sys.stdout.flush()
        return
    call.say(f"the worker of {package} runs; stop it with Ctrl-C")
