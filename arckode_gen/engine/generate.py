"""From a stub and its values to a Plan: render, wire, compare with what is there, record.

All or nothing: every refusal is collected, and one of them is enough for no file to change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from arckode_gen import resources
from arckode_gen.engine import edits, parts, template_tree, unit_options, units, wiring
from arckode_gen.engine.names import Name
from arckode_gen.engine.placing import on_grow, on_make, refuse_to_merge
from arckode_gen.engine.plan import Change, FileState, Plan, Step
from arckode_gen.engine.refusals import advice, difference, first_conflict, other_words
from arckode_gen.engine.render import Compiled, Renderer
from arckode_gen.errors import CrashError, RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arckode_gen.engine.placing import Merge
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.project_options import Switched
    from arckode_gen.engine.stubs import Stub
    from arckode_gen.engine.units import Edit, Unit


MARKED = "conflicts with your edits: see the markers"


@dataclass(slots=True)
class _Draft:
    """What a plan is while it is being made: wires may edit a file that was just rendered."""

    snapshot: Snapshot
    after: dict[str, FileState] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    unwired: int = 0
    left_out: list[str] = field(default_factory=list)

    def read(self, path: str) -> FileState | None:
        return self.after[path] if path in self.after else self.snapshot.read(path)

    def write(self, path: str, state: FileState, reason: str) -> None:
        self.after[path] = state
        self.reasons.setdefault(path, reason)


@dataclass(frozen=True, slots=True)
class How:
    """What to do with files that hold something else: overwrite, write conflicts between markers, or refuse.

    `grows` says that the unit is there and gets more: other words are meant, and what a person deleted stays away.
    """

    force: bool = False
    markers: bool = False
    merge: Merge = refuse_to_merge
    grows: bool = False


ALONE = How()


def plan(
    stub: Stub,
    values: Mapping[str, object],
    recorded: Mapping[str, object],
    snapshot: Snapshot,
    *,
    how: How = ALONE,
    compiled: Compiled | None = None,
    command: str = "",
) -> Plan:
    """Decide everything that a generator changes.

    `values` fill the templates (`name` is a Name); `recorded` are the words as the manifest keeps them. Migrations that
    are there stay as they are, because databases know them.

    Raises:
        RefusedError: a file holds something else, or a wire cannot be placed; the message lists all of them.
    """
    unit_name = name_of_unit(stub, values)
    command = command or f"{stub.spec.name} {unit_name}"
    previous = units.load(snapshot, stub.unit, unit_name)
    if previous is not None and dict(previous.values) != dict(recorded) and not (how.force or how.grows):
        raise RefusedError(*other_words(stub.unit, unit_name, previous.values, recorded))
    draft = _Draft(snapshot)
    renderer = Renderer(stub.folder / "tree", values, compiled)
    if any(renderer.holds(part) for part in stub.parts):
        unit_options.refuse_old_kernel(snapshot, command)
    made = _with_tables(stub, renderer, _rendering(stub, renderer, values, recorded), values, snapshot)
    if previous is not None and not how.force:
        made = _but_for(made, previous, {path for path in made.files if _is_frozen(path, snapshot)})
    wanted = {option.name: renderer.text(option.value) for option in stub.options if renderer.holds(option)}
    taken = unit_options.take(made.unit, wanted, previous, snapshot, unit_options.newest if how.force else how.merge)
    for answer, switched in taken.switched.items():
        _switch(draft, answer, switched, how)
    unit = _put(draft, replace(made, unit=taken.unit), how)
    for path, state in made.edited.items():
        _edit(draft, path, state, previous, how)
    if draft.refusals:
        raise RefusedError(
            f"{command}: nothing was written, because\n" + "\n".join(draft.refusals),
            advice(only_wires=draft.unwired == len(draft.refusals)),
        )
    draft.write(unit.path, units.dump(unit), "manifest")
    for path, state in made.files.items():
        draft.write(units.BASE + path, FileState(state.content), "as generated")
    every = (Change(path, snapshot.read(path), state, draft.reasons[path]) for path, state in draft.after.items())
    changes = tuple(sorted((change for change in every if not change.is_noop), key=lambda change: change.path))
    changed = {"", *(change.path for change in changes)}
    plan = Plan(
        command,
        changes,
        tuple(
            Step(renderer.text(step.description), renderer.text(step.command))
            for step in stub.steps
            if step.changed in changed
        ),
        tuple(draft.left_out) if how.grows else _notes(stub, renderer),
    )
    return replace(plan, steps=(*conflicts(plan), *plan.steps))


def conflicts(plan: Plan) -> tuple[Step, ...]:
    """Return what a plan leaves to a person before anything else: a step for each file with markers."""
    return tuple(Step(f"settle the conflict in {each.path}") for each in plan.changes if each.reason == MARKED)


def _notes(stub: Stub, renderer: Renderer) -> tuple[str, ...]:
    return tuple(note for note in (renderer.text(note).strip() for note in stub.notes) if note)


def _is_frozen(path: str, snapshot: Snapshot) -> bool:
    is_there = snapshot.read(path) is not None and snapshot.read(units.BASE + path) is not None
    return is_there and "/migrations/" in path


def _but_for(made: Rendering, previous: units.Unit, frozen: set[str]) -> Rendering:
    """Leave some files as the manifest has them."""
    kept = {path: digest for path, digest in previous.files.items() if path in frozen}
    files = {path: state for path, state in made.files.items() if path not in frozen}
    return replace(made, unit=replace(made.unit, files={**made.unit.files, **kept}), files=files)


def _put(draft: _Draft, made: Rendering, how: How) -> Unit:
    """Place a unit's files and lines; a line that a person wrote before us is not recorded as ours."""
    known = units.all_units(draft.snapshot)
    others = {path: each for each in known if each.id != made.unit.id for path in each.files}
    ours = {edit for each in known for edit in each.edits}
    for path, state in made.files.items():
        other = others.get(path)
        if other is None or other.kind == made.unit.kind or path in made.shared:
            _place(draft, path, state, how)
        else:
            draft.refusals.append(f"  {path} belongs to the {other.kind} '{other.name}'")
    if how.force:  # what is written anew has lost the lines of other units
        for edit in (edit for each in known if each.id != made.unit.id for edit in each.edits):
            if edit.file in made.files:
                _wire(draft, edit)
    return replace(made.unit, edits=tuple(edit for edit in made.unit.edits if _wire(draft, edit) or edit in ours))


