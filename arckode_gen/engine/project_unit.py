"""The project itself as a unit: its skeleton and the parts of the kernel that it carries.

`arckode new` renders the skeleton with copier, an upgrade the same files with Jinja alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen import __version__
from arckode_gen.engine import parts, template_tree, units
from arckode_gen.engine.digests import tree_digest
from arckode_gen.engine.upgrade import Rendered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from arckode_gen.engine.plan import FileState
    from arckode_gen.engine.project import ProjectManifest
    from arckode_gen.engine.units import Unit

VERSION = 1


def digest(templates: Path) -> str:
    """Return what identifies the skeleton and the kernel."""
    return tree_digest(templates, ("backend", "kernel"))


def unit(package: str, database: str, carried: Sequence[str], files: Mapping[str, FileState], templates: Path) -> Unit:
    """Return the manifest of a project's own files."""
    generated = {path: units.digest(state.content) for path, state in files.items()}
    values = {"database": database, "parts": list(carried)}
    return units.Unit("project", package, VERSION, values, generated, templates=digest(templates))


def rerender(old: Unit, manifest: ProjectManifest, templates: Path) -> Rendered:
    """Return the project's files as the installed version makes them.

    Raises:
        CrashError: a template does not render, or the kernel has not the part.
    """
    database, carried = str(old.values["database"]), _words(old.values.get("parts"))
    answers = {
        "name": manifest["name"],
        "package": manifest["package"],
        "database": database,
        "arckode_version": __version__,
    }
    skeleton = template_tree.render(templates / "backend" / "project", answers)
    kernel = parts.carried(templates / "kernel", carried, f"src/{manifest['package']}/kernel/").files
    files = {**skeleton, **kernel}
    return Rendered(old, unit(old.name, database, carried, files, templates), files)


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list | tuple) else ()
