"""What the commands of a part of a project's kernel share: the project, and the question asked in its interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen import shell
from arckode_gen.engine.project import Disk, find_root, manifest
from arckode_gen.errors import UsageError
from arckode_gen.shell.process import interpreter, run_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.spec import Call


@dataclass(frozen=True, slots=True)
class KernelPart:
    """A file of the kernel that has to be there, the program that looks after it, and what is said without it."""

    file: str
    entry: str
    missing: str
    hint: str

    def located(self, call: Call) -> tuple[Path, str, Path]:
        """Return the project, its package and its interpreter.

        Raises:
            UsageError: it is no project, or has not the part.
        """
        root = find_root(call.cwd)
        package = manifest(Disk(root))["package"]
        if not (root / "src" / package / "kernel" / self.file).is_file():
            raise UsageError(self.missing, self.hint)
        python = interpreter(root, call.environ, call.text("python"))
        if python.warning:
            call.say(python.warning)
        return root, package, python.path

    def asked(self, call: Call, question: Mapping[str, object]) -> Mapping[str, object]:
        """Return what the part answers.

        Raises:
            ArckodeError: it is not there, cannot be reached, or the project cannot be imported.
        """
        root, package, python = self.located(call)
        entry = Path(shell.__file__).with_name(self.entry)
        request = {"src": str(root / "src"), "package": package, **question}
        return run_entry(python, entry, request, lambda _kind, text: call.say(text), root=root, environ=call.environ)


QUEUE = KernelPart(
    "queue.py",
    "queue_entry.py",
    "this project has no queue",
    "`arckode make:job NAME` adds a job, and the queue with the first of them",
)
PROJECTIONS = KernelPart(
    "projections.py",
    "projection_entry.py",
    "this project has no projections",
    "`arckode make:projection NAME --of AGGREGATE` adds the first one",
)
EVENT_BUS = KernelPart(
    "event_bus.py", "events_entry.py", "this project has no event bus", "`arckode make:adapter bus-redis` adds one"
)
PERSONAL_DATA = KernelPart(
    "personal_data.py",
    "forget_entry.py",
    "events of this project say nothing about people",
    "`arckode make:personal-data`, or a field that is `pii` in make:aggregate, lets them",
)
AGGREGATES = KernelPart(
    "event_replay.py", "replay_entry.py", "this project has no aggregates", "`arckode make:aggregate NAME` adds one"
)
EVENT_ARCHIVE = KernelPart(
    "event_archive.py",
    "archive_entry.py",
    "this project has no archive of events",
    "`arckode make:event-archive` adds one",
)
