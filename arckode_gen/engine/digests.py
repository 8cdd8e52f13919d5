"""Digests of what units are made from: they tell which of them are stale, without rendering anything."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def tree_digest(folder: Path, names: tuple[str, ...]) -> str:
    """Return a digest of some files and folders below a folder, by their paths and bytes."""
    total = hashlib.sha256()
    for name in names:
        for path in _files(str(folder), name):
            content = Path(folder, path).read_bytes()
            total.update(f"{path} {len(content)}\n".encode() + content)
    return total.hexdigest()[:16]


def _files(root: str, name: str) -> Iterator[str]:
    """Yield the files at or below a place, relative and in order; hundreds of them, so without a `Path` for each."""
    try:
        with os.scandir(f"{root}/{name}") as entries:
            inner = sorted((entry.name, entry.is_file()) for entry in entries if entry.name != "__pycache__")
    except NotADirectoryError:
        yield name
        return
    except FileNotFoundError:
        return
    for each, is_file in inner:
        if is_file:
            yield f"{name}/{each}"
        else:
            yield from _files(root, f"{name}/{each}")
