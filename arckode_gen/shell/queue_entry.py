"""Looks into a project's queue, in the project's own interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, one JSON object on standard output.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.shell import entry_runtime as runtime
else:
    _spec = importlib.util.spec_from_file_location("entry_runtime", Path(__file__).with_name("entry_runtime.py"))
    runtime = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(runtime)

_FIELDS = ("id", "name", "status", "priority", "attempts", "max_attempts", "percent", "note", "error", "key")
_MOMENTS = ("run_at", "created_at", "finished_at")


async def _answer(asked: runtime.Asked, _report: runtime.Report) -> Mapping[str, object]:
    package = asked["package"]
    module = importlib.import_module(f"{package}.kernel.queue")
    kernel = runtime.composed(package)
    queue = kernel.adapter(module.QUEUE)
    try:
        if asked["action"] == "retry":
            ids = [UUID(each) for each in asked["ids"]]
            return {"retried": await (queue.retry(ids) if ids else queue.retry_all(asked["name"]))}
        status = module.JobStatus(asked["status"]) if asked["status"] else None
        jobs = await queue.list(status=status, name=asked["name"], limit=asked["limit"])
        return {"counts": await queue.counts(), "jobs": [_shown(job) for job in jobs]}
    finally:
        await queue.store.close()
        await kernel.database.close()


def _shown(job: object) -> Mapping[str, object]:
    plain = {name: getattr(job, name) for name in _FIELDS}
    moments = {name: moment.isoformat() if (moment := getattr(job, name)) else None for name in _MOMENTS}
    return {**plain, "id": str(plain["id"]), **moments}


def _told(error: BaseException, _asked: runtime.Asked) -> runtime.Told:
    if isinstance(error, ModuleNotFoundError) and str(error.name).endswith(".kernel.queue"):
        hint = "`arckode make:job NAME` adds a job, and the queue with the first of them"
        return runtime.told("UsageError", "this project has no queue", hint)
    if found := runtime.unusable(error, "the table of the queue is not there"):
        return found
    if isinstance(error, OSError) or type(error).__module__.startswith("redis."):
        message = f"cannot reach what keeps the jobs: {runtime.first_line(error)}"
        return runtime.told("OperationError", message, "start it, or correct DATABASE_URL or QUEUE__URL")
    return runtime.unexpected(error)


if __name__ == "__main__":
    raise SystemExit(runtime.run(_answer, _told))
