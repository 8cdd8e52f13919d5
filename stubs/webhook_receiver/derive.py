"""The sender's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.names import to_pascal
from arckode_gen.engine.python_names import free_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot


def derive(values: Mapping[str, object], _project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: the name is taken by Python.
    """
    sender = free_name(str(values["name"]))
    pascal = to_pascal(sender)
    module = f"{values['package']}.webhooks.{sender}"
    return {
        "sender": sender,
        "pascal": pascal,
        "route": sender.replace("_", "-"),
        "known": {
            "AsyncIterator": "collections.abc",
            "BaseModel": "pydantic",
            "HTTPStatus": "http",
            "Job": ".queue",
            "QUEUE": ".queue",
            "RawBody": ".http.raw_body",
            "Receiver": ".webhooks_receiving",
            "ReceiverSettings": ".webhooks_receiving",
            "Request": "fastapi",
            "Settings": f"{values['package']}.settings",
            "SecretStr": "pydantic",
            f"{pascal}WebhookSettings": module,
            "compose": f"{values['package']}.composition_root",
            "fresh_database": ".testing",
            "new_secret": ".webhooks_signing",
            "receiver_of": ".webhooks_receiving",
            "signed": ".webhooks_signing",
            "structlog": "=structlog",
            "timedelta": "datetime",
            "utc_now": ".clock",
        },
    }
