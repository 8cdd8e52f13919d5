"""The manifest of generated units: what was generated, from which words, and the text as it was rendered.

One file per unit (`.arckode/units/module.orders.json`) and the rendered text beside it (`.arckode/base/<path>`), so
that two branches never touch the same manifest; sorted, without clock or absolute path: the same bytes everywhere.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from arckode_gen import __version__
from arckode_gen.engine.plan import FileState
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot

BASE = ".arckode/base/"
UNITS = ".arckode/units/"


@dataclass(frozen=True, slots=True)
class Edit:
    """A line that a unit put into a file that it does not own."""

    file: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One generated thing: a module, a connector; `values` are the words it was made from, in canonical form."""

    kind: str
    name: str
    stub_version: int
    values: Mapping[str, object]
    files: Mapping[str, str]
    edits: tuple[Edit, ...] = ()

    @property
    def path(self) -> str:
        return unit_path(self.kind, self.name)


def unit_path(kind: str, name: str) -> str:
    return f"{UNITS}{kind}.{name}.json"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def dump(unit: Unit) -> FileState:
    """Return the manifest file of a unit."""
    document = {
        "arckode": __version__,
        "edits": [{"file": edit.file, "kind": edit.kind, "text": edit.text} for edit in unit.edits],
        "files": dict(sorted(unit.files.items())),
        "format": 1,
        "kind": unit.kind,
        "name": unit.name,
        "stub": unit.stub_version,
        "values": dict(sorted(unit.values.items())),
    }
    return FileState((json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())


def load(snapshot: Snapshot, kind: str, name: str) -> Unit | None:
    """Return a unit of the project, or None when it was never generated.

    Raises:
        UsageError: its manifest is damaged.
    """
    path = unit_path(kind, name)
    state = snapshot.read(path)
    if state is None:
        return None
    try:
        return _parse(json.loads(state.text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path} is damaged: {type(error).__name__}: {error}"
        raise UsageError(message, f"restore it: `git checkout -- {path}`") from error


def of_kind(snapshot: Snapshot, kind: str) -> tuple[Unit, ...]:
    """Return every unit of a kind, in order of name."""
    names = [
        path.removeprefix(f"{UNITS}{kind}.").removesuffix(".json") for path in snapshot.glob(f"{UNITS}{kind}.*.json")
    ]
    return tuple(unit for name in names if (unit := load(snapshot, kind, name)) is not None)


def _parse(document: Mapping[str, object]) -> Unit:
    edits = cast("list[dict[str, str]]", document["edits"])
    return Unit(
        kind=str(document["kind"]),
        name=str(document["name"]),
        stub_version=int(str(document["stub"])),
        values=cast("dict[str, object]", document["values"]),
        files=cast("dict[str, str]", document["files"]),
        edits=tuple(Edit(edit["file"], edit["kind"], edit["text"]) for edit in edits),
    )
