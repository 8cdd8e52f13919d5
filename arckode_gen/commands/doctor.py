"""`arckode doctor`: what keeps a project from working, and what to do about it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from arckode_gen import __version__
from arckode_gen.commands import stub_of
from arckode_gen.commands._unsettled import ADVICE, unsettled
from arckode_gen.commands.db_migrate import request
from arckode_gen.engine import edits, inverse_spec, units, unreadable, wiring
from arckode_gen.engine.project import Disk, find_root, manifest
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import ArckodeError
from arckode_gen.migrations import url
from arckode_gen.migrations.target import ask, locate
from arckode_gen.shell import tables
from arckode_gen.shell.merge_driver import COMMAND
from arckode_gen.shell.process import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call
    from arckode_gen.engine.units import Edit, Unit
    from arckode_gen.migrations.target import Target

State = Literal["ok", "note", "wrong"]
_OLDEST = (3, 11)
_NEEDED = ("fastapi", "sqlalchemy", "pydantic_settings", "uvicorn")
_PROBE = (
    "import importlib.util, json, sys; "
    "print(json.dumps([list(sys.version_info[:3]), [n for n in sys.argv[1:] if importlib.util.find_spec(n) is None]]))"
)

SPEC = CommandSpec(
    "doctor",
    "Check the environment, the generated files, the wiring and the database; say what to do.",
    examples=("arckode doctor", "arckode doctor --json"),
    params=(Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),),
    details=(
        "Exit code 0: nothing is wrong; 1: something is. Nothing is changed. "
        '`--json` prints {"version", "checks": [{"check", "state", "found", "advice"}]}; '
        "a state is ok, note or wrong."
    ),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `advice` is empty when there is nothing to do."""

    check: str
    state: State
    found: str
    advice: str = ""


def run(call: Call) -> int:
    """Look at everything and report."""
    root = find_root(call.cwd)
    snapshot = Disk(root)
    known = units.all_units(snapshot)
    broken = unreadable.no_python(snapshot)
    marked = unsettled(snapshot, known)
    checks = [
        *_versions(snapshot, known),
        *_python(root, call),
        _git(root),
        *_configuration(root),
        *_files(snapshot, known, marked),
        *_code(snapshot, broken),
        *_wires(snapshot, known, root, {*broken, *marked}),
        *_database(call),
    ]
    if call.json:
        rows = [{"check": c.check, "state": c.state, "found": c.found, "advice": c.advice} for c in checks]
        call.write(json.dumps({"version": 1, "checks": rows}, indent=2))
    else:
        call.write(tables.aligned([(c.state, c.check, c.found) for c in checks]))
        for check in checks:
            if check.advice:
                call.say(f"{check.check}: {check.advice}")
    return 1 if any(check.state == "wrong" for check in checks) else 0


def _versions(snapshot: Snapshot, known: tuple[Unit, ...]) -> Iterator[Check]:
    made = manifest(snapshot)["arckode"]
    others = sorted({unit.arckode for unit in known if unit.arckode != __version__})
    if others:
        found = f"{__version__} is installed; parts were made by {', '.join(others)}"
        yield Check("arckode", "note", found, "bring them up to date: `arckode upgrade`")
    else:
        yield Check("arckode", "ok", f"{__version__}; the project was made by {made}")


