"""Whether there is a login, and where the names of its test come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.units import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return what the templates use."""
    return {
        "guarded": load(project, "auth", "auth") is not None,
        "known": {
            "AsyncIterator": "collections.abc",
            "EventBus": ".bus",
            "QUEUE": ".queue",
            "QueueSettings": ".queue",
            "Settings": f"{values['package']}.settings",
            "ValidationError": ".errors",
            "WebhookSettings": ".webhooks",
            "Webhooks": ".webhooks",
            "Worker": ".queue_worker",
            "called": ".webhooks_testing",
            "compose": f"{values['package']}.composition_root",
            "fresh_database": ".testing",
            "base64": "=base64",
            "json": "=json",
            "utc_now": ".clock",
            "verified": ".webhooks_signing",
        },
    }
