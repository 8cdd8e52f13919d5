"""The two JSON forms of a plan: the one people's programs read, and the one the journal gets its bytes back from."""

from __future__ import annotations

import base64
import hashlib
from typing import Literal, TypedDict

from arckode_gen.engine.plan import Change, FileState, Plan, Step

Action = Literal["create", "update", "delete"]


class ChangeDocument(TypedDict):
    """One file in `--json`; a digest is null where the file does not exist."""

    path: str
    action: Action
    reason: str
    executable: bool
    sha256_before: str | None
    sha256_after: str | None


class StepDocument(TypedDict):
    """Something to do that is not a file."""

    description: str
    command: str


class PlanDocument(TypedDict):
    """What `--json` prints for a command that writes."""

    version: int
    command: str
    changes: list[ChangeDocument]
    steps: list[StepDocument]
    notes: list[str]


class PackedState(TypedDict):
    """A file's bytes: as text where they are UTF-8, so that a person can read the journal, else as base64."""

    encoding: Literal["utf-8", "base64"]
    content: str
    executable: bool
    sha256: str


class PackedChange(TypedDict):
    """One file, both ways."""

    path: str
    reason: str
    before: PackedState | None
    after: PackedState | None


class PackedPlan(TypedDict):
    """A plan without loss."""

    command: str
    changes: list[PackedChange]
    steps: list[StepDocument]
    notes: list[str]


class EntryDocument(TypedDict):
    """`plan.json` in the journal."""

    version: int
    plan: PackedPlan
    undoes: str
    folders: list[str]
    modes: dict[str, str]


def action_of(change: Change) -> Action:
    """Name what happens to the file."""
    if change.before is None:
        return "create"
    return "delete" if change.after is None else "update"


def plan_json(plan: Plan) -> PlanDocument:
    """Return the documented object of a plan; file contents are named by their digests."""
    return PlanDocument(
        version=1,
        command=plan.command,
        changes=[_change_document(change) for change in plan.changes],
        steps=_steps(plan),
        notes=list(plan.notes),
    )


def pack_plan(plan: Plan) -> PackedPlan:
    """Return a plan as JSON that `unpack_plan` turns back into an equal one."""
    return PackedPlan(
        command=plan.command,
        changes=[
            PackedChange(path=c.path, reason=c.reason, before=_pack(c.before), after=_pack(c.after))
            for c in plan.changes
        ],
        steps=_steps(plan),
        notes=list(plan.notes),
    )


def unpack_plan(packed: PackedPlan) -> Plan:
    """Return the plan that was packed.

    Raises:
        ValueError, KeyError, TypeError: this is not such a plan, or its bytes are not those that were packed.
    """
    return Plan(
        command=packed["command"],
        changes=tuple(
            Change(c["path"], before=_unpack(c["before"]), after=_unpack(c["after"]), reason=c["reason"])
            for c in packed["changes"]
        ),
        steps=tuple(Step(step["description"], step["command"]) for step in packed["steps"]),
        notes=tuple(packed["notes"]),
    )


def _change_document(change: Change) -> ChangeDocument:
    state = change.before if change.after is None else change.after
    return ChangeDocument(
        path=change.path,
        action=action_of(change),
        reason=change.reason,
        executable=state is not None and state.executable,
        sha256_before=_digest(change.before),
        sha256_after=_digest(change.after),
    )


def _steps(plan: Plan) -> list[StepDocument]:
    return [StepDocument(description=step.description, command=step.command) for step in plan.steps]


def _digest(state: FileState | None) -> str | None:
    return None if state is None else hashlib.sha256(state.content).hexdigest()


def _pack(state: FileState | None) -> PackedState | None:
    if state is None:
        return None
    digest = hashlib.sha256(state.content).hexdigest()
    try:
        text = state.content.decode("utf-8")
    except UnicodeDecodeError:
        text = base64.b64encode(state.content).decode("ascii")
        return PackedState(encoding="base64", content=text, executable=state.executable, sha256=digest)
    return PackedState(encoding="utf-8", content=text, executable=state.executable, sha256=digest)


def _unpack(packed: PackedState | None) -> FileState | None:
    if packed is None:
        return None
    text = packed["content"]
    content = base64.b64decode(text, validate=True) if packed["encoding"] == "base64" else text.encode("utf-8")
    if hashlib.sha256(content).hexdigest() != packed["sha256"]:
        raise ValueError("the stored bytes do not match their digest")
    return FileState(content, executable=packed["executable"])
