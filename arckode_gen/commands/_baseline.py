"""The baseline file of `arckode analyze`: read, named in reports, and only ever made shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers import baseline, report
from arckode_gen.errors import OperationError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_analyzers.baseline import Entry
    from arckode_analyzers.run import Report
    from arckode_gen.engine.spec import Call


def known(call: Call) -> frozenset[Entry]:
    """Return what is accepted for now.

    Raises:
        UsageError: the file is missing or is no baseline.
    """
    name = call.text("baseline")
    if not name:
        return frozenset()
    file = call.cwd / name
    if not file.is_file():
        if call.flag("update_baseline"):
            return frozenset()
        raise UsageError(f"there is no baseline '{name}'", "write the first one with --update-baseline")
    try:
        return baseline.parse(file.read_text(encoding="utf-8"))
    except (baseline.BaselineError, UnicodeDecodeError) as error:
        raise UsageError(f"{name}: {error}", "restore it, or delete it and write a new one") from error


def shown_as(call: Call, root: Path) -> str:
    """Return how reports name the file: from the project's folder, as every path in them."""
    name = call.text("baseline")
    file = (call.cwd / name).resolve()
    inside = bool(name) and file.is_relative_to(root.resolve())
    return file.relative_to(root.resolve()).as_posix() if inside else name


def update(call: Call, found: Report) -> int:
    """Write the first baseline, or take entries out of it; new findings are shown and never go in.

    Raises:
        UsageError: the analysis has gaps, so that nothing can be said to be gone.
        OperationError: the file cannot be written.
    """
    if found.incomplete:
        message = f"the analysis is incomplete, so the baseline stays as it is: {found.incomplete[0]}"
        raise UsageError(message, "repair that first")
    file = call.cwd / call.text("baseline")
    before = known(call)
    is_first = not file.is_file()
    if is_first:
        kept = frozenset(entry for entry, _ in baseline.entries(found.all_findings))
    else:
        kept = baseline.shrunk(before, found.all_findings, found.runs)
    try:
        file.write_text(baseline.render(kept), encoding="utf-8", newline="\n")
    except OSError as error:
        raise OperationError(f"cannot write {file.name}: {error.strerror}") from error
    left = () if is_first else baseline.compare(found.all_findings, kept).new
    return _say(call, found, f"{file.name}: {len(kept)} known, {len(before - kept)} taken out", left=len(left))


def _say(call: Call, found: Report, said: str, *, left: int) -> int:
    """Report what is new as any run does: who updates a baseline must not overlook it."""
    chosen = "json" if call.json else call.text("format") or "text"
    line = f"{said}, {left} new ones left to fix"
    new = found.without_stale()
    if chosen != "text":
        call.write(report.render(chosen, new))
        call.say(line)
    else:
        if left:
            call.write(report.render(chosen, new))
        call.write(line)
    return 1 if left else 0
