"""The path's names, who may open it, and the job whose progress it shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.engine.names import to_pascal
from arckode_gen.engine.python_names import free_name
from arckode_gen.engine.units import load
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot

_PERMISSION = re.compile(r"[a-z][a-z0-9_]{0,49}:[a-z][a-z0-9_]{0,49}")


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: the name is taken by Python, the access is none, or there is no such job.
    """
    path = free_name(str(values["name"]))
    access, job = str(values["access"]), str(values["job"] or "")
    words = {"public": "PUBLIC", "signed-in": "SIGNED_IN"}
    if access not in words and not _PERMISSION.fullmatch(access):
        hint = "write public, signed-in, or module:action, such as reports:read"
        raise UsageError(f"--access {access}: this is no access", hint)
    if job and load(project, "job", job) is None:
        raise UsageError(f"--job {job}: there is no such job", f"make it first: `arckode make:job {job}`")
    pascal = to_pascal(path)
    return {
        "path": path,
        "route": path.replace("_", "-"),
        "words": path.replace("_", " "),
        "class_name": f"{pascal}Sockets",
        "access_code": words.get(access, "require(OPEN)"),
        "is_public": access == "public",
        "permission": access if ":" in access else "",
        "job": job,
        "job_class": f"{to_pascal(job)}Progress" if job else "",
        "needs": (f"job.{job}",) if job else (),
        "known": {
            "Client": ".websockets",
            "InvalidStatus": "websockets.exceptions",
            "Job": ".queue",
            "OPEN": f"{values['package']}.sockets.{path}",
            "Permission": ".access",
            "Principal": ".access",
            "QUEUE": ".queue",
            "QueueSettings": ".queue",
            "Worker": ".queue_worker",
            "Queue": ".queue",
            "SIGNED_IN": ".access",
            "SOCKETS": ".websockets",
            "UnavailableError": ".errors",
            "WebSockets": ".websockets",
            f"{pascal}Sockets": f"{values['package']}.sockets.{path}",
            f"{to_pascal(job) if job else ''}Progress": f"{values['package']}.sockets.{job}_progress",
            "heard": ".sockets_testing",
            "json": "=json",
            "opened": ".sockets_testing",
            "require": ".access",
            "serving": ".sockets_testing",
            "structlog": "=structlog",
        },
    }
