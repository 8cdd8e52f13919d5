"""What the database commands share: which project, which folder, which database, which interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from arckode_gen.engine.project import Disk, find_root, manifest
from arckode_gen.errors import UsageError
from arckode_gen.migrations import url
from arckode_gen.shell.process import Interpreter, interpreter, run_entry

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.request import Answer, Report, Request

ENTRY = Path(__file__).with_name("entry.py")


@dataclass(frozen=True, slots=True)
class Target:
    """A project as the runner sees it."""

    root: Path
    package: str
    folder: str
    python: Interpreter

    def database(self, call: Call) -> str:
        """Return the project's database URL, once it is known to be one.

        Raises:
            UsageError: it is not a URL that can be migrated.
        """
        text = url.find(self.root, call.environ, self.package)
        url.parse(text)
        return text


def locate(call: Call) -> Target:
    """Find the project around the call, and say so when its interpreter had to be guessed.

    Raises:
        UsageError: there is no project, or its configuration is wrong.
    """
    root = find_root(call.cwd)
    _recover(root)
    package = manifest(Disk(root))["package"]
    python = interpreter(root, call.environ, call.text("python"))
    if python.warning:
        call.say(python.warning)
    return Target(root, package, _folder(root, package), python)


def _recover(root: Path) -> None:
    """Finish or take back a command that was killed, so that no half-written migration is applied."""
    if not (root / ".arckode/history").is_dir():
        return
    from arckode_gen.shell.journal import unfinished

    if unfinished(root):
        from arckode_gen.shell.apply import recover

        recover(root)


def _folder(root: Path, package: str) -> str:
    default = f"src/{package}/migrations"
    file = root / "pyproject.toml"
    if not file.is_file() or b"migrations" not in file.read_bytes():
        return default
    import tomllib

    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("arckode", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"pyproject.toml cannot be read: {error}", "correct it") from error
    folder = table.get("migrations", default)
    if not isinstance(folder, str) or not folder or Path(folder).is_absolute() or ".." in Path(folder).parts:
        raise UsageError(
            "[tool.arckode] migrations in pyproject.toml is not a folder of the project", f"write it like '{default}'"
        )
    return folder.strip("/")


def ask(target: Target, request: Request, call: Call, report: Report) -> Answer:
    """Have the request served: in this process when the interpreter is ours, else in the project's.

    Raises:
        ArckodeError: whatever the runner met.
    """
    if target.python.is_own:
        from arckode_gen.migrations.service import serve

        return serve(request, report)
    answer = run_entry(
        target.python.path,
        ENTRY,
        request,
        lambda kind, text: report("done" if kind == "done" else "say", text),
        root=target.root,
        environ=call.environ,
    )
    return cast("Answer", answer)