def _switch(draft: _Draft, answer: str, switched: Switched, how: How) -> None:
    """Put another answer of the skeleton into the plan."""
    for path, state in switched.files.items():
        draft.write(path, state, answer)
    for path, state in switched.conflicts.items():
        if how.markers:
            draft.write(path, state, MARKED)
        else:
            found = first_conflict(path, draft.snapshot.read(path) or state, state)
            draft.refusals.append(f"  {path} was edited where the new text differs:\n{found}")
    for path, state in switched.records.items():
        draft.write(path, state, "manifest")


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a stub makes from its values, before anything is compared; `shared` are files of the kernel among them.

    `edited` are files of other units, as they are to be from then on.
    """

    unit: units.Unit
    files: Mapping[str, FileState]
    shared: frozenset[str] = frozenset()
    edited: Mapping[str, FileState] = field(default_factory=dict)


def render(
    stub: Stub, values: Mapping[str, object], recorded: Mapping[str, object], compiled: Compiled | None = None
) -> Rendering:
    """Render a stub's files and name its wires."""
    return _rendering(stub, Renderer(stub.folder / "tree", values, compiled), values, recorded)


def _with_tables(
    stub: Stub, renderer: Renderer, made: Rendering, values: Mapping[str, object], snapshot: Snapshot
) -> Rendering:
    """Add the migrations of the kernel's parts; they belong to every unit that needs the part."""
    chosen = [part.name for part in stub.parts if renderer.holds(part)]
    folder = f"src/{values['package']}/migrations"
    stamp = str(values.get("next_stamp", ""))
    tables = parts.migrations(resources.folder("templates") / "kernel", chosen, snapshot, folder, stamp)
    files = {**made.unit.files, **{path: units.digest(state.content) for path, state in tables.items()}}
    return replace(
        made,
        unit=replace(made.unit, files=files),
        files={**made.files, **tables},
        shared=made.shared | set(tables),
    )


def _rendering(
    stub: Stub, renderer: Renderer, values: Mapping[str, object], recorded: Mapping[str, object]
) -> Rendering:
    files = _render(stub, renderer, edits=False)
    edited = _render(stub, renderer, edits=True)
    chosen = [part.name for part in stub.parts if renderer.holds(part)]
    kernel = parts.carried(resources.folder("templates") / "kernel", chosen, f"src/{values['package']}/kernel/")
    files |= kernel.files
    for skeleton in filter(renderer.holds, stub.skeletons):
        tree = resources.folder("templates") / skeleton.name / "project"
        files |= template_tree.render(
            tree, {"name": str(values["project"]), "package": str(values["package"])}, f"{skeleton.to}/"
        )
    requirements = (units.Edit("pyproject.toml", "dependency", line) for line in kernel.dependencies)
    unit = units.Unit(
        kind=stub.unit,
        name=name_of_unit(stub, values),
        stub_version=stub.version,
        values=recorded,
        files={path: units.digest(state.content) for path, state in files.items()},
        edits=(*_edits(stub, renderer), *requirements),
        needs=tuple(str(need) for need in cast("Iterable[str]", values.get("needs", ()))),
        templates=stub.digest,
        edited={path: units.digest(state.content) for path, state in edited.items()},
    )
    return Rendering(unit, files, frozenset(kernel.files), edited)


