"""Replays an aggregate of a project, in the project's own interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, one JSON object on standard output.
"""

from __future__ import annotations

import importlib.util
from datetime import datetime
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


async def _answer(asked: runtime.Asked, _report: runtime.Report) -> Mapping[str, object]:
    package = asked["package"]
    module = importlib.import_module(f"{package}.kernel.event_replay")
    store = importlib.import_module(f"{package}.kernel.event_store").EVENT_STORE
    kernel = runtime.composed(package)
    at = asked["at"] and datetime.fromisoformat(asked["at"])
    try:
        found = await module.replay(kernel, asked["aggregate"], UUID(asked["id"]), version=asked["version"], at=at)
        return {"replay": found.plain()}
    finally:
        await kernel.adapter(store).close()
        await kernel.database.close()


def _told(error: BaseException, _asked: runtime.Asked) -> runtime.Told:
    if found := runtime.unusable(error, "a table of the event store is not there"):
        return found
    if type(error).__name__ in {"NotFoundError", "WiringError"}:
        return runtime.told("UsageError", runtime.first_line(error))
    return runtime.store_unreachable(error) or runtime.unreachable(error) or runtime.unexpected(error)


if __name__ == "__main__":
    raise SystemExit(runtime.run(_answer, _told))
