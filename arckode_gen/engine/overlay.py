"""A project as it will be when a plan was carried out, so that the next plan can build upon it; all become one."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from arckode_gen.engine.plan import Change, FileState, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot


class Overlay:
    """A snapshot with the changes of plans on top of it."""

    def __init__(self, below: Snapshot) -> None:
        self._below = below
        self._plans: list[Plan] = []
        self._files: dict[str, FileState | None] = {}

    @property
    def changed(self) -> Mapping[str, FileState | None]:
        return self._files

    def add(self, plan: Plan) -> None:
        """Take the changes of a plan, which was made from this overlay, for done."""
        self._plans.append(plan)
        self._files.update({change.path: change.after for change in plan.changes})

    def read(self, path: str) -> FileState | None:
        return self._files[path] if path in self._files else self._below.read(path)

    def glob(self, pattern: str) -> tuple[str, ...]:
        there = {path for path in self._below.glob(pattern) if path not in self._files}
        depth = None if "**/" in pattern else pattern.count("/")
        plain = pattern.replace("**/", "")
        for path, state in self._files.items():
            if state is not None and fnmatchcase(path, plain) and depth in (None, path.count("/")):
                there.add(path)
        return tuple(sorted(there))

    def is_folder(self, path: str) -> bool:
        return self._below.is_folder(path) or any(
            name.startswith(f"{path}/") for name, state in self._files.items() if state is not None
        )

    def joined(self, command: str) -> Plan:
        """Return all plans as one: from what is there to what comes out in the end."""
        reasons: dict[str, str] = {}
        for plan in self._plans:
            for change in plan.changes:
                reasons.setdefault(change.path, change.reason)
        changes = (Change(path, self._below.read(path), state, reasons[path]) for path, state in self._files.items())
        return Plan(
            command,
            tuple(sorted((change for change in changes if not change.is_noop), key=lambda change: change.path)),
            tuple(dict.fromkeys(step for plan in self._plans for step in plan.steps)),
            tuple(dict.fromkeys(note for plan in self._plans for note in plan.notes)),
        )
