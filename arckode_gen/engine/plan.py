"""What a command is going to do, as a value: the same Plan is shown, applied, journalled and undone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileState:
    """The bytes of a file and whether it may be executed."""

    content: bytes
    executable: bool = False

    @property
    def text(self) -> str:
        return self.content.decode("utf-8")


@dataclass(frozen=True, slots=True)
class Change:
    """One file before and after; `before=None` means it does not exist yet, `after=None` deletes it."""

    path: str
    before: FileState | None
    after: FileState | None
    reason: str = ""

    @property
    def is_noop(self) -> bool:
        return self.before == self.after

    def inverse(self) -> Change:
        return Change(self.path, before=self.after, after=self.before, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do that is not a file; `command` is what a person would type, when there is such a thing."""

    description: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole effect of one command, in order of path; `steps` follow once the files are written."""

    command: str
    changes: tuple[Change, ...]
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_noop(self) -> bool:
        return not self.changes

    def inverse(self) -> Plan:
        """Return the plan that takes every file back, in reverse order."""
        return Plan(self.command, tuple(change.inverse() for change in reversed(self.changes)))
