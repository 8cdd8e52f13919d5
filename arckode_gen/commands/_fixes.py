"""`arckode analyze --fix`: what rules can repair, through the same Plan as everything that writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers import config, files, fixes
from arckode_gen.commands._analysis import analysed, wanted_by
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine.repairs import repair

if TYPE_CHECKING:
    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call


def carry_out_fixes(call: Call) -> int:
    """Repair what can be, and say how many findings are left; 1 when some are, 0 when none is."""
    wanted = wanted_by(call)
    remaining = 0

    def decide(snapshot: Snapshot) -> Plan:
        nonlocal remaining
        report = analysed(wanted)
        chosen = config.load(wanted.root)
        content = files.read_project(wanted.root, chosen)
        repaired = repair(snapshot, fixes.proposals(content, chosen, report.findings, report.suppressions))
        for line in repaired.left:
            call.say(f"left: {line}")
        remaining = len(report.findings) - repaired.done
        call.say(f"{repaired.done} of {len(report.findings)} findings can be fixed by a machine")
        return repaired.plan

    carry_out(call, wanted.root, decide)
    return 1 if remaining else 0
