"""What the database commands share: which project, which folder, which database, which interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from arckode_gen.engine.project import PROJECT_FILE, Disk, manifest
from arckode_gen.errors import UsageError
from arckode_gen.migrations import url
from arckode_gen.shell.process import Interpreter, interpreter, run_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.request import Answer, DiffAnswer, DiffRequest, Kind, Report, Request

ENTRY = Path(__file__).with_name("entry.py")


@dataclass(frozen=True, slots=True)
class Target:
    """A project as the runner sees it."""

    root: Path
    package: str
    folder: str
    python: Interpreter
    metadata: str = ""

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

    One that arckode did not make is the nearest folder whose pyproject.toml has `[tool.arckode] migrations`.

    Raises:
        UsageError: there is no project, or its configuration is wrong.
    """
    root, package = _project(call.cwd)
    _recover(root)
    settings = _settings(root)
    python = interpreter(root, call.environ, call.text("python"))
    if python.warning:
        call.say(python.warning)
    default = f"src/{package}/migrations" if (root / PROJECT_FILE).is_file() else "migrations"
    return Target(root, package, _folder(settings, default), python, str(settings.get("metadata") or ""))


def _project(start: Path) -> tuple[Path, str]:
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder, manifest(Disk(folder))["package"]
        if "migrations" in _settings(folder) or "metadata" in _settings(folder):
            return folder, folder.name
    message = f"{start} is not inside an arckode project: no {PROJECT_FILE} here or above"
    raise UsageError(
        message,
        "change into a project, make one with `arckode new NAME`, or write [tool.arckode] migrations = 'migrations' "
        "into the pyproject.toml of yours",
    )


def _recover(root: Path) -> None:
    """Finish or take back a command that was killed, so that no half-written migration is applied."""
    if not (root / ".arckode/history").is_dir():
        return
    from arckode_gen.shell.journal import unfinished

    if unfinished(root):
        from arckode_gen.shell.apply import recover

        recover(root)


def _settings(root: Path) -> Mapping[str, object]:
    file = root / "pyproject.toml"
    if not file.is_file() or b"tool.arckode" not in file.read_bytes():
        return {}
    import tomllib

    try:
        loaded = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", "correct it") from error
    return cast("Mapping[str, object]", loaded.get("tool", {}).get("arckode", {}))


def _folder(settings: Mapping[str, object], default: str) -> str:
    folder = settings.get("migrations", default)
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
        lambda kind, text: report(cast("Kind", kind), text),
        root=target.root,
        environ=call.environ,
    )
    return cast("Answer", answer)


def compare(target: Target, request: DiffRequest, call: Call) -> DiffAnswer:
    """Have the models compared with the database, always in a process of its own: the project's code is imported.

    Raises:
        ArckodeError: whatever it met there.
    """
    answer = run_entry(
        target.python.path,
        ENTRY,
        request,
        lambda _kind, text: call.say(text),
        root=target.root,
        environ=call.environ,
    )
    return cast("DiffAnswer", answer)
