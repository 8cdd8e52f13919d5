"""Runs the project's own seeds, in the project's interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, JSON lines on standard output.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.shell import entry_runtime as runtime
else:
    _file = Path(__file__).parents[1] / "shell/entry_runtime.py"
    _spec = importlib.util.spec_from_file_location("entry_runtime", _file)
    runtime = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(runtime)


class _Production(Exception):  # noqa: N818 - a reason to stop, told in words
    """The settings say production and nobody forced it."""


async def _answer(asked: runtime.Asked, _report: runtime.Report) -> Mapping[str, object]:
    package, names, flags = asked["package"], tuple(asked["names"]), asked["flags"]
    settings = runtime.settings_of(package)
    if settings.production and not flags.get("force"):
        raise _Production
    kernel = importlib.import_module(f"{package}.composition_root").compose(settings)
    try:
        results = await importlib.import_module(f"{package}.kernel.seeding").run(
            kernel, f"{package}.seeds", names, **flags
        )
    finally:
        await kernel.database.close()
    return {"seeds": [_result(result) for result in results]}


def _result(result: object) -> Mapping[str, object]:
    return {
        "name": getattr(result, "name", ""),
        "inserted": getattr(result, "inserted", None),
        "skipped": getattr(result, "skipped", False),
    }


def _told(error: BaseException, asked: runtime.Asked) -> runtime.Told:
    if isinstance(error, _Production):
        message = "the settings say production, and seeds are for development"
        return runtime.told("RefusedError", message, "--force-production seeds all the same")
    if found := runtime.unusable(error, "a table that the seeds fill is not there"):
        return found
    if found := runtime.unreachable(error):
        return found
    if type(error).__module__.startswith(f"{asked['package']}.kernel"):
        return runtime.told("RefusedError", str(error))
    return runtime.told(
        "OperationError",
        f"seeding failed{_where(error)}: {type(error).__name__}: {runtime.first_line(error)}",
        "correct it and run `arckode db:seed` again: what was inserted stays and is not inserted twice",
    )


def _where(error: BaseException) -> str:
    trace, found = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if f"{os.sep}seeds{os.sep}" in file:
            found = f" in {os.path.relpath(file)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


if __name__ == "__main__":
    raise SystemExit(runtime.run(_answer, _told))
