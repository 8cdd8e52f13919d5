"""Where the names of its test come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot


def derive(_values: Mapping[str, object], _project: Snapshot) -> Mapping[str, object]:
    """Return what the templates use."""
    return {
        "known": {
            "MemoryPush": ".push_memory",
            "OutboxPush": ".push_outbox",
            "PUSH": ".push",
            "PushMessage": ".push",
            "QUEUE": ".queue",
            "QueueSettings": ".queue",
            "Worker": ".queue_worker",
        },
    }
