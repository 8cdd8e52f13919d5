"""The layer's name as a module, and as a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.names import to_pascal
from arckode_gen.engine.python_names import free_name
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot

# What the file of a layer imports, and what the composition root has of the kernel.
_TAKEN = frozenset({"events", "kernel", "message", "middleware", "mutable_headers", "receive", "scope", "send"})


def derive(values: Mapping[str, object], _project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: the name is taken by Python or by what every layer imports.
    """
    layer = free_name(str(values["name"]))
    if layer in _TAKEN:
        raise UsageError(f"{layer!r} is a name that every layer uses", f"choose another, such as `{layer}_layer`")
    return {"layer": layer, "class_name": to_pascal(layer), "header": f"X-{layer.replace('_', '-').title()}"}
