"""`arckode hook`: the gate that speaks before a coding agent's file is written."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import OperationError, UsageError

if TYPE_CHECKING:
    from arckode_analyzers.run import Report
    from arckode_gen.engine.spec import Call

BLOCKED = 2
# What a second file can still put right: that one is not there yet when the first is written.
UNFINISHED = ("ARC105", "ARC208", "ARC503", "ARC504", "ARC602", "ARC603")

SPEC = CommandSpec(
    "hook",
    "Judge a file that a coding agent is about to write: exit 2 says why it must not be.",
    examples=(
        "cat proposal.json | arckode hook pre-write",
        "cat proposal.json | arckode hook pre-write --unfinished",
        "cat proposal.json | arckode hook pre-write --ignore ARC4",
    ),
    params=(
        Param("event", kind="argument", required=True, choices=("pre-write",), help="When the agent calls."),
        Param("unfinished", type="bool", help=f"Let pass what another file may complete ({', '.join(UNFINISHED)})."),
        Param("select", many=True, metavar="CODES", help="Only these rules: codes or prefixes: ARC2,ARC301; repeat."),
        Param("ignore", many=True, metavar="CODES", help="Not these rules; the longer word wins over --select."),
    ),
    details=(
        "Standard input is what agents send before they use a tool, "
        '{"cwd", "tool_name", "tool_input": {"file_path", "content"}}, or with "old_string" and "new_string", or with '
        '"edits". The whole project is judged with the proposal in place, and nothing is written. What the file breaks '
        "already is not held against it. Exit code 0: it breaks no rule, or rules do not judge such files; 2: it "
        "does, and standard error has rule, line and fix; 5: it could not be judged, which must not stop an agent. "
        '`--json` prints {"version", "judged", "findings"}, the findings as `analyze --json` does.'
    ),
)


def run(call: Call) -> int:
    """Judge the proposal on standard input.

    Raises:
        OperationError: it could not be judged.
    """
    if sys.stdin.isatty():
        raise OperationError("a proposal is read from standard input, and that is a terminal", "pipe JSON into it")
    was_on = gc.isenabled()
    gc.disable()  # one file is judged, and then the process ends: nothing is worth collecting
    try:
        return judge(call, sys.stdin.buffer.read())
    finally:
        if was_on:
            gc.enable()


def judge(call: Call, sent: bytes) -> int:
    """Judge a proposal as agents send it.

    Raises:
        OperationError: it could not be judged.
    """
    try:
        report = _report(call, sent)
    except UsageError as error:  # an agent takes 2 for a verdict
        raise OperationError(error.message, error.hint) from error
    found = () if report is None else report.findings
    if call.json:
        call.write(_document(report))
    for each in found:
        call.say(f"{each.path}:{each.line}: {each.code} {each.message}\n  fix: {each.hint}")
    if found:
        call.say(f"not written: {len(found)} to fix; `arckode explain {found[0].code}` says why")
    return BLOCKED if found else 0


def _report(call: Call, sent: bytes) -> Report | None:
    from arckode_gen.commands import _analysis, _proposed  # help and completion need neither

    proposed = _proposed.read(sent, call.cwd)
    if proposed is None:
        return None
    ignored = UNFINISHED if call.flag("unfinished") else ()
    return _analysis.analysed(_analysis.wanted_for(call, proposed.root, proposed.proposal, ignored))


def _document(report: Report | None) -> str:
    """Return what `analyze --json` says of the findings, or that there was nothing to judge."""
    import json  # an agent reads the lines on standard error

    from arckode_analyzers import report as reports

    found = [] if report is None else json.loads(reports.render("json", report))["findings"]
    return json.dumps({"version": 1, "judged": report is not None, "findings": found}, indent=2, ensure_ascii=False)
