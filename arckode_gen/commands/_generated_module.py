"""Finds the generated module that a word on the command line means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine import units
from arckode_gen.engine.plan import Step
from arckode_gen.engine.project import manifest
from arckode_gen.errors import ArckodeError, RefusedError, UsageError, nearest

if TYPE_CHECKING:
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.stubs import Stub
    from arckode_gen.engine.units import Unit

KIND = "module"
_CLIENT = "frontend/src/api/.arckode-client.json"


def generated_module(stub: Stub, word: str, snapshot: Snapshot) -> Unit:
    """Return the module that a word means: by the name of its folder, else in any spelling."""
    known = [each.name for each in units.of_kind(snapshot, stub.unit)]
    names = (word, _spelt(stub, word, snapshot))
    for name in names:
        unit = units.load(snapshot, stub.unit, name) if name in known else None
        if unit is not None:
            return unit
    for name in names:
        if snapshot.is_folder(f"src/{manifest(snapshot)['package']}/modules/{name}"):
            message = f"the {stub.unit} '{name}' was not generated: nothing tells what its files were before you wrote"
            raise UsageError(message, "add the field by hand")
    listed = f"there are {', '.join(known)}" if known else f"make one with `arckode {stub.spec.name}`"
    raise UsageError(f"there is no {stub.unit} '{word}'", nearest(names[-1], known) or listed)


def refuse_stale(stub: Stub, unit: Unit) -> None:
    """Refuse to change a module's words and its templates in one go: nobody could tell which change is whose.

    Raises:
        RefusedError: other templates made it than there are now.
    """
    if unit.templates != stub.digest:
        message = f"the {unit.kind} '{unit.name}' was generated from other templates than there are now"
        raise RefusedError(message, "bring it up to date first: `arckode upgrade`")


def front_steps(module: str, snapshot: Snapshot) -> tuple[Step, ...]:
    """Return what is left to do in the front end once a module's API is another: its pages, or the client alone."""
    if snapshot.read(units.unit_path("frontend", module)) is not None:
        return (Step("bring its pages and the client up to date", f"arckode make:frontend {module}"),)
    if snapshot.read(_CLIENT) is not None:
        return (Step("bring the client up to date", "arckode generate:api-client"),)
    return ()


def _spelt(stub: Stub, word: str, snapshot: Snapshot) -> str:
    from arckode_gen.commands import _generate

    try:
        return _generate.unit_name(stub, {"name": word}, snapshot)
    except ArckodeError:
        return word