def name_of_unit(stub: Stub, values: Mapping[str, object]) -> str:
    """Return what the manifest calls the thing: its plural, its name, or the stub's when there is only one of it.

    Raises:
        UsageError: the name cannot be a part of a file's name.
    """
    name = Renderer(stub.folder / "tree", values).text(stub.named) if stub.named else values.get("name")
    name = name or stub.folder.name
    text = name.plural if isinstance(name, Name) else str(name)
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", text):
        raise UsageError(f"{text!r} cannot be a name here", "use letters, digits, '_', '-' and '.'")
    return text


def _render(stub: Stub, renderer: Renderer, *, edits: bool) -> dict[str, FileState]:
    rendered: dict[str, FileState] = {}
    for file in stub.files:
        if file.edits is not edits:
            continue
        for item in renderer.each(file):
            path = renderer.text(file.path, item)
            if path in rendered:
                raise CrashError(f"{stub.folder / 'stub.yml'}: two entries of 'files' write {path}")
            rendered[path] = renderer.file(file.template, item)
    return rendered


def _place(draft: _Draft, path: str, new: FileState, how: How) -> None:
    current = draft.snapshot.read(path)
    decide = on_grow if how.grows else on_make
    placed = decide(path, current, draft.snapshot.read(units.BASE + path), new, how.merge)
    if placed.action == "absent":
        draft.left_out.append(f"{path} was deleted and stays away")
    elif how.force or placed.action in {"create", "update"}:
        draft.write(path, new, "generated")
    elif placed.action == "merge" and placed.state is not None:
        draft.write(path, placed.state, "merged with your edits")
    elif placed.action == "conflict" and how.markers and not placed.why and placed.state is not None:
        draft.write(path, placed.state, MARKED)
    elif placed.action == "conflict" and placed.state is not None and current is not None:
        why = placed.why or "was edited where the new text differs"
        draft.refusals.append(f"  {path}: {why}\n{first_conflict(path, current, placed.state)}")
    elif placed.action == "exists" and current is not None:
        draft.refusals.append(f"  {path} exists and was not generated:\n{difference(path, current, new)}")


def _edit(draft: _Draft, path: str, new: FileState, previous: Unit | None, how: How) -> None:
    """Change a file that another unit made, as long as nobody else did: later on it is its owner's, like any other."""
    current = draft.read(path)
    if current is not None and current.content == new.content:
        return
    if previous is not None and path in previous.edited and not how.force:
        if current is not None and units.digest(current.content) == previous.edited[path]:
            draft.write(path, new, "edited")
        return
    base = draft.snapshot.read(units.BASE + path)
    if how.force or (current is not None and base is not None and current.content == base.content):
        draft.write(path, new, "edited")
    elif current is None:
        draft.refusals.append(f"  {path} is missing; make again what it belongs to")
    else:
        draft.refusals.append(f"  {path} is not as it was generated:\n{difference(path, current, new)}")


def _edits(stub: Stub, renderer: Renderer) -> tuple[Edit, ...]:
    return tuple(
        units.Edit(
            *(renderer.text(text, item) for text in (wire.file, wire.kind, wire.statement, wire.function, wire.at))
        )
        for wire in stub.wires
        for item in renderer.each(wire)
    )


def _wire(draft: _Draft, edit: Edit) -> bool:
    """Put a line in, and tell whether it was not there before."""
    state = draft.read(edit.file)
    if state is None and wiring.is_optional(edit):
        return True
    if state is None:
        draft.unwired += 1
        draft.refusals.append(f"  {edit.file} is missing; it must hold\n    {edit.text}")
        return True
    outcome = wiring.insert(edit, state.content)
    if isinstance(outcome, edits.Inserted):
        draft.write(edit.file, FileState(outcome.text, state.executable), f"{edit.kind}: {edit.title}")
    elif isinstance(outcome, edits.CannotInsert):
        patch = "\n".join(f"    {line}" for line in outcome.patch.splitlines())
        draft.unwired += 1
        draft.refusals.append(f"  {edit.file}: {outcome.reason}; make room for, or paste:\n{patch}")
    return not isinstance(outcome, edits.AlreadyThere)
