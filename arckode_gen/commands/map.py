"""`arckode map`: the state of the system, for a person or an agent."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

from arckode_gen import commands
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine import map_text, project_map
from arckode_gen.engine.plan import Change, FileState, Plan
from arckode_gen.engine.project import Disk, find_root, manifest
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import CrashError, UsageError
from arckode_gen.shell import tables

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_analyzers.config import Config
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.project_map import ProjectMap
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "map",
    "Show the state of the system: modules, tables, routes, connectors, migrations, seeds, findings.",
    examples=("arckode map", "arckode map --json", "arckode map --write", "arckode map --write --dry-run --diff"),
    params=(
        Param("write", type="bool", help="Keep the map in .arckode/map.json."),
        Param("dry_run", type="bool", help="With --write: show what would be written and write nothing."),
        Param("diff", type="bool", help="With --write: show the changes as a unified diff."),
    ),
    details=(
        "The code is read and never run. `--json` prints, and `--write` keeps, one object: "
        '"modules" (name, wired, parts, missing, tests, seed, migrations, asks), '
        '"tables" (name, module, model, path, columns: name, type, null, primary, unique, index, references), '
        '"routes" (method, path, action, access, operation, module), "connectors" (name, module, asks, wired, path), '
        '"migrations", "seeds" (name, after, path), "unreadable" (files that are not Python), '
        '"findings" (code: count) and "commands" (the ways to grow it). '
        "It holds no line numbers, no clock and no absolute path: it changes when the system does. "
        "With --write, `--json` prints the plan of that file instead."
    ),
)


def run(call: Call) -> int:
    """Show the map, or keep it."""
    if not call.flag("write"):
        _refuse_alone(call)
    root = find_root(call.cwd)
    if call.flag("write"):
        return carry_out(call, root, lambda snapshot: _plan(snapshot, draw(root, snapshot)))
    found = draw(root, Disk(root))
    call.write(_text(found) if call.json else _words(found, call))
    return 0


def draw(root: Path, snapshot: Snapshot) -> ProjectMap:
    """Return the map of a project.

    Raises:
        UsageError: the project's configuration or a manifest is wrong.
    """
    from arckode_analyzers import files  # only what reads the code pays for the reader

    config = _config(root)
    content = files.read_project(root, config)
    facts = manifest(snapshot)
    reading = project_map.read(content, config, facts, _migrations(snapshot, facts["package"]))
    grow = {name: commands.find(name, root).spec.summary for name in commands.names(root) if name.startswith("make:")}
    return project_map.draw(reading, snapshot, findings=_findings(root), commands=grow)


def _refuse_alone(call: Call) -> None:
    for name in ("dry_run", "diff"):
        if call.flag(name):
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(f"{flag} only means something with --write", "leave it out, or add --write")


def _config(root: Path) -> Config:
    from arckode_analyzers import config  # only what reads the code pays for the reader

    try:
        return config.load(root)
    except config.ConfigurationError as error:
        raise UsageError(str(error), "correct pyproject.toml") from error


def _migrations(snapshot: Snapshot, package: str) -> str:
    state = snapshot.read("pyproject.toml")
    tool = tomllib.loads(state.text).get("tool", {}) if state is not None else {}
    folder = tool.get("arckode", {}).get("migrations")
    return folder.strip("/") if isinstance(folder, str) else f"src/{package}/migrations"


def _findings(root: Path) -> dict[str, int]:
    """Count what the rules say, by code; no suppression expires here, because the map knows no clock.

    Raises:
        CrashError: a rule failed.
    """
    from arckode_analyzers.engine import RuleCrash
    from arckode_analyzers.run import Wanted, analyse

    try:
        found = analyse(Wanted(root, today="")).findings
    except RuleCrash as error:
        raise CrashError(str(error), "this is a bug in arckode; please report it with that file") from error
    codes = [finding.code for finding in found]
    return {code: codes.count(code) for code in sorted(set(codes))}


def _plan(snapshot: Snapshot, found: ProjectMap) -> Plan:
    change = Change(
        project_map.MAP_FILE,
        snapshot.read(project_map.MAP_FILE),
        FileState(f"{_text(found)}\n".encode()),
        "the state of the system",
    )
    return Plan("map --write", () if change.is_noop else (change,))


def _text(found: ProjectMap) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False)


def _words(found: ProjectMap, call: Call) -> str:
    lines = [map_text.headline(found)]
    for title, rows in map_text.sections(found):
        if tables.on_terminal():
            lines.append(tables.drawn((title, *[""] * (len(rows[0]) - 1)), rows, call.environ))
        else:
            lines += ["", title, tables.aligned(rows, indent="  ")]
    return "\n".join(lines)
