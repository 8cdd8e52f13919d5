"""Another answer to a question of the project's skeleton, such as its database, once the project exists.

The skeleton is rendered with the old answer and with the new one, and the difference is merged into what people made of
it. Nothing else of the skeleton changes: that is what `upgrade` is for. Lines that units wired in are taken out before
and put back afterwards, because they would stand in the way of the merge.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from arckode_gen import resources
from arckode_gen.engine import edits, project, project_unit, units, wiring
from arckode_gen.engine.placing import on_make
from arckode_gen.engine.plan import FileState
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.placing import Merge
    from arckode_gen.engine.project import ProjectManifest, Snapshot
    from arckode_gen.engine.units import Edit, Unit


@dataclass(frozen=True, slots=True)
class Switched:
    """The files as they become; `conflicts` are those where a person changed the same lines, with markers."""

    files: Mapping[str, FileState] = field(default_factory=dict)
    conflicts: Mapping[str, FileState] = field(default_factory=dict)
    records: Mapping[str, FileState] = field(default_factory=dict)


def current(snapshot: Snapshot, name: str) -> str:
    """Return the project's answer to a question.

    Raises:
        UsageError: it was never asked.
    """
    answers = project.manifest(snapshot)["options"]
    if name not in answers:
        raise UsageError(f"{project.PROJECT_FILE} has no option '{name}'", f'add "{name}" to its "options"')
    return answers[name]


def switch(snapshot: Snapshot, name: str, value: str, merge: Merge) -> Switched:
    """Decide what another answer changes.

    Raises:
        UsageError: the record of the project's own files is missing.
    """
    manifest = project.manifest(snapshot)
    unit = units.load(snapshot, "project", manifest["package"])
    if unit is None:
        path = units.unit_path("project", manifest["package"])
        raise UsageError(f"{path} is missing", f"restore it: `git checkout -- {path}`")
    wired = dict.fromkeys(edit for each in units.all_units(snapshot) for edit in each.edits)
    before, after = (_rendered(unit, manifest, name, each) for each in (current(snapshot, name), value))
    files: dict[str, FileState] = {}
    conflicts: dict[str, FileState] = {}
    bases: dict[str, FileState] = {}
    for path in sorted(path for path in after if after[path] != before.get(path)):
        base = snapshot.read(units.BASE + path) or before.get(path)
        rebased, is_lost = _merged(path, base, before.get(path), after[path], merge)
        bases[path] = after[path] if rebased is None or is_lost else rebased
        bare, lines = _unwired(snapshot.read(path), [edit for edit in wired if edit.file == path])
        merged, is_conflict = _merged(path, bare, before.get(path), after[path], merge)
        state, is_whole = _rewired(merged, lines)
        if state is not None:
            (files if is_whole and not is_conflict else conflicts)[path] = state
    digests = {**unit.files, **{path: units.digest(state.content) for path, state in bases.items()}}
    new = replace(unit, values={**unit.values, name: value}, files=digests)
    records = {units.BASE + path: FileState(state.content) for path, state in bases.items()}
    return Switched(files, conflicts, {**records, new.path: units.dump(new), **_manifest(snapshot, name, value)})


def _rendered(unit: Unit, manifest: ProjectManifest, name: str, value: str) -> Mapping[str, FileState]:
    asked = replace(unit, values={**unit.values, name: value})
    return project_unit.rerender(asked, manifest, resources.folder("templates")).files


def _unwired(state: FileState | None, lines: list[Edit]) -> tuple[FileState | None, list[Edit]]:
    """Take the lines out that units put in, and tell which could be."""
    out: list[Edit] = []
    for edit in lines:
        outcome = wiring.remove(edit, state.content) if state else edits.AlreadyGone()
        if state and isinstance(outcome, edits.Removed):
            state = FileState(outcome.text, state.executable)
            out.append(edit)
    return state, out


def _rewired(state: FileState | None, lines: list[Edit]) -> tuple[FileState | None, bool]:
    """Put the lines back, and tell whether every one found its place."""
    is_whole = True
    for edit in lines:
        outcome = wiring.insert(edit, state.content) if state else edits.AlreadyThere()
        if state and isinstance(outcome, edits.Inserted):
            state = FileState(outcome.text, state.executable)
        is_whole &= not isinstance(outcome, edits.CannotInsert)
    return state, is_whole


def _merged(
    path: str, state: FileState | None, old: FileState | None, new: FileState, merge: Merge
) -> tuple[FileState | None, bool]:
    """Apply what changed between two renderings; a file that a person deleted stays deleted."""
    if state is None:
        return None, False
    placed = on_make(path, state, old, new, merge)
    return placed.state, placed.action in {"conflict", "exists"}


def _manifest(snapshot: Snapshot, name: str, value: str) -> dict[str, FileState]:
    state = cast("FileState", snapshot.read(project.PROJECT_FILE))
    document = cast("dict[str, dict[str, str]]", json.loads(state.text))
    document["options"][name] = value
    return {project.PROJECT_FILE: FileState((json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())}
