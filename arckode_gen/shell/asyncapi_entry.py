"""What a project's code says about its events, found in the project's own interpreter and without starting anything.

This file is run by its path: a JSON object on standard input, one JSON object on standard output.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.shell import entry_runtime as runtime
else:
    _spec = importlib.util.spec_from_file_location("entry_runtime", Path(__file__).with_name("entry_runtime.py"))
    runtime = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(runtime)


def _answer(asked: runtime.Asked, _report: runtime.Report) -> Mapping[str, object]:
    package = asked["package"]
    kernel = runtime.composed(package)
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


if __name__ == "__main__":
    raise SystemExit(runtime.run(_answer, runtime.told_where))
