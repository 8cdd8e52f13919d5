"""Renders a copier template into values; the caller lends an empty scratch folder and throws it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.plan import FileState
from arckode_gen.errors import CrashError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def render(template: Path, answers: Mapping[str, str], scratch: Path) -> dict[str, FileState]:
    """Return every file of the rendered template by its path.

    Raises:
        CrashError: the template itself is wrong; a user's answer was checked before.
    """
    from copier import run_copy  # half a second that only `arckode new` needs
    from copier.errors import CopierError
    from plumbum import local

    try:
        # Copier would ask git about every file; without finding one it is faster, and no repository leads it astray.
        with local.env(PATH=str(scratch)):
            run_copy(str(template), scratch, data=dict(answers), defaults=True, quiet=True, skip_tasks=True)
    except (CopierError, ValueError) as error:
        raise CrashError(f"the template {template.name} does not render: {error}") from error
    return read_tree(scratch)


def read_tree(folder: Path, prefix: str = "") -> dict[str, FileState]:
    """Return every file below a folder, byte for byte; byte-compiled Python is not a file that anyone wrote."""
    return {
        prefix + path.relative_to(folder).as_posix(): FileState(path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
