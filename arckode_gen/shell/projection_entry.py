"""Looks after a project's projections, in the project's own interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, JSON objects on standard output, one a line:
how far a rebuild is, and then the answer.
"""

from __future__ import annotations

import importlib.util
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.shell import entry_runtime as runtime
else:
    _spec = importlib.util.spec_from_file_location("entry_runtime", Path(__file__).with_name("entry_runtime.py"))
    runtime = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(runtime)


async def _answer(asked: runtime.Asked, report: runtime.Report) -> Mapping[str, object]:
    package, name = asked["package"], asked.get("name") or ""
    module = importlib.import_module(f"{package}.kernel.projections")
    store = importlib.import_module(f"{package}.kernel.event_store").EVENT_STORE
    kernel = runtime.composed(package)
    projections = kernel.resolve(module.Projections)
    try:
        await projections.check()
        for each in [name] if name else []:
            projections.named(each)
        if asked["action"] == "rebuild":
            return {"events": await projections.rebuild(name, runtime.reporter(report))}
        if asked["action"] == "list":
            return {"projections": [_declared(projections.named(each)) for each in projections.names]}
        found = [asdict(each) for each in await projections.status()]
        return {"projections": [each for each in found if name in ("", each["name"])]}
    finally:
        await kernel.adapter(store).close()
        await kernel.database.close()


def _declared(projection: Any) -> Mapping[str, object]:  # noqa: ANN401  a class of the project's own kernel
    tables = [table.model.__tablename__ for table in projection.tables]
    return {
        "name": projection.name,
        "version": projection.version,
        "events": sorted(projection.events),
        "tables": tables,
    }


def _told(error: BaseException, _asked: runtime.Asked) -> runtime.Told:
    if isinstance(error, ModuleNotFoundError) and str(error.name).endswith(".kernel.projections"):
        hint = "`arckode make:projection NAME --of AGGREGATE` adds the first one"
        return runtime.told("UsageError", "this project has no projections", hint)
    if found := runtime.unusable(error, "a table of the projections or of the event store is not there"):
        return found
    match type(error).__name__:
        case "NotFoundError":
            return runtime.told("UsageError", runtime.first_line(error), "`arckode projection:list` names them")
        case "WiringError":
            return runtime.told("UsageError", runtime.first_line(error))
        case "ConflictError":
            return runtime.told("RefusedError", runtime.first_line(error))
    return runtime.store_unreachable(error) or runtime.unreachable(error) or runtime.unexpected(error)


if __name__ == "__main__":
    raise SystemExit(runtime.run(_answer, _told))
