"""What the pages of accounts need: a front end to be part of, and accounts that they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine import units
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:  # noqa: ARG001  a derive's shape
    """Return the derived values.

    Raises:
        UsageError: the project has no front end, or nobody signs in there.
    """
    if units.load(project, "frontend", "app") is None:
        raise UsageError("this project has no front end", "make one with `arckode make:frontend`")
    if units.load(project, "auth", "auth") is None:
        raise UsageError("nobody signs in here, so there is nothing to make pages for", "run `arckode make:auth` first")
    return {"needs": ("frontend.app", "auth.auth")}
