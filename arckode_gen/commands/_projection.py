"""What the commands of projections share: the question that is asked in the project's interpreter."""

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

ENTRY = Path(shell.__file__).with_name("projection_entry.py")


def asked(call: Call, question: Mapping[str, object]) -> Mapping[str, object]:
    """Return what the project's projections answer.

    Raises:
        UsageError: it is no project, or has no projections.
        ArckodeError: the database cannot be reached, or the project cannot be imported.
    """
    root = find_root(call.cwd)
    package = manifest(Disk(root))["package"]
    if not (root / "src" / package / "kernel" / "projections.py").is_file():
        hint = "`arckode make:projection NAME --of AGGREGATE` adds the first one"
        raise UsageError("this project has no projections", hint)
    python = interpreter(root, call.environ, call.text("python"))
    if python.warning:
        call.say(python.warning)
    request = {"src": str(root / "src"), "package": package, **question}
    return run_entry(python.path, ENTRY, request, lambda _kind, text: call.say(text), root=root, environ=call.environ)
