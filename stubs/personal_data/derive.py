"""Where the names of its test come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.units import of_kind
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot


def derive(_values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return what the template uses.

    Raises:
        UsageError: there is no aggregate whose events could say something about people.
    """
    if not of_kind(project, "aggregate"):
        raise UsageError("there is no aggregate", "`arckode make:aggregate` makes one")
    return {
        "known": {
            **dict.fromkeys(("Aggregates", "Command", "Decider", "EventData"), ".aggregates"),
            "Annotated": "typing",
            "EVENT_STORE": ".event_store",
            "ForgottenError": ".personal_data",
            "Kernel": ".app",
            "Personal": ".event_personal",
            "PersonalData": ".personal_data",
            "as_stored": ".event_store",
            "new_id": ".ids",
        }
    }
