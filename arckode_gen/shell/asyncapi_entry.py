"""What a project's code says about its events, found in the project's own interpreter and without starting anything.

This file is run by its path: a JSON object on standard input, one JSON object on standard output.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def main() -> int:
    """Answer `{"answer": {...}}`, or `{"error": ...}` naming the line of the project that failed."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What the project prints while it is imported must not land in the answer.
    os.dup2(2, 1)
    asked = json.load(sys.stdin)
    sys.path.insert(0, asked["src"])
    try:
        message: dict[str, object] = {"answer": _found(asked["package"])}
    except KeyboardInterrupt:
        return 130
    except (Exception, SystemExit) as error:  # noqa: BLE001  it is the user's code: whatever it raises is told in words
        message = {"error": _told(error, asked["root"], asked["package"])}
    channel.write(json.dumps(message) + "\n")
    channel.flush()
    return 0


def _found(package: str) -> Mapping[str, object]:
    settings = importlib.import_module(f"{package}.settings").Settings()
    kernel = importlib.import_module(f"{package}.composition_root").compose(settings)
    kinds = _kinds(kernel, package)
    bus = _bus(kernel, package)
    schemas, names = _schemas(kinds)
    heard = [{"group": each.group, "types": _types(package, each.pattern, kinds)} for each in bus or ()]
    return {
        "title": kernel.settings.app_name,
        "bus": bus is not None,
        "heard": [each for each in heard if each["types"]],
        "schemas": schemas,
        "events": [
            {
                "type": name,
                "version": kind.version,
                "title": kind.__name__,
                "schema": names[name],
                "personal": _personal(kind, package),
            }
            for name, kind in sorted(kinds.items())
        ],
    }


def _kinds(kernel: Any, package: str) -> Mapping[str, Any]:  # noqa: ANN401  classes of the project's own kernel
    module = _part(package, "event_catalogue")
    return {} if module is None else module.EventCatalogue.of(kernel).kinds


def _bus(kernel: Any, package: str) -> Sequence[Any] | None:  # noqa: ANN401  as above
    """Return what is subscribed to on the bus between processes; None where there is no such bus."""
    module = _part(package, "event_bus")
    if module is None or not any(isinstance(each, module.EventBusSettings) for _, each in kernel.settings):
        return None
    subscriptions: Sequence[Any] = kernel.adapter(module.EVENT_BUS).subscriptions
    return subscriptions


def _schemas(kinds: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Return the schemas of all events with what they refer to, and the name of each event's own."""
    from pydantic.json_schema import models_json_schema

    mode: Literal["serialization"] = "serialization"
    wanted = [(kinds[name], mode) for name in sorted(kinds)]
    prefix = "#/components/schemas/"
    found, document = models_json_schema(wanted, ref_template=prefix + "{model}")
    names = {name: str(found[kind, mode]["$ref"]).removeprefix(prefix) for name, kind in kinds.items()}
    return document.get("$defs", {}), names


def _personal(kind: Any, package: str) -> list[str]:  # noqa: ANN401  as above
    module = _part(package, "event_personal")
    return [] if module is None else list(module.personal_of(kind))


def _types(package: str, pattern: str, kinds: Mapping[str, Any]) -> list[str]:
    """Return the types that a subscription means; one that it names need not be declared."""
    stands_for = importlib.import_module(f"{package}.kernel.events").stands_for
    return sorted({*(name for name in kinds if stands_for(pattern, name)), *([] if "*" in pattern else [pattern])})


def _part(package: str, name: str) -> Any:  # noqa: ANN401  a module of the project's own kernel
    try:
        return importlib.import_module(f"{package}.kernel.{name}")
    except ModuleNotFoundError as error:
        if error.name == f"{package}.kernel.{name}":
            return None
        raise


def _told(error: BaseException, root: str, package: str) -> Mapping[str, str]:
    text = traceback.format_exception_only(error)[-1].strip()
    if type(error).__name__ == "ValidationError" and type(error).__module__.startswith("pydantic"):
        text = f"the settings are wrong: {error}"
        return {"kind": "OperationError", "message": text, "hint": "correct .env or the environment"}
    place = _place(error, root)
    return {
        "kind": "OperationError",
        "message": f"{place}: {text}" if place else text,
        "hint": _hint(error, package),
    }


def _place(error: BaseException, root: str) -> str:
    """Return file:line of the last line of the project that ran, or where its syntax is wrong."""
    frames = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", error.lineno or 0))
    inside = os.path.join(os.path.realpath(root), "src", "")  # noqa: PTH118  pathlib is not needed for two strings
    for file, line in reversed(frames):
        path = os.path.realpath(file)
        if path.startswith(inside):
            return f"{os.path.relpath(path, os.path.realpath(root))}:{line}"
    return ""


def _hint(error: BaseException, package: str) -> str:
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] != package:
        return f"install the project's dependencies for {sys.executable}, or name another interpreter with --python"
    return "correct it, then run the command again"


if __name__ == "__main__":
    raise SystemExit(main())
