"""Whether there is a login, and where the names of its test come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.units import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot


def derive(_values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return what the templates use."""
    return {
        "guarded": load(project, "auth", "auth") is not None,
        "known": {
            "AuditLog": ".audit",
            "EventBus": ".bus",
        },
    }
