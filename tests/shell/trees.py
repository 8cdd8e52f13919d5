"""Folders as values, for comparing what is on the disk before and after."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from arckode_gen.engine.plan import Change, FileState, Plan
from arckode_gen.engine.project import PROJECT_FILE, Disk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Files = dict[str, bytes]
MANIFEST = b'{"arckode": "0", "format": 1, "name": "shop", "package": "shop", "options": {}}\n'


def state(content: bytes | str, *, executable: bool = False) -> FileState:
    return FileState(content.encode() if isinstance(content, str) else content, executable=executable)


def plant(root: Path, files: Mapping[str, bytes | FileState]) -> Path:
    """Write files as a user would, without the code under test."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.content if isinstance(content, FileState) else content)
        file.chmod(0o755 if isinstance(content, FileState) and content.executable else 0o644)
    return root


def project(root: Path, files: Mapping[str, bytes | FileState] | None = None) -> Path:
    return plant(root, {PROJECT_FILE: MANIFEST, **(files or {})})


def tree(root: Path) -> dict[str, str]:
    """Return every folder, and every file with its bits and bytes, but the journal, the lock and Python's caches."""
    found: dict[str, str] = {}
    for folder, inner, files in os.walk(root):  # thousands of times a run, and `pathlib` takes three times as long
        inner[:] = [name for name in inner if name not in {"__pycache__", ".git"}]
        here = os.path.relpath(folder, root)
        if here == ".arckode":
            inner[:] = [name for name in inner if name != "history"]
        before = "" if here == "." else f"{here}/"
        found.update((f"{before}{name}", "folder") for name in inner)
        for name in files:
            path = os.path.join(folder, name)  # noqa: PTH118
            with open(path, "rb") as file:  # noqa: PTH123
                found[f"{before}{name}"] = f"{stat.S_IMODE(os.lstat(path).st_mode):o} {file.read()!r}"
    found.pop(".arckode/lock", None)
    found.pop(".arckode", None)
    return dict(sorted(found.items()))


def plan(root: Path, after: Mapping[str, bytes | FileState | None], command: str = "make:module orders") -> Plan:
    """Return the plan that brings these files to these contents; None deletes."""
    disk = Disk(root)
    return Plan(command, tuple(Change(path, disk.read(path), _state(after[path])) for path in sorted(after)))


def _state(content: bytes | FileState | None) -> FileState | None:
    return FileState(content) if isinstance(content, bytes) else content
