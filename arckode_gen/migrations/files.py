"""Finds the migrations of a project; reading what one of them says waits until somebody needs it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError

if TYPE_CHECKING:
    from pathlib import Path

_ENDINGS = ("py", "sql")
_NAME = re.compile(r"[0-9]{4,}_[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Source:
    """A migration file as it lies on the disk; `label` is its path as messages show it."""

    name: str
    label: str
    content: bytes

    @property
    def digest(self) -> str:
        """The hash of the bytes: when it is the recorded one, nothing has to be parsed."""
        from hashlib import sha256

        return sha256(self.content).hexdigest()

    @property
    def text(self) -> str:
        """The file as text, with `\\n` line ends.

        Raises:
            RefusedError: the file is not UTF-8.
        """
        try:
            return self.content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = self.content.count(b"\n", 0, error.start) + 1
            raise RefusedError(f"{self.label}:{line}: not UTF-8 (byte {error.start})", "save it as UTF-8") from error


def find(root: Path, folder: str) -> tuple[Source, ...]:
    """Return the migrations of `folder` in the order they apply; a name that starts with `_` or `.` is not one.

    Raises:
        RefusedError: a file is not named as a migration, or two files share a name.
    """
    there = root / folder
    if not there.is_dir():
        return ()
    found: dict[str, Source] = {}
    for file in sorted(os.listdir(there)):  # noqa: PTH208 - with hundreds of files `pathlib` costs more than the rest
        stem, _, ending = file.rpartition(".")
        if ending not in _ENDINGS or file.startswith(("_", ".")):
            continue
        label = f"{folder}/{file}"
        if not _NAME.fullmatch(stem):
            raise RefusedError(
                f"{label} is not named as a migration",
                "name it like 202611220001_create_orders.py, or let its name begin with `_` to keep it out",
            )
        if stem in found:
            raise RefusedError(f"{found[stem].label} and {label} have the same name", "rename one of them")
        found[stem] = Source(stem, label, _read(f"{there}/{file}", label))
    return tuple(found[name] for name in sorted(found))


def _read(path: str, label: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
            return file.read()
    except OSError as error:
        raise RefusedError(
            f"{label} cannot be read: {error.strerror}",
            "make it a file that you may read, or let its name begin with `_` to keep it out",
        ) from error
