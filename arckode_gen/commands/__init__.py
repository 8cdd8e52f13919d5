"""Finds commands: a file here is a command, and so is a folder under `stubs/` or a project's `.arckode/stubs/`.

The file's name is the command's: the first underscore is a colon, the others are hyphens (`db_migrate.py` is
`db:migrate`); a file that starts with an underscore is not a command. Nothing is imported to find a name.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from arckode_gen import resources
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arckode_gen.engine.spec import Call, CommandSpec

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
    """
    module = _modules().get(name)
    if module is not None:
        loaded = cast("CommandModule", importlib.import_module(f"{__name__}.{module}"))
        return Command(loaded.SPEC, loaded.run)
    stub = _stubs(cwd).get(name)
    if stub is None:
        guess = nearest(name, names(cwd)) or "see `arckode list`"
        raise UsageError(f"there is no command '{name}'", guess)
    from arckode_gen.commands import _generate  # only generators need the template engine

    return _generate.command(stub)


def _modules() -> dict[str, str]:
    return {
        path.stem.replace("_", ":", 1).replace("_", "-"): path.stem
        for path in Path(__file__).parent.glob("*.py")
        if not path.stem.startswith("_")
    }


def _stubs(cwd: Path) -> dict[str, Path]:
    """Return command name -> folder; a project's own stub overrides the shipped one of the same name."""
    return {_command_of(folder): folder for root in _stub_roots(cwd) for folder in _stub_folders(root)}


def _stub_roots(cwd: Path) -> Iterator[Path]:
    yield resources.folder("stubs")
    for folder in (cwd, *cwd.parents):
        if (folder / PROJECT_STUBS).is_dir():
            yield folder / PROJECT_STUBS
            return


def _stub_folders(root: Path) -> Iterator[Path]:
    return (path.parent for path in sorted(root.glob("*/stub.yml")))


def _command_of(folder: Path) -> str:
    """Read the name without parsing YAML: `command:` is the first key of a stub that names one."""
    with (folder / "stub.yml").open(encoding="utf-8") as lines:
        key, _, value = lines.readline().partition(":")
    return value.strip() if key == "command" else f"make:{folder.name}".replace("_", "-")
