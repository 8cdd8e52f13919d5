"""The project itself as a unit: its skeleton and the parts of the kernel that it carries.

`arckode new` renders the skeleton with copier, an upgrade the same files with Jinja alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen import __version__
from arckode_gen.engine import agents, parts, template_tree, units
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
    """Return what identifies the skeleton, the kernel and what is told to agents."""
    return tree_digest(templates, ("backend", "kernel", agents.FOLDER))


def unit(
    package: str, options: Mapping[str, str], carried: Sequence[str], files: Mapping[str, FileState], templates: Path
) -> Unit:
    """Return the manifest of a project's own files; `options` are the answers that `arckode new` was given."""
    generated = {path: units.digest(state.content) for path, state in files.items()}
    values = {**options, "parts": list(carried)}
    return units.Unit("project", package, VERSION, values, generated, templates=digest(templates))


def rerender(old: Unit, manifest: ProjectManifest, templates: Path) -> Rendered:
    """Return the project's files as the installed version makes them.

    Raises:
        CrashError: a template does not render, or the kernel has not the part.
    """
    package, carried = manifest["package"], _words(old.values.get("parts"))
    options = {"database": str(old.values["database"]), "lang": str(old.values.get("lang", agents.DEFAULT))}
    answers = {
        "name": manifest["name"],
        "package": package,
        "database": options["database"],
        "arckode_version": __version__,
    }
    skeleton = template_tree.render(templates / "backend" / "project", answers)
    kernel = parts.carried(templates / "kernel", carried, f"src/{package}/kernel/").files
    files = {**skeleton, **kernel, **agents.files(templates, options["lang"], package)}
    return Rendered(old, unit(old.name, options, carried, files, templates), files)


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list | tuple) else ()
