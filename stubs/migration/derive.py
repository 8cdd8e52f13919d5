"""The migration's slug; a table made by a module has its migration already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.names import identifier
from arckode_gen.engine.units import load
from arckode_gen.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: the name is no identifier.
        RefusedError: another migration is called so.
    """
    slug = identifier(str(values["name"]))
    folder = f"src/{values['package']}/migrations"
    there = [
        path for path in project.glob(f"{folder}/*_{slug}.*") if path.rpartition("/")[2][13:].partition(".")[0] == slug
    ]
    if there and load(project, "migration", slug) is None:
        hint = f"choose another name, such as `{slug}_again`"
        raise RefusedError(f"{there[0]} is called so already; two migrations of one name are hard to tell apart", hint)
    return {"slug": slug, "title": slug.replace("_", " ").capitalize()}
