"""The inverse of a generator: what nobody edited goes, the wires are taken out, everything else is kept and named."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arckode_gen import resources
from arckode_gen.engine import edits, parts, units, wiring
from arckode_gen.engine.placing import is_python, on_destroy
from arckode_gen.engine.plan import Change, FileState, Plan, Step
from arckode_gen.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arckode_gen.engine.placing import Reconcile, Restyled
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.units import Edit, Unit

_CODE = ("src/**/*.py", "tests/**/*.py")


@dataclass(frozen=True, slots=True)
class Destroyed:
    """The plan, and what stays because a person changed it: a line for each."""

    plan: Plan
    kept: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    snapshot: Snapshot
    after: dict[str, FileState | None] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    takes_back: bool = False

    def write(self, path: str, state: FileState | None, reason: str) -> None:
        self.after[path] = state
        self.reasons.setdefault(path, reason)

    def read(self, path: str) -> FileState | None:
        return self.after[path] if path in self.after else self.snapshot.read(path)


def _spelled(unit: Unit) -> str:
    return f"arckode destroy:{unit.kind} {unit.name}"


def plan(
    unit: Unit,
    snapshot: Snapshot,
    *,
    held: Mapping[str, str],
    merge: Reconcile,
    force: bool = False,
    spelled: Callable[[Unit], str] = _spelled,
) -> Destroyed:
    """Decide what goes with a unit; with `force` files go that a person edited, too.

    Files that another unit has as well, such as parts of the kernel, stay.

    `held` maps the unit's migrations that others have, because they are applied or committed, to the stamp of the
    migration that takes each back. `merge` takes the project's answers back that the unit changed. `spelled` says the
    command that takes another unit out.

    Raises:
        RefusedError: other units, or lines that a person wrote, need this one; or a file that it is wired into is no
            Python, so that its lines there would stay.
    """
    others = [each for each in units.all_units(snapshot) if each.id != unit.id]
    _refuse_needed(unit, others, spelled)
    _refuse_unreadable(unit, snapshot)
    command = f"destroy:{unit.kind} {unit.name}"
    draft = _Draft(snapshot)
    for name, (before, after) in unit.options.items():
        if before != after:
            _switch_back(draft, name, before, after, merge)
    going = sorted(set(unit.files) - {path for each in others for path in each.files})
    shared = {edit for each in others for edit in each.edits}
    taken = [edit for edit in reversed(unit.edits) if edit not in shared]
    staying = _still_used(unit, going, taken, snapshot)
    for edit in taken:
        if edit not in staying.edits:
            _take_out(draft, edit)
    for path in going:
        if path in held and path not in staying.files:
            _take_back(draft, path, held[path], command)
        elif path not in staying.files:
            _remove(draft, path, merge.restyled, None if force else lambda: spelled(unit))
        draft.write(units.BASE + path, None, "no longer generated")
    for path, written in unit.edited.items():
        _restore(draft, path, written)
    _keep_packages(draft, going)
    draft.write(unit.path, None, "manifest")
    changes = (Change(path, snapshot.read(path), state, draft.reasons[path]) for path, state in draft.after.items())
    steps = (
        (Step("once no running code uses them, take the tables away", "arckode db:migrate"),)
        if draft.takes_back
        else ()
    )
    return Destroyed(
        Plan(
            command,
            tuple(sorted((change for change in changes if not change.is_noop), key=lambda change: change.path)),
            steps,
            (*(f"kept: {line}" for line in draft.kept), *staying.notes),
        ),
        tuple(draft.kept),
    )


def _keep_packages(draft: _Draft, going: list[str]) -> None:
    """Leave a package that imports nothing to the files in it that were kept: without it they are no module."""
    kept = {line.partition(": ")[0].rpartition("/")[0] for line in draft.kept}
    for path in going:
        folder, _, name = path.rpartition("/")
        state = draft.snapshot.read(path)
        if name == "__init__.py" and folder in kept and state is not None and b"import" not in state.content:
            draft.after.pop(path, None)


def _switch_back(draft: _Draft, name: str, value: str, made: str, merge: Reconcile) -> None:
    from arckode_gen.engine import (
        project_options,
    )  # few units change an option, and to import it takes as long as a plan

    if project_options.current(draft.snapshot, name) != made:
        return
    switched = project_options.switch(draft.snapshot, name, value, merge)
    for path, state in (*switched.files.items(), *switched.records.items()):
        draft.write(path, state, f"{name} is {value}")
    draft.kept += [f"{path}: edited where it would change back for {name} {value}" for path in switched.conflicts]


@dataclass(frozen=True, slots=True)
class _Staying:
    """Parts of the kernel that other code uses, with their lines in the root: the project's own from now on."""

    files: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    notes: tuple[str, ...] = ()


def _still_used(unit: Unit, going: list[str], taken: list[Edit], snapshot: Snapshot) -> _Staying:
    """Find out which parts of the kernel would go although a file imports them that the unit did not make."""
    files = tuple(path for path in going if "/kernel/" in path)
    if not files:
        return _Staying()
    known = parts.tables(resources.folder("templates") / "kernel")
    tables = tuple(path for path in going if "/migrations/" in path and path.rpartition("/")[2][13:-3] in known)
    without = _Draft(snapshot)
    for edit in taken:
        _take_out(without, edit)
    for path, written in unit.edited.items():
        _restore(without, path, written)
    modules = frozenset(".".join(_dotted(path)) for path in files)
    code = sorted({path for pattern in _CODE for path in snapshot.glob(pattern)} - set(unit.files))
    users = [
        path for path in code if (state := without.read(path)) is not None and _imports(path, state.content, modules)
    ]
    if not users:
        return _Staying()
    lines = [edit for edit in taken if edit.kind == "import" and _imports(edit.file, edit.text.encode(), modules)]
    names = {edit.text.rpartition(" ")[2] for edit in lines}
    lines += [edit for edit in taken if edit.text.partition("(")[0] in names]
    note = f"kept: {', '.join(files)}, used by {', '.join(users)}; the project's own from now on"
    return _Staying((*files, *tables), tuple(lines), (note,))