def _python(root: Path, call: Call) -> Iterator[Check]:
    try:
        chosen = interpreter(root, call.environ, call.text("python"))
    except ArckodeError as error:
        yield Check("python", "wrong", error.message, error.hint)
        return
    try:
        done = subprocess.run(
            [str(chosen.path), "-P", "-c", _PROBE, *_NEEDED], capture_output=True, text=True, cwd=root, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        yield Check("python", "wrong", f"{chosen.path} does not run: {error}", "choose another one with --python")
        return
    version, missing = cast("tuple[list[int], list[str]]", json.loads(done.stdout))
    written = ".".join(map(str, version))
    if tuple(version) < _OLDEST:
        yield Check("python", "wrong", f"{written} at {chosen.path}", "make the environment with Python 3.11 or newer")
    else:
        hint = "make one: `python -m venv .venv`" if chosen.warning else ""
        yield Check("python", "note" if hint else "ok", chosen.warning or f"{written} at {chosen.path}", hint)
    if missing:
        found = f"{', '.join(missing)} cannot be imported"
        yield Check("packages", "wrong", found, "install the project: `pip install -e . --group dev`")
    else:
        yield Check("packages", "ok", "what the project needs can be imported")


def _git(root: Path) -> Check:
    try:
        done = subprocess.run(["git", "rev-parse", "--is-inside-work-tree"], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        return Check("git", "wrong", "git is not on PATH", "install it: merging generated code needs it")
    if done.returncode:
        return Check("git", "note", "the project is not under version control", "`git init`, and commit .arckode too")
    known = subprocess.run(["git", "config", "merge.arckode.driver"], cwd=root, capture_output=True, check=False)
    if known.returncode:
        advice = f"merge the composition root in its order: git config merge.arckode.driver '{COMMAND}'"
        return Check("git", "note", "under version control; the merge driver is not set in this clone", advice)
    return Check("git", "ok", "the project is under version control")


def _configuration(root: Path) -> Iterator[Check]:
    import tomllib  # only here

    try:
        tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield Check("pyproject.toml", "wrong", "it is gone", "restore it with git: the project cannot be installed")
    except (OSError, ValueError) as error:
        yield Check("pyproject.toml", "wrong", f"it cannot be read: {error}", "put it right, or restore it with git")


def _files(snapshot: Snapshot, known: tuple[Unit, ...], marked: tuple[str, ...]) -> Iterator[Check]:
    owned = {path for unit in known for path in unit.files}
    paths = sorted(owned)
    nobodys = [base for base in snapshot.glob(f"{units.BASE}**/*") if base.removeprefix(units.BASE) not in owned]
    if nobodys:
        found = f"{len(nobodys)} baselines belong to nothing that is known here: {_few(nobodys)}"
        yield Check("records", "wrong", found, "restore .arckode/units with git: without it nothing can be kept up")
    states = {path: snapshot.read(path) for path in paths}
    bases = {path: snapshot.read(units.BASE + path) for path in paths}
    gone = [path for path in paths if states[path] is None]
    baseless = [path for path in paths if bases[path] is None]
    wired = {edit.file for unit in known for edit in unit.edits}  # our own lines in a file are no person's edit
    edited = sum(
        states[path] not in {None, bases[path]} for path in paths if bases[path] is not None and path not in wired
    )
    if gone:
        count = "1 generated file is" if len(gone) == 1 else f"{len(gone)} generated files are"
        found = f"{count} gone: {_few(gone)}"
        yield Check("files", "note", found, "restore them with git, or take the whole unit out with `arckode destroy:`")
    else:
        yield Check("files", "ok", f"{len(paths)} generated, {edited} of them edited")
    if marked:
        yield Check("conflicts", "wrong", f"{len(marked)} with conflict markers: {_few(list(marked))}", ADVICE)
    if baseless:
        advice = "restore .arckode/base with git: without it your edits cannot be merged"
        yield Check("baselines", "wrong", f"{len(baseless)} are missing: {_few(baseless)}", advice)


def _code(snapshot: Snapshot, broken: dict[str, str]) -> Iterator[Check]:
    for path, why in broken.items():
        yield Check("code", "wrong", f"{path} cannot be read: {why}", f"put {path} right: the application cannot start")
    dangling = unreadable.dangling(snapshot, manifest(snapshot)["package"])
    for found in dangling:
        yield Check("code", "wrong", f"{found}, which is not there", "take the import out, or bring the module back")
    if not broken and not dangling:
        yield Check("code", "ok", "every file can be read, and every module that one imports is there")


def _wires(snapshot: Snapshot, known: tuple[Unit, ...], root: Path, undecided: set[str]) -> Iterator[Check]:
    unread = sorted({edit.file for unit in known for edit in unit.edits} & undecided)
    if unread:
        found = f"undecided while {_few(unread)} cannot be read, or holds conflict markers"
        yield Check("wiring", "note", found, "put that right first")
    missing = [
        (unit, edit)
        for unit in known
        for edit in unit.edits
        if edit.file not in undecided and not _is_there(snapshot, edit)
    ]
    for unit, edit in missing:
        stub = stub_of(unit.kind, root)
        found = f"{unit.kind} '{unit.name}': {edit.file} lacks `{edit.title}`"
        yield Check(
            "wiring", "wrong", found, f"put `{edit.title}` back, or take it out: `{inverse_spec.line(stub, unit)}`"
        )
    if not missing and not unread:
        yield Check("wiring", "ok", f"{sum(len(unit.edits) for unit in known)} lines are where they belong")


def _is_there(snapshot: Snapshot, edit: Edit) -> bool:
    state = snapshot.read(edit.file)
    if state is None and wiring.is_optional(edit):
        return True
    return state is not None and isinstance(wiring.insert(edit, state.content), edits.AlreadyThere)


def _database(call: Call) -> Iterator[Check]:
    quiet = replace(call, say=lambda _: None)  # what it would say is a check of its own
    try:
        target = locate(quiet)
        answer = ask(target, {**request(target, quiet), "action": "status"}, quiet, lambda _, __: None)
    except ArckodeError as error:
        yield Check("database", "wrong", error.message, error.hint)
        return
    folder = _missing_folder(target, quiet)
    if folder:
        yield Check("database", "wrong", f"the folder {folder} of the database is not there", "make it: `mkdir -p`")
        return
    yield Check("database", "ok", f"{answer['database']} answers")
    states = [item["state"] for item in answer["migrations"]]
    waiting = [item["name"] for item in answer["migrations"] if item["state"] != "applied"]
    if waiting:
        state: State = "note" if set(states) <= {"applied", "pending"} else "wrong"
        yield Check("migrations", state, f"{len(waiting)} are not applied: {_few(waiting)}", "see `arckode db:status`")
    else:
        yield Check("migrations", "ok", f"{len(states)} applied")


def _missing_folder(target: Target, call: Call) -> str:
    """Return where SQLite would keep its file, when it could not; asked for the status only, it makes none."""
    found = url.parse(target.database(call))
    if found.family != "sqlite" or not found.database or found.database == ":memory:":
        return ""
    folder = (target.root / found.database).parent
    return "" if folder.is_dir() else str(folder)


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
