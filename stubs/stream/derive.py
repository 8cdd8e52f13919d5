"""The names of a stream, and who may read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.engine.names import to_pascal
from arckode_gen.engine.python_names import free_name
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot

_PERMISSION = re.compile(r"[a-z][a-z0-9_]{0,49}:[a-z][a-z0-9_]{0,49}")


def derive(values: Mapping[str, object], _project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: the name is taken by Python, or the access is none.
    """
    path = free_name(str(values["name"]))
    access = str(values["access"])
    words = {"public": "PUBLIC", "signed-in": "SIGNED_IN"}
    if access not in words and not _PERMISSION.fullmatch(access):
        hint = "write public, signed-in, or module:action, such as reports:read"
        raise UsageError(f"--access {access}: this is no access", hint)
    pascal = to_pascal(path)
    return {
        "path": path,
        "route": path.replace("_", "-"),
        "words": path.replace("_", " "),
        "class_name": f"{pascal}Stream",
        "access_code": words.get(access, "require(OPEN)"),
        "is_public": access == "public",
        "permission": access if ":" in access else "",
        "known": {
            "HTTPStatusError": "httpx2",
            "OPEN": f"{values['package']}.streams.{path}",
            "Permission": ".access",
            "Principal": ".access",
            "Reader": ".streams",
            "Received": ".streams_testing",
            "SIGNED_IN": ".access",
            "STREAMS": ".streams",
            f"{pascal}Stream": f"{values['package']}.streams.{path}",
            "reading": ".streams_testing",
            "require": ".access",
            "served": ".served_testing",
        },
    }
