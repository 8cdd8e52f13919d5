"""What the analyzer proposes, as a Plan: whole lines replaced, registrations put in by the wiring edits."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.rule import Edit
from arckode_gen.engine import edits
from arckode_gen.engine.edits_calls import insert_call
from arckode_gen.engine.edits_imports import insert_import
from arckode_gen.engine.plan import Change, FileState, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arckode_analyzers.fixes import Proposal
    from arckode_analyzers.rule import Registration
    from arckode_gen.engine.project import Snapshot


@dataclass(frozen=True, slots=True)
class Repaired:
    """A plan, how many findings it answers, and why others were left: a line for each."""

    plan: Plan
    done: int
    left: tuple[str, ...]


class _RefusedRepairError(Exception):
    """A repair cannot be carried out safely; the message says why."""


def repair(snapshot: Snapshot, proposals: Iterable[Proposal]) -> Repaired:
    """Put proposals together; one that cannot be carried out safely is left, with the reason."""
    draft: dict[str, FileState] = {}
    reasons: dict[str, set[str]] = {}
    left: list[str] = []
    done = 0
    for proposal in sorted(proposals, key=_from_the_end):
        try:
            trial = _carried(snapshot, draft, proposal)
        except _RefusedRepairError as error:
            left.append(f"{proposal.finding.path}:{proposal.finding.line}: {proposal.finding.code} {error}")
            continue
        for path in trial.keys() - {path for path in draft if draft[path] == trial.get(path)}:
            reasons.setdefault(path, set()).add(proposal.finding.code)
        draft = trial
        done += 1
    return Repaired(_plan(snapshot, draft, reasons), done, tuple(sorted(left)))


def _from_the_end(proposal: Proposal) -> tuple[bool, str, int]:
    """Order edits from the end of a file upwards, so that line numbers hold; registrations find their own place."""
    lines = [each.first for each in proposal.repairs if isinstance(each, Edit)]
    return (not lines, proposal.finding.path, -max(lines, default=0))


def _carried(snapshot: Snapshot, draft: Mapping[str, FileState], proposal: Proposal) -> dict[str, FileState]:
    trial = dict(draft)
    for each in proposal.repairs:
        state = trial.get(each.path) or snapshot.read(each.path)
        if state is None:
            raise _RefusedRepairError(f"{each.path} is gone")
        text = _replaced(snapshot, state.content, each) if isinstance(each, Edit) else _registered(state.content, each)
        try:
            ast.parse(text)
        except (SyntaxError, ValueError) as error:
            raise _RefusedRepairError("would leave something that is not Python") from error
        trial[each.path] = FileState(text, state.executable)
    return trial


def _replaced(snapshot: Snapshot, content: bytes, edit: Edit) -> bytes:
    original = snapshot.read(edit.path)
    lines = content.splitlines(keepends=True)
    wanted = slice(edit.first - 1, edit.last)
    if original is None or original.content.splitlines(keepends=True)[wanted] != lines[wanted]:
        raise _RefusedRepairError("meets another repair on its lines; run --fix again")
    last = lines[edit.last - 1]
    ending = last[len(last.rstrip(b"\r\n")) :]
    lines[wanted] = [] if edit.text is None else [edit.text.encode() + ending]
    return b"".join(lines)


def _registered(content: bytes, wanted: Registration) -> bytes:
    imported = _inserted(content, insert_import(content, f"from {wanted.module} import {wanted.name}"))
    return _inserted(imported, insert_call(imported, wanted.function, f"{wanted.name}(kernel)"))


def _inserted(content: bytes, outcome: edits.Insertion) -> bytes:
    if isinstance(outcome, edits.CannotInsert):
        raise _RefusedRepairError(f"cannot be wired: {outcome.reason}; paste `{outcome.patch.strip()}`")
    return outcome.text if isinstance(outcome, edits.Inserted) else content


def _plan(snapshot: Snapshot, draft: Mapping[str, FileState], reasons: Mapping[str, set[str]]) -> Plan:
    changes = (
        Change(path, snapshot.read(path), state, f"fixes {', '.join(sorted(reasons[path]))}")
        for path, state in sorted(draft.items())
    )
    return Plan("analyze --fix", tuple(change for change in changes if not change.is_noop))
