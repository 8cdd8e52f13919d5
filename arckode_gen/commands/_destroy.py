"""What `destroy:` of every stub does: the unit's manifest becomes a plan that takes it out again."""

from __future__ import annotations

import datetime as dt
import subprocess
from typing import TYPE_CHECKING

from arckode_gen.commands import stub_of
from arckode_gen.commands._applied import applied
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine import destroy, inverse_spec, project, units
from arckode_gen.engine.stamps import next_stamp
from arckode_gen.errors import UsageError, nearest
from arckode_gen.shell.three_way import ThreeWay

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call
    from arckode_gen.engine.stubs import Stub
    from arckode_gen.engine.units import Unit

KEPT = 3


def run(stub: Stub, call: Call) -> int:
    """Plan what goes and carry it out; 3 when something was kept."""
    root = project.find_root(call.cwd)
    kept: tuple[str, ...] = ()
    merge = ThreeWay(root, call.environ)

    def decide(snapshot: Snapshot) -> Plan:
        nonlocal kept
        unit = _unit(stub, call, snapshot)
        found = destroy.plan(
            unit,
            snapshot,
            held=held(unit, snapshot, call, root),
            merge=merge,
            force=call.flag("force"),
            spelled=lambda each: inverse_spec.line(stub_of(each.kind, root), each),
        )
        kept = found.kept
        if not stub.remakes:
            return found.plan
        from arckode_gen.commands import _remade  # most stubs change nothing else, and this one renders

        remade = _remade.remake(stub, found.plan, snapshot, root, merge)
        kept = (*kept, *remade.conflicts, *remade.kept)
        return remade.plan

    carry_out(call, root, decide)
    return KEPT if kept else 0


def _unit(stub: Stub, call: Call, snapshot: Snapshot) -> Unit:
    """Return the unit that the words name: as the manifest does, or as they did when it was made."""
    known = [each.name for each in units.of_kind(snapshot, stub.unit)]
    name = typed = call.text("name")
    if name not in known:
        from arckode_gen.commands._generate import unit_name  # which imports what renders

        name = unit_name(stub, call.values, snapshot)
    found = units.load(snapshot, stub.unit, name)
    if found is None:
        listed = f"there are {', '.join(known)}" if known else f"nothing was made by `arckode {stub.spec.name}`"
        meant = f"'{name}'" if typed in {"", name} else f"'{typed}' or '{name}'"
        raise UsageError(f"there is no {stub.unit} {meant}", nearest(name, known) or listed)
    return found


def held(unit: Unit, snapshot: Snapshot, call: Call, root: Path) -> dict[str, str]:
    """Return the migrations that others have already, newest first, each with the stamp of its inverse."""
    package = project.manifest(snapshot)["package"]
    folder = f"src/{package}/migrations"
    own = [path for path in unit.files if path.startswith(f"{folder}/") and snapshot.read(path) is not None]
    if not own:
        return {}
    names = applied(call)
    taken = [path for path in own if _stem(path) in names or _is_committed(root, path)]
    first = int(next_stamp(snapshot, folder, dt.datetime.now(dt.UTC).date()))
    return {path: str(first + at) for at, path in enumerate(sorted(taken, reverse=True))}


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _is_committed(root: Path, path: str) -> bool:
    try:
        done = subprocess.run(["git", "cat-file", "-e", f"HEAD:./{path}"], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0
