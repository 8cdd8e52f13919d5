"""What the commands of the queue share: the project, and the question that is asked in its interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen import shell
from arckode_gen.engine.project import Disk, find_root, manifest
from arckode_gen.errors import UsageError
from arckode_gen.shell.process import interpreter, run_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.spec import Call

ENTRY = Path(shell.__file__).with_name("queue_entry.py")


def located(call: Call) -> tuple[Path, str, Path]:
    """Return the project, its package and its interpreter.

    Raises:
        UsageError: it is no project, or has no queue.
    """
    root = find_root(call.cwd)
    package = manifest(Disk(root))["package"]
    if not (root / "src" / package / "kernel" / "queue.py").is_file():
        hint = "`arckode make:job NAME` adds a job, and the queue with the first of them"
        raise UsageError("this project has no queue", hint)
    python = interpreter(root, call.environ, call.text("python"))
    if python.warning:
        call.say(python.warning)
    return root, package, python.path


def asked(call: Call, question: Mapping[str, object]) -> Mapping[str, object]:
    """Return what the queue answers.

    Raises:
        ArckodeError: there is no queue, it cannot be reached, or the project cannot be imported.
    """
    root, package, python = located(call)
    request = {"src": str(root / "src"), "package": package, **question}
    return run_entry(python, ENTRY, request, lambda _kind, text: call.say(text), root=root, environ=call.environ)
