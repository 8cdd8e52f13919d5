"""The breaker's name as a module, and whether there is something to go around."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.python_names import free_name
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot

_ADDED_BY = {"mail": "make:adapter smtp", "push": "make:push-outbox", "storage": "make:adapter s3"}


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: the name is taken by Python, or the project has no such port.
    """
    port = str(values["port"] or "")
    if port and project.read(f"src/{values['package']}/kernel/{port}.py") is None:
        raise UsageError(f"this project has no {port} to go around", f"`arckode {_ADDED_BY[port]}` adds it")
    return {"breaker": free_name(str(values["name"])), "port": port}
