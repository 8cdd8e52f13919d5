"""The function's name, which is its module's too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.python_names import free_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot


def derive(values: Mapping[str, object], _project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: the name is taken by Python.
    """
    return {"function": free_name(str(values["name"]))}
