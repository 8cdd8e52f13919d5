"""Looks after a project's dead letters, in the project's own interpreter and with nothing of arckode importable.

This file is run by its path: a JSON object on standard input, one JSON object on standard output.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.shell import entry_runtime as runtime
else:
    _spec = importlib.util.spec_from_file_location("entry_runtime", Path(__file__).with_name("entry_runtime.py"))
    runtime = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(runtime)


class _NoGroupError(Exception):
    """Nobody subscribes under this name, and no letter is of it."""


async def _answer(asked: runtime.Asked, _report: runtime.Report) -> Mapping[str, object]:
    package = asked["package"]
    module = importlib.import_module(f"{package}.kernel.event_bus")
    values = importlib.import_module(f"{package}.kernel.event_bus_values")
    kernel = runtime.composed(package)
    bus, ids = kernel.adapter(module.EVENT_BUS), [UUID(each) for each in asked["ids"]]
    letters, dead = bus.letters, module.LetterStatus.DEAD
    try:
        if (group := asked["group"]) is not None:
            known = {*bus.groups, *(each for each, _ in await letters.counts())}
            if group not in known:
                near = importlib.import_module(f"{package}.kernel.errors").suggestion(group, known)
                raise _NoGroupError(f"there is no group '{group}'{near}")
        match asked["action"]:
            case "list":
                found = await letters.list(dead, group, asked["limit"])
                return {"letters": [_shown(each) for each in found]}
            case "show":
                found = await letters.find(ids[0])
                if found is None or found.status is not dead:
                    raise LookupError(str(ids[0]))
                return {"letter": {**_shown(found), "event": values.plain(found.event)}}
            case "retry":
                return {"retried": await letters.revive(ids or None, group, kernel.clock.now())}
            case _:
                return {"dropped": await letters.drop(ids)}
    finally:
        await bus.broker.close()
        await kernel.database.close()


def _shown(letter: Any) -> Mapping[str, object]:  # noqa: ANN401  a class of the project's own kernel
    return {
        "id": str(letter.id),
        "group": letter.group,
        "event_id": str(letter.event.id),
        "type": letter.event.type,
        "key": letter.event.key,
        "attempts": letter.attempts,
        "error": letter.error,
        "created_at": letter.created_at.isoformat(),
    }


def _told(error: BaseException, _asked: runtime.Asked) -> runtime.Told:
    if isinstance(error, LookupError) and not isinstance(error, KeyError | IndexError):
        return runtime.told("UsageError", f"there is no dead letter {error}", "`arckode events:dlq list` names them")
    if isinstance(error, _NoGroupError):
        return runtime.told("UsageError", str(error), "`arckode events:dlq list` names those with dead letters")
    if found := runtime.unusable(error, "a table of the event bus is not there"):
        return found
    return runtime.unreachable(error) or runtime.unexpected(error)


if __name__ == "__main__":
    raise SystemExit(runtime.run(_answer, _told))
