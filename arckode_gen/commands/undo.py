"""`arckode undo`: takes a command back, byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from arckode_gen.commands import stub_of
from arckode_gen.commands._applied import refuse_applied
from arckode_gen.engine import inverse_spec, units, wiring
from arckode_gen.engine.edits import AlreadyThere
from arckode_gen.engine.plan import Plan
from arckode_gen.engine.project import PROJECT_FILE, Disk, Memory, find_root
from arckode_gen.engine.spec import Call, CommandSpec, Param
from arckode_gen.errors import RefusedError
from arckode_gen.shell.apply import apply, recover
from arckode_gen.shell.formats import PlanDocument
from arckode_gen.shell.inverse import decide
from arckode_gen.shell.journal import HISTORY, Entry, entries, load, undone
from arckode_gen.shell.lock import Held, hold
from arckode_gen.shell.present import plan_json, present_diff, present_tree

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.units import Edit, Unit

SPEC = CommandSpec(
    "undo",
    "Take a command back, byte for byte.",
    examples=("arckode undo", "arckode undo --list", "arckode undo 0003-make-module-orders --dry-run --diff"),
    params=(
        Param(
            "id", kind="argument", metavar="ID", help="The command to take back, by id or number (default: the last)."
        ),
        Param("list", type="bool", help="List what was done, and what of it is undone."),
        Param("dry_run", type="bool", help="Show what would be taken back and write nothing."),
        Param("diff", type="bool", help="Show the changes as a unified diff (with --dry-run: instead of the tree)."),
    ),
    details=(
        "Without ID the latest command that is not undone goes; run it again to go one further back. "
        "An undo is itself in the history: `arckode undo ID-OF-THE-UNDO` brings the command back. "
        "A file that was edited since is never overwritten: the undo is refused (exit 3) and changes nothing. "
        "A file that was there before and was changed since elsewhere, by you or by later commands, such as the "
        "composition root, is merged line by line; where the same lines were changed the undo is refused, and so it "
        "is while something made later needs what would go. Edits in other files do not matter. "
        "The command that made the project is not undone: delete the folder. "
        "Databases are not touched: an undo that would delete an applied migration is refused; take it back with "
        "`arckode db:migrate --rollback` first."
    ),
)


class UndoDocument(PlanDocument):
    """What `--json` prints: the plan, the entry it takes back, and its own entry once it is applied."""

    undoes: str
    id: str


def _root(start: Path) -> Path:
    """Return the nearest folder with a history: `analyze --fix` has one in projects that were never generated, too."""
    found = (folder for folder in (start, *start.parents) if (folder / HISTORY).is_dir())
    return next(found, None) or find_root(start)


def run(call: Call) -> int:
    root = _root(call.cwd)
    if call.flag("list"):
        _recover(call, root)
        return _list(call, root)
    if call.flag("dry_run"):
        _recover(call, root)
        return _undo(call, root, None)
    with hold(root) as held:
        _recover(call, root, held)
        return _undo(call, root, held)


def _undo(call: Call, root: Path, held: Held | None) -> int:
    history = entries(root)
    entry = _chosen(call, root, history)
    if entry is None:
        return _nothing(call, "there is nothing to undo")
    if entry.state != "applied":
        return _nothing(call, f"{entry.id} was interrupted and rolled back: there is nothing to undo")
    if entry.id in undone(history):
        return _nothing(call, f"{entry.id} is undone already; see `arckode undo --list`")
    snapshot = Disk(root)
    try:
        plan = decide(entry, history, snapshot)
    except RefusedError as error:
        raise _with_inverse(error, entry, history, snapshot, root) from error
    _refuse_needed(entry, plan, snapshot, root)
    refuse_applied(call, plan)
    made = tuple(folder for each in history for folder in each.folders)
    applied = apply(root, plan, held=held, undoing=replace(entry, folders=made)) if held else None
    _show(call, plan, entry, applied.id if applied else "")
    if applied:
        call.say(f"{entry.id} is undone; `arckode undo {applied.id}` brings it back")
    return 0


def _with_inverse(
    error: RefusedError, entry: Entry, history: tuple[Entry, ...], snapshot: Snapshot, root: Path
) -> RefusedError:
    """Name the `destroy:` that takes the same thing out of what later commands made of the files, if there is one."""
    gone = undone(history)
    later = (each for each in history[history.index(entry) + 1 :] if each.state == "applied" and not each.undoes)
    if all(each.id in gone for each in later):
        return error  # only a person stands in the way, and they know what they did
    line = _inverse(entry, snapshot, root)
    return RefusedError(error.message, f"{error.hint}; or take out only what it made: `{line}`") if line else error


def _inverse(entry: Entry, snapshot: Snapshot, root: Path) -> str:
    command, *words = entry.plan.command.split()
    if command == "make:field":
        return f"arckode destroy:field {' '.join(words)}"
    made = {change.path for change in entry.plan.changes if change.before is None}
    unit = next((unit for unit in units.all_units(snapshot) if unit.path in made), None)
    if not command.startswith("make:") or unit is None:
        return ""
    return inverse_spec.line(stub_of(unit.kind, root), unit)


def _refuse_needed(entry: Entry, plan: Plan, snapshot: Snapshot, root: Path) -> None:
    """Refuse to take away what something made later cannot do without, or has as well."""
    paths = {change.path for change in plan.changes if change.after is None}
    known = units.all_units(snapshot)
    going = [unit for unit in known if unit.path in paths]
    needed = units.needing(known, {unit.id for unit in going})
    if needed:
        lines = ", ".join(f"`{inverse_spec.line(stub_of(unit.kind, root), unit)}`" for unit in needed)
        raise RefusedError(
            f"{entry.id} cannot be undone, so nothing was changed: the {_named(needed)} cannot do without it",
            f"destroy what needs it first: {lines}",
        )
    lost = {edit for unit in going for edit in unit.edits if _loses(plan, edit)}
    theirs = {change.path for change in plan.changes}  # what the command did to another unit's record goes with it
    sharing = [unit for unit in known if unit.path not in theirs and (paths & {*unit.files} or lost & {*unit.edits})]
    if sharing:
        inverse = _inverse(entry, snapshot, root)
        own = f", or take out only what nothing else has: `{inverse}`" if inverse else ""
        raise RefusedError(
            f"{entry.id} cannot be undone, so nothing was changed: the {_named(sharing)} uses files that it made",
            f"undo what was made later first{own}",
        )


def _loses(plan: Plan, edit: Edit) -> bool:
    """Tell whether lines that a unit put into a file go with the undo."""
    after = next((change.after for change in plan.changes if change.path == edit.file), None)
    return after is not None and not isinstance(wiring.insert(edit, after.content), AlreadyThere)


def _named(found: Iterable[Unit]) -> str:
    return ", ".join(f"{unit.kind} '{unit.name}'" for unit in found)


def _chosen(call: Call, root: Path, history: tuple[Entry, ...]) -> Entry | None:
    """Return the entry that ID names, else the latest command that is not undone and is no undo itself."""
    name = call.text("id")
    if not name:
        gone = undone(history)
        candidates = (e for e in reversed(history) if e.state == "applied" and not e.undoes and e.id not in gone)
        return next((entry for entry in candidates if not _made_the_project(entry)), None)
    entry = load(root, name)
    if _made_the_project(entry):
        raise RefusedError(f"{entry.id} made this project", "delete the folder if you no longer want it")
    return entry


def _made_the_project(entry: Entry) -> bool:
    return any(change.path == PROJECT_FILE and change.before is None for change in entry.plan.changes)


def _recover(call: Call, root: Path, held: Held | None = None) -> None:
    recovery = recover(root, held=held)
    if recovery is not None:
        call.say(str(recovery))


def _show(call: Call, plan: Plan, entry: Entry, own_id: str) -> None:
    if call.json:
        document: dict[str, object] = {**UndoDocument(**plan_json(plan), undoes=entry.id, id=own_id)}
        if call.flag("diff"):
            document["diff"] = present_diff(plan, terminal=False)
        call.write(json.dumps(document, indent=2))
    elif call.flag("diff"):
        call.write(present_diff(plan).removesuffix("\n"))
    else:
        call.write(present_tree(plan))


def _nothing(call: Call, said: str) -> int:
    if call.json:
        call.write(json.dumps(UndoDocument(**plan_json(Plan("undo", ())), undoes="", id=""), indent=2))
    call.say(said)
    return 0


def _list(call: Call, root: Path) -> int:
    history = entries(root)
    gone = undone(history)
    rows = [(e, "undone" if e.id in gone else e.state, _words(e, root)) for e in reversed(history)]
    if call.json:
        found = [
            {"id": e.id, "command": words, "state": state, "files": len(e.plan.changes), "undoes": e.undoes}
            for e, state, words in rows
        ]
        call.write(json.dumps({"version": 1, "entries": found}, indent=2))
    elif not rows:
        call.say("there is nothing to undo")
    else:
        call.write("\n".join(f"{e.id}  {state}  {_files(e)}  {words}" for e, state, words in rows))
    return 0


def _words(entry: Entry, root: Path) -> str:
    """Return the command with the words that name what it made: `orders ship_order`, not `orders_ship_order`."""
    command, _, name = entry.plan.command.partition(" ")
    if not command.startswith(("make:", "destroy:")) or "_" not in name:
        return entry.plan.command
    made = {change.path: state for change in entry.plan.changes if (state := change.after or change.before)}
    unit = next((unit for unit in units.all_units(Memory(made)) if unit.name == name), None)
    if unit is None:
        return entry.plan.command
    line = inverse_spec.line(stub_of(unit.kind, root), unit)
    return f"{command} {line.partition(' destroy:')[2].partition(' ')[2]}"


def _files(entry: Entry) -> str:
    count = len(entry.plan.changes)
    return f"{count} file{'' if count == 1 else 's'}"