def _dotted(path: str) -> list[str]:
    """Return the name of the module that a file is, in parts."""
    parts = path.removeprefix("src/").removesuffix(".py").split("/")
    return parts[:-1] if parts[-1] == "__init__" else parts


def _imports(path: str, source: bytes, modules: frozenset[str]) -> bool:
    """Tell whether a file imports one of the modules; one that is no Python does so when it names it."""
    # Whatever way a module is imported, its last name is written out, but for letters that only look like ASCII.
    if source.isascii() and not any(module.rpartition(".")[2].encode() in source for module in modules):
        return False
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        named = set(re.findall(rb"\w+", source))
        return any({part.encode() for part in module.split(".")[1:]} <= named for module in modules)
    folder = path.removeprefix("src/").split("/")[:-1]
    for node in ast.walk(tree):
        found: set[str] = set()
        if isinstance(node, ast.Import):
            found = {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else []
            source_name = ".".join((*above, *([node.module] if node.module else [])))
            found = {source_name, *(f"{source_name}.{name.name}" for name in node.names)}
        if any(f"{name}.".startswith(f"{module}.") for name in found for module in modules):
            return True
    return False


def _refuse_unreadable(unit: Unit, snapshot: Snapshot) -> None:
    for path in sorted({edit.file for edit in unit.edits if edit.file.endswith(".py")}):
        state = snapshot.read(path)
        if state is not None and not is_python(state.content):
            message = f"{path} is not valid Python, so the lines of the {unit.kind} '{unit.name}' cannot be taken out"
            raise RefusedError(f"{message}; nothing was changed", f"put {path} right, then run this again")


def _refuse_needed(unit: Unit, others: list[Unit], spelled: Callable[[Unit], str]) -> None:
    needed = units.needing(others, {unit.id})
    if needed:
        names = ", ".join(f"{each.kind} '{each.name}'" for each in needed)
        message = f"the {unit.kind} '{unit.name}' is needed by the {names}; nothing was changed"
        remedies: list[str] = []
        for each in needed:
            if relations := _relations(each, unit):
                remedies.append(
                    f"take the relation out first: `arckode destroy:relation {each.name} {' '.join(relations)}`"
                )
            else:
                remedies.append(f"destroy what needs it first: `{spelled(each)}`")
        raise RefusedError(message, "\n  ".join(remedies))


def _relations(unit: Unit, other: Unit) -> list[str]:
    """Return what a module only reads of another; that other one refers to it, so neither could go before the other."""
    if unit.kind != "module" or other.kind != "module":
        return []
    from arckode_gen.engine.field_files import fields_from_mapping  # for a refusal only

    fields = fields_from_mapping(unit.values["field"])
    return [field.name for field in fields if not field.is_stored and field.target == other.name]


def _remove(draft: _Draft, path: str, restyled: Restyled, command: Callable[[], str] | None) -> None:
    """Delete a file that nobody edited; without a `command` to tell how it goes by force, an edited one too."""
    placed = on_destroy(path, draft.snapshot.read(path), draft.snapshot.read(units.BASE + path), restyled)
    if placed.action == "delete":
        draft.write(path, None, "generated")
    elif placed.action == "keep" and command is None:
        draft.write(path, None, "generated, and edited since")
    elif placed.action == "keep" and command is not None:
        advice = f"delete it yourself, or `arckode undo` and then `{command()} --force`"
        known = draft.snapshot.read(units.BASE + path) is not None
        why = "edited since it was generated" if known else "whether it was edited is not known without its baseline"
        draft.kept.append(f"{path}: {why}; {advice}")


def _restore(draft: _Draft, path: str, written: str) -> None:
    """Put a file of another unit back to how that one made it, unless somebody changed it since."""
    state, base = draft.read(path), draft.snapshot.read(units.BASE + path)
    if state is None or base is None or state.content == base.content:
        return
    if units.digest(state.content) == written:
        draft.write(path, FileState(base.content, state.executable), "as generated")
    else:
        draft.kept.append(f"{path}: edited since it was written; put back yourself what you do not need")


def _take_back(draft: _Draft, path: str, stamp: str, command: str) -> None:
    """Leave a migration that others have, and plan the one that undoes it."""
    state = draft.snapshot.read(path)
    if state is None:
        return
    from arckode_gen.engine import reversal  # for migrations that others have

    found = reversal.take_back(path, state.text, stamp, f"{command} took the code out; release that first")
    if isinstance(found, str):
        draft.kept.append(found)
        return
    draft.write(found.path, found.after, found.reason)
    draft.takes_back = True


def _take_out(draft: _Draft, edit: Edit) -> None:
    state = draft.read(edit.file)
    if state is None:
        return
    outcome = wiring.remove(edit, state.content)
    if isinstance(outcome, edits.StillUsed):
        message = f"{edit.file}: {outcome.reason}, which would go; nothing was changed"
        raise RefusedError(message, "take out by hand what uses it, then destroy it")
    if isinstance(outcome, edits.Removed):
        draft.write(edit.file, FileState(outcome.text, state.executable), f"{edit.kind}: {edit.title}")
    elif isinstance(outcome, edits.CannotRemove):
        draft.kept.append(f"{edit.file}: {edit.title} ({outcome.reason}); take it out yourself")
