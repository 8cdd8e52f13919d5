"""What every writing command does with its Plan: show it, or apply it and say what comes next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arckode_gen.engine.project import Disk
from arckode_gen.shell.apply import apply, recover
from arckode_gen.shell.lock import hold
from arckode_gen.shell.present import plan_json, present_diff, present_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call


def carry_out(call: Call, root: Path, decide: Callable[[Snapshot], Plan]) -> int:
    """Decide and apply under the project's lock; with `--dry-run`, decide and show."""
    if call.flag("dry_run"):
        recover(root)
        return show(call, decide(Disk(root)), applied="")
    with hold(root) as held:
        recover(root, held=held)
        plan = decide(Disk(root))
        applied = apply(root, plan, held=held)
    return show(call, plan, applied=applied.id)


def show(call: Call, plan: Plan, *, applied: str) -> int:
    """Print the plan as the flags ask: a tree, a diff, or one JSON object; then the next steps."""
    dry = call.flag("dry_run")
    if call.json:
        document = {**plan_json(plan), "dry_run": dry, "undo": applied}
        if call.flag("diff"):
            document["diff"] = present_diff(plan, terminal=False)
        call.write(json.dumps(document, indent=2))
        return 0
    if plan.is_noop:
        call.write(f"{plan.command}: nothing to do, everything is there already")
        return 0
    call.write(present_diff(plan) if call.flag("diff") else present_tree(plan))
    if dry:
        call.say("dry run: nothing was written")
        return 0
    if applied:
        call.say(f"undo with: arckode undo {applied}")
    return 0
