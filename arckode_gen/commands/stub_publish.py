"""`arckode stub:publish`: a shipped stub becomes the project's own, to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.commands import load, shipped_stub
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine import published
from arckode_gen.engine.project import find_root
from arckode_gen.engine.spec import CommandSpec, Param

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "stub:publish",
    "Copy a stub into .arckode/stubs/, where the project can change it.",
    examples=("arckode stub:publish module", "arckode stub:publish make:module --dry-run"),
    params=(Param("name", kind="argument", required=True, help="The stub: its folder's name, or its command."),),
    writes=True,
    overwrites=True,
    details=(
        "From then on the command uses the project's copy. `arckode stub:diff NAME` shows what a newer arckode changed "
        "in its own; `arckode upgrade` merges that into yours."
    ),
)


def run(call: Call) -> int:
    """Copy the stub."""
    folder = shipped_stub(call.text("name"))
    version = load(folder).version
    root = find_root(call.cwd)
    return carry_out(
        call, root, lambda snapshot: published.publish(folder, version, snapshot, force=call.flag("force"))
    )
