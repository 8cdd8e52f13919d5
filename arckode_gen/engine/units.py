"""The manifest of generated units: what was generated, from which words, and the text as it was rendered.

One file per unit (`.arckode/units/module.orders.json`) and the rendered text beside it (`.arckode/base/<path>`), so
that two branches never touch the same manifest; sorted, without clock or absolute path: the same bytes everywhere.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from arckode_gen import __version__
from arckode_gen.engine.plan import FileState
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from arckode_gen.engine.project import Snapshot

BASE = ".arckode/base/"
UNITS = ".arckode/units/"


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines that a unit put into a file that it does not own.

    `function` is the function or class they stand in, `at` the dotted path of the mapping that an entry stands in.
    """

    file: str
    kind: str
    text: str
    function: str = ""
    at: str = ""

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Unit:
    """One generated thing: a module, a connector; `values` are the words it was made from, in canonical form.

    `needs` are the ids of the units that it cannot do without, such as `module.customers`. `options` are the project's
    answers that it changed, each as it was before and after. `edited` are files of other units that it changed, as a
    person would. `templates` is the digest of what it was rendered from, by the version `arckode`.
    """

    kind: str
    name: str
    stub_version: int
    values: Mapping[str, object]
    files: Mapping[str, str]
    edits: tuple[Edit, ...] = ()
    needs: tuple[str, ...] = ()
    templates: str = ""
    arckode: str = __version__
    options: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    edited: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.kind}.{self.name}"

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
        **({"edited": dict(sorted(unit.edited.items()))} if unit.edited else {}),
        "edits": [_edit(edit) for edit in unit.edits],
        "files": dict(sorted(unit.files.items())),
        "format": 1,
        "kind": unit.kind,
        "name": unit.name,
        "needs": sorted(unit.needs),
        **({"options": {name: list(pair) for name, pair in sorted(unit.options.items())}} if unit.options else {}),
        "stub": unit.stub_version,
        "templates": unit.templates,
        "values": dict(sorted(unit.values.items())),
    }
    return FileState((json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())


def _edit(edit: Edit) -> dict[str, str]:
    document = {"file": edit.file, "kind": edit.kind, "text": edit.text}
    places = {"function": edit.function, "at": edit.at}
    return {**document, **{name: place for name, place in places.items() if place}}


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
        from arckode_gen.engine.conflict_markers import has_markers  # for a damaged one only

        if has_markers(state.content):
            message = f"{path} holds git's conflict markers: both branches changed the {kind} '{name}'"
            raise UsageError(
                message, "end the merge (`git merge --abort`), and see docs/how-to/add-a-field.md"
            ) from error
        message = f"{path} is damaged: {type(error).__name__}: {error}"
        raise UsageError(message, f"restore it: `git checkout -- {path}`") from error


def of_kind(snapshot: Snapshot, kind: str) -> tuple[Unit, ...]:
    """Return every unit of a kind, in order of name."""
    names = [
        path.removeprefix(f"{UNITS}{kind}.").removesuffix(".json") for path in snapshot.glob(f"{UNITS}{kind}.*.json")
    ]
    return tuple(unit for name in names if (unit := load(snapshot, kind, name)) is not None)


def all_units(snapshot: Snapshot) -> tuple[Unit, ...]:
    """Return every unit of the project, in order of kind and name."""
    ids = (path.removeprefix(UNITS).removesuffix(".json") for path in snapshot.glob(f"{UNITS}*.json"))
    pairs = (each.partition(".") for each in sorted(ids))
    return tuple(unit for kind, _, name in pairs if (unit := load(snapshot, kind, name)) is not None)


def needing(units: Iterable[Unit], gone: Container[str]) -> tuple[Unit, ...]:
    """Return the units that stay and cannot do without one that goes; `gone` holds ids."""
    return tuple(unit for unit in units if unit.id not in gone and any(need in gone for need in unit.needs))


def _parse(document: Mapping[str, object]) -> Unit:
    edits = cast("list[dict[str, str]]", document["edits"])
    options = cast("dict[str, list[str]]", document.get("options", {}))
    return Unit(
        kind=str(document["kind"]),
        name=str(document["name"]),
        stub_version=int(str(document["stub"])),
        values=cast("dict[str, object]", document["values"]),
        files=cast("dict[str, str]", document["files"]),
        edits=tuple(
            Edit(edit["file"], edit["kind"], edit["text"], edit.get("function", ""), edit.get("at", ""))
            for edit in edits
        ),
        needs=tuple(str(name) for name in cast("list[str]", document.get("needs", []))),
        templates=str(document.get("templates", "")),
        arckode=str(document["arckode"]),
        options={name: (old, new) for name, (old, new) in options.items()},
        edited=cast("dict[str, str]", document.get("edited", {})),
    )
