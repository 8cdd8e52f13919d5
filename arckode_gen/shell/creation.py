"""Makes a folder that is not there yet: all of it appears at once, or nothing does."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError, RefusedError
from arckode_gen.shell.files import put, remove_tree, sync_folders
from arckode_gen.shell.lock import LOCK_FILE, hold
from arckode_gen.shell.targets import refuse_stale

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_gen.engine.plan import Plan


def create(root: Path, plan: Plan) -> None:
    """Build the project beside its place and rename it into it; a kill leaves at most a hidden folder.

    Raises:
        RefusedError: the plan expects files, or the folder was made by someone else meanwhile.
        OperationError: the disk failed; nothing is left.
    """
    refuse_stale(root, plan.changes)
    sweep(root)
    made = [above for above in root.parents if not above.exists()]
    building = root.with_name(f"{_prefix(root)}{os.urandom(4).hex()}")
    try:
        building.mkdir(parents=True)
        _build(building, root, plan)
    except BaseException as error:
        remove_tree(building)
        with suppress(OSError):
            for folder in made:
                folder.rmdir()
        if not isinstance(error, OSError):
            raise
        if root.exists():
            raise RefusedError(f"{root} was made meanwhile by someone else; nothing was written") from error
        raise OperationError(f"cannot make {root}: {error}", "nothing of it is left") from error


def _build(building: Path, root: Path, plan: Plan) -> None:
    with hold(building):
        for change in plan.changes:
            put(building / change.path, change.after)
        sync_folders([building, *(path for path in building.rglob("*") if path.is_dir())])
        if sys.platform != "win32":
            building.rename(root)
    if sys.platform == "win32":  # a folder with an open file in it, the lock, cannot be renamed there
        building.rename(root)
    sync_folders([root.parent])


def sweep(root: Path) -> None:
    """Remove what killed creations left beside the place; a living one holds the lock in its folder."""
    if not root.parent.is_dir():
        return
    for folder in root.parent.iterdir():
        if folder.name.startswith(_prefix(root)) and (folder / LOCK_FILE).is_file():
            with suppress(OperationError), hold(folder, timeout=0):
                remove_tree(folder)


def _prefix(root: Path) -> str:
    return f".{root.name}.arckode-"
