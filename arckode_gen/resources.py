"""Where the shipped templates and stubs are: bundled in an installed wheel, beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent


def folder(name: Literal["templates", "stubs"]) -> Path:
    """Return the folder of shipped resources called `name`."""
    bundled = _PACKAGE / "_bundled" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name
