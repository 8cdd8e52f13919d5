"""Changes that an upgrade makes to code people wrote: one file per change, run once, before the merge.

A file here is named `v0_3_0_what_it_does.py`: it belongs to the release 0.3.0, and runs for projects whose manifest
names an older one. It has one function, `change(project: Snapshot) -> Iterable[Change]`, that may import libcst and
must change nothing when it runs a second time.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arckode_gen.engine.plan import Change
    from arckode_gen.engine.project import Snapshot

_NAME = re.compile(r"v(\d+)_(\d+)_(\d+)_\w+")


class Codemod(Protocol):
    """What every file in this folder offers."""

    def change(self, project: Snapshot) -> Iterable[Change]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A codemod and the release that it belongs to."""

    version: tuple[int, ...]
    name: str
    codemod: Codemod


def since(version: str, paths: Sequence[str] = tuple(__path__), package: str = __name__) -> tuple[Found, ...]:
    """Return the codemods of the releases after a version, oldest first."""
    start = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    found: list[Found] = []
    for name in sorted(file.stem for path in paths for file in Path(path).glob("*.py")):
        match = _NAME.fullmatch(name)
        release = tuple(int(part) for part in match.groups()) if match else ()
        if release > start:
            found.append(Found(release, name, cast("Codemod", importlib.import_module(f"{package}.{name}"))))
    return tuple(sorted(found, key=lambda each: (each.version, each.name)))
