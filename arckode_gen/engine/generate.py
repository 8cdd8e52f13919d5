"""From a stub and its values to a Plan: render, wire, compare with what is there, record.

All or nothing: every refusal is collected, and one of them is enough for no file to change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arckode_gen.engine import edits, units
from arckode_gen.engine.names import Name
from arckode_gen.engine.plan import Change, FileState, Plan, Step
from arckode_gen.engine.render import Compiled, Renderer
from arckode_gen.errors import CrashError, RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.stubs import Stub, Wire


@dataclass(slots=True)
class _Draft:
    """What a plan is while it is being made: wires may edit a file that was just rendered."""

    snapshot: Snapshot
    after: dict[str, FileState] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def read(self, path: str) -> FileState | None:
        return self.after[path] if path in self.after else self.snapshot.read(path)

    def write(self, path: str, state: FileState, reason: str) -> None:
        self.after[path] = state
        self.reasons.setdefault(path, reason)


def plan(
    stub: Stub,
    values: Mapping[str, object],
    recorded: Mapping[str, object],
    snapshot: Snapshot,
    *,
    force: bool = False,
    compiled: Compiled | None = None,
) -> Plan:
    """Decide everything that a generator changes.

    `values` fill the templates (`name` is a Name); `recorded` are the words as the manifest keeps them.

    Raises:
        RefusedError: a file holds something else, or a wire cannot be placed; the message lists all of them.
    """
    unit_name = name_of_unit(stub, values)
    command = f"{stub.spec.name} {unit_name}"
    previous = units.load(snapshot, stub.unit, unit_name)
    if previous is not None and dict(previous.values) != dict(recorded) and not force:
        raise RefusedError(_other_words(stub.unit, unit_name, previous.values, recorded), _OTHER_WORDS_HINT)
    draft = _Draft(snapshot)
    renderer = Renderer(stub.folder / "tree", values, compiled)
    rendered = _render(stub, renderer)
    for path, state in rendered.items():
        _place(draft, path, state, force=force)
    made = _wire_all(stub, renderer, draft)
    if draft.refusals:
        raise RefusedError(
            f"{command}: nothing was written, because\n" + "\n".join(draft.refusals),
            "files that were never generated are only overwritten with --force",
        )
    unit = units.Unit(
        kind=stub.unit,
        name=unit_name,
        stub_version=stub.version,
        values=recorded,
        files={path: units.digest(state.content) for path, state in rendered.items()},
        edits=tuple(made),
    )
    draft.write(unit.path, units.dump(unit), "manifest")
    for path, state in rendered.items():
        draft.write(units.BASE + path, FileState(state.content), "as generated")
    changes = (Change(path, snapshot.read(path), state, draft.reasons[path]) for path, state in draft.after.items())
    return Plan(
        command,
        tuple(sorted((change for change in changes if not change.is_noop), key=lambda change: change.path)),
        tuple(Step(renderer.text(description), renderer.text(text)) for description, text in stub.steps),
        tuple(note for note in (renderer.text(note).strip() for note in stub.notes) if note),
    )


def name_of_unit(stub: Stub, values: Mapping[str, object]) -> str:
    """Return what the manifest calls the thing: its plural, its name, or the stub's when there is only one of it.

    Raises:
        UsageError: the name cannot be a part of a file's name.
    """
    name = values.get("name") or stub.folder.name
    text = name.plural if isinstance(name, Name) else str(name)
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", text):
        raise UsageError(f"{text!r} cannot be a name here", "use letters, digits, '_', '-' and '.'")
    return text


_OTHER_WORDS_HINT = "edit the module by hand, or start over: `arckode undo` and generate it again, or use --force"


def _render(stub: Stub, renderer: Renderer) -> dict[str, FileState]:
    rendered: dict[str, FileState] = {}
    for file in stub.files:
        for item in renderer.each(file):
            path = renderer.text(file.path, item)
            if path in rendered:
                raise CrashError(f"{stub.folder / 'stub.yml'}: two entries of 'files' write {path}")
            rendered[path] = renderer.file(file.template, item)
    return rendered


def _place(draft: _Draft, path: str, new: FileState, *, force: bool) -> None:
    """Decide about one file: create, leave, update, or refuse (the table of section 3 of the design)."""
    current = draft.snapshot.read(path)
    base = draft.snapshot.read(units.BASE + path)
    if current is None or force or (base is not None and current.content == base.content):
        draft.write(path, new, "generated")
    elif current.content != new.content and (base is None or base.content != new.content):
        why = "exists and was not generated" if base is None else "was edited since it was generated"
        draft.refusals.append(f"  {path} {why}")


def _wire_all(stub: Stub, renderer: Renderer, draft: _Draft) -> list[units.Edit]:
    made: list[units.Edit] = []
    for wire in stub.wires:
        for item in renderer.each(wire):
            edit = units.Edit(renderer.text(wire.file, item), wire.kind, renderer.text(wire.statement, item))
            _wire(wire, edit, draft)
            made.append(edit)
    return made


def _wire(wire: Wire, edit: units.Edit, draft: _Draft) -> None:
    state = draft.read(edit.file)
    if state is None:
        draft.refusals.append(f"  {edit.file} is missing; it must hold\n    {edit.text}")
        return
    outcome = _edit(wire, state.content, edit.text)
    if isinstance(outcome, edits.Inserted):
        draft.write(edit.file, FileState(outcome.text, state.executable), f"{wire.kind}: {edit.text}")
    elif isinstance(outcome, edits.CannotInsert):
        patch = "\n".join(f"    {line}" for line in outcome.patch.splitlines())
        draft.refusals.append(f"  {edit.file}: {outcome.reason}; make room for, or paste:\n{patch}")


def _edit(wire: Wire, source: bytes, statement: str) -> edits.Inserted | edits.AlreadyThere | edits.CannotInsert:
    if wire.kind == "import":
        return edits.insert_import(source, statement)
    if wire.kind == "register":
        return edits.insert_call(source, wire.function, statement)
    if wire.kind == "setting":
        return edits.insert_setting(source, statement)
    return edits.insert_dependency(source, statement)


def _other_words(kind: str, name: str, old: Mapping[str, object], new: Mapping[str, object]) -> str:
    keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    differences = "\n".join(f"  {key}: was {old.get(key)!r}, now {new.get(key)!r}" for key in keys)
    return f"the {kind} '{name}' exists and was generated from other words\n{differences}"
