"""Forgets a person in a project, in the project's own interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, JSON objects on standard output, one a line:
what is being rebuilt, and then the answer.
"""

from __future__ import annotations

import importlib.util
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
    package = asked["package"]
    module = importlib.import_module(f"{package}.kernel.personal_data")
    store = importlib.import_module(f"{package}.kernel.event_store").EVENT_STORE
    kernel = runtime.composed(package)
    personal = kernel.resolve(module.PersonalData)
    try:
        found = await personal.forget(asked["subject"])
        names = _telling(kernel, package, personal)
        for name in names if asked["rebuild"] else []:
            report(f"rebuilding {name}")
            await _projections(kernel, package).rebuild(name)
        return {"now": found.now, "projections": names}
    finally:
        await kernel.adapter(store).close()
        await kernel.database.close()


def _telling(kernel: Any, package: str, personal: Any) -> list[str]:  # noqa: ANN401  classes of the project's own kernel
    """Name the projections whose rows may say something about somebody."""
    projections = _projections(kernel, package)
    names = () if projections is None else projections.names
    return [name for name in names if personal.types & set(projections.named(name).events)]


def _projections(kernel: Any, package: str) -> Any:  # noqa: ANN401  as above
    try:
        module = importlib.import_module(f"{package}.kernel.projections")
    except ModuleNotFoundError:
        return None
    try:
        return kernel.resolve(module.Projections)
    except Exception as error:
        if type(error).__name__ == "WiringError":
            return None
        raise


def _told(error: BaseException, _asked: runtime.Asked) -> runtime.Told:
    if found := runtime.unusable(error, "a table of the event store, of the keys or of a projection is not there"):
        return found
    match type(error).__name__:
        case "NotFoundError":
            hint = "a person is the id of an aggregate, or what the field named in Personal(subject=...) says"
            return runtime.told("UsageError", runtime.first_line(error), hint)
        case "WiringError":
            return runtime.told("UsageError", runtime.first_line(error))
        case "ConflictError":
            return runtime.told("RefusedError", runtime.first_line(error), "run it again: it may be repeated")
    return runtime.unreachable(error) or runtime.unexpected(error)


if __name__ == "__main__":
    raise SystemExit(runtime.run(_answer, _told))
