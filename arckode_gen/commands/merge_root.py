"""`arckode merge:root`: git's merge driver for the composition root, where branches meet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError
from arckode_gen.shell.merge import merge_root

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

_LABELS = ("ours", "before", "theirs")

SPEC = CommandSpec(
    "merge:root",
    "Merge two versions of the composition root; git calls this, as .gitattributes says.",
    examples=("arckode merge:root BASE OURS THEIRS",),
    params=(
        Param("base", kind="argument", required=True, help="The version that both come from."),
        Param("ours", kind="argument", required=True, help="Our version; the result is written here."),
        Param("theirs", kind="argument", required=True, help="Their version."),
    ),
    details=(
        "Two branches that each register a module put a line into the same sorted list, which git alone calls a "
        "conflict. Here both lines are kept in their order; everything else stays a conflict, with markers, and the "
        "exit code is 1, as git expects. `arckode new` and every generator tell a clone about the driver."
    ),
)


def run(call: Call) -> int:
    """Merge into the second file.

    Raises:
        UsageError: a file cannot be read.
    """
    paths = [Path(call.cwd, call.text(name)) for name in ("base", "ours", "theirs")]
    try:
        base, ours, theirs = (path.read_bytes() for path in paths)
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}") from error
    merged = merge_root(base, ours, theirs, _LABELS)
    paths[1].write_bytes(merged.content)
    return 1 if merged.conflicts else 0
