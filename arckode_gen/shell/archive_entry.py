"""Archives events of a project, in the project's own interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, JSON objects on standard output, one a line:
how far it is, and then the answer.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.shell import entry_runtime as runtime
else:
    _spec = importlib.util.spec_from_file_location("entry_runtime", Path(__file__).with_name("entry_runtime.py"))
    runtime = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(runtime)


async def _answer(asked: runtime.Asked, report: runtime.Report) -> Mapping[str, object]:
    package = asked["package"]
    module = importlib.import_module(f"{package}.kernel.event_archive")
    kernel = runtime.composed(package)
    archive = kernel.resolve(module.EventArchive)
    try:
        if asked["action"] == "restore":
            return {"restored": await archive.restore(runtime.reporter(report))}
        days, dry_run = asked["after_days"], asked["dry_run"]
        found = await archive.archive(after_days=days, dry_run=dry_run, report=runtime.reporter(report))
        return {"archived": found.plain()}
    finally:
        await kernel.database.close()


def _told(error: BaseException, _asked: runtime.Asked) -> runtime.Told:
    if found := runtime.unusable(error, "a table of the event store or its archive is not there"):
        return found
    if type(error).__name__ == "WiringError":
        return runtime.told("UsageError", runtime.first_line(error))
    return runtime.unreachable(error) or runtime.unexpected(error)


if __name__ == "__main__":
    raise SystemExit(runtime.run(_answer, _told))
