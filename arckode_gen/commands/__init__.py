"""Finds commands: a file here is a command, and so is a folder under `stubs/` or a project's `.arckode/stubs/`.

The file's name is the command's: the first underscore is a colon, the others are hyphens (`db_migrate.py` is
`db:migrate`); a file that starts with an underscore is not a command. Nothing is imported to find a name.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from arckode_gen import resources
from arckode_gen.errors import ArckodeError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arckode_gen.engine.spec import Call, CommandSpec

# A summary is a plain string after the name, so that an overview need not import every command.
_SUMMARY = re.compile(r'^SPEC = CommandSpec\(\s*"[^"\\]*",\s*"([^"\\]*)",', re.MULTILINE)

PROJECT_STUBS = Path(".arckode/stubs")


class CommandModule(Protocol):
    """What every file in this folder offers."""

    SPEC: CommandSpec

    def run(self, call: Call) -> int: ...


@dataclass(frozen=True, slots=True)
class Command:
    """A declaration and what carries it out."""

    spec: CommandSpec
    run: Callable[[Call], int]


def names(cwd: Path) -> tuple[str, ...]:
    """Return every command's name, the project's own stubs included."""
    return tuple(sorted({*_modules(), *_stubs(cwd)}))


def find(name: str, cwd: Path) -> Command:
    """Load one command.

    Raises:
        UsageError: no command has that name.
        CrashError: it is a stub's, and its `stub.yml` is wrong.
    """
    module = _modules().get(name)
    if module is not None:
        loaded = cast("CommandModule", importlib.import_module(f"{__name__}.{module}"))
        return Command(loaded.SPEC, loaded.run)
    folder = _stubs(cwd).get(name)
    if folder is None:
        guess = nearest(name, names(cwd)) or "see `arckode list`"
        raise UsageError(f"there is no command '{name}'", guess)
    return _generator(folder)


def summary(name: str, cwd: Path) -> str:
    """Return one command's line without importing what carries it out; a stub that is wrong says so instead."""
    module = _modules().get(name)
    if module is not None:
        source = (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
        written = _SUMMARY.search(source)
        return written[1] if written else find(name, cwd).spec.summary
    try:
        return find(name, cwd).spec.summary
    except ArckodeError as error:
        return f"cannot be loaded: {error.message}"


def _generator(folder: Path) -> Command:
    """Return a stub's command; its declaration is read now, what generates is imported when it runs."""
    from arckode_gen.engine import stubs  # only generators are read from stubs

    stub = stubs.load(folder)

    def run(call: Call) -> int:
        from arckode_gen.commands import _generate  # help and completion need no template engine

        return _generate.run(stub, call)

    return Command(stub.spec, run)


def _modules() -> dict[str, str]:
    return {
        path.stem.replace("_", ":", 1).replace("_", "-"): path.stem
        for path in Path(__file__).parent.glob("*.py")
        if not path.stem.startswith("_")
    }


def _stubs(cwd: Path) -> dict[str, Path]:
    """Return command name -> folder; a project's own stub overrides the shipped one of the same name."""
    from arckode_gen.engine import stubs

    return {stubs.command_name(folder): folder for root in _stub_roots(cwd) for folder in _stub_folders(root)}


def _stub_roots(cwd: Path) -> Iterator[Path]:
    yield resources.folder("stubs")
    for folder in (cwd, *cwd.parents):
        if (folder / PROJECT_STUBS).is_dir():
            yield folder / PROJECT_STUBS
            return


def _stub_folders(root: Path) -> Iterator[Path]:
    return (path.parent for path in sorted(root.glob("*/stub.yml")))
