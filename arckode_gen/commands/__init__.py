"""Finds commands: a file here is a command, and so is a folder under `stubs/` or a project's `.arckode/stubs/`.

The file's name is the command's: the first underscore is a colon, the others are hyphens (`db_migrate.py` is
`db:migrate`); a file that starts with an underscore is not a command. Nothing is imported to find a name.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from arckode_gen import resources
from arckode_gen.errors import ArckodeError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arckode_gen.engine.overlay import Overlay
    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.spec import Call, CommandSpec
    from arckode_gen.engine.stubs import Stub

# A summary is a plain string after the name, so that an overview need not import every command.
_SUMMARY = re.compile(r'^SPEC = CommandSpec\(\s*"[^"\\]*",\s*"([^"\\]*)",', re.MULTILINE)

PROJECT_STUBS = Path(".arckode/stubs")
_HERE = Path(__file__).parent


class CommandModule(Protocol):
    """What every file in this folder offers."""

    SPEC: CommandSpec

    def run(self, call: Call) -> int: ...


@dataclass(frozen=True, slots=True)
class Command:
    """A declaration and what carries it out; `decide` only plans, `stub` is what a generator is made from."""

    spec: CommandSpec
    run: Callable[[Call], int]
    decide: Callable[[Call, Overlay], Plan] | None = None
    stub: Stub | None = None


def names(cwd: Path) -> tuple[str, ...]:
    """Return every command's name, the project's own stubs included."""
    stubs = _stubs(cwd)
    return tuple(sorted({*_modules(), *stubs, *(each for name in stubs if (each := destroys(name)))}))


def destroys(name: str) -> str:
    """Return the name of a generator's inverse: `make:module` is taken back by `destroy:module`."""
    return name.replace("make:", "destroy:", 1) if name.startswith("make:") else ""


def find(name: str, cwd: Path) -> Command:
    """Load one command.

    Raises:
        UsageError: no command has that name.
        CrashError: it is a stub's, and its `stub.yml` is wrong.
    """
    module = _module(name)
    if module:
        loaded = cast("CommandModule", importlib.import_module(f"{__name__}.{module}"))
        return Command(loaded.SPEC, loaded.run, getattr(loaded, "decide", None))
    made = _made_by(name.replace("destroy:", "make:", 1), cwd) if name.startswith("destroy:") else None
    if made is not None:
        return _destroyer(made, name)
    folder = _made_by(name, cwd)
    if folder is None:
        guess = nearest(name, names(cwd)) or "see `arckode list`"
        raise UsageError(f"there is no command '{name}'", guess)
    return _generator(folder)


@cache
def stub_of(unit: str, cwd: Path) -> Stub | None:
    """Return the stub that makes units of a kind; one with its folder named for the kind is found without a search."""
    likely = [place for root in _stub_roots(cwd) if _is_stub(place := root / unit)][-1:]
    found = [stub for folder in likely if (stub := load(folder)).unit == unit]
    if found:
        return found[0]
    folders = {folder.name: folder for root in _stub_roots(cwd) for folder in _stub_folders(root)}
    return next((stub for folder in folders.values() if (stub := load(folder)).unit == unit), None)


def generators(cwd: Path) -> Iterator[Stub]:
    """Yield every stub that is a command, by the command's name.

    Raises:
        CrashError: a `stub.yml` is wrong.
    """
    from arckode_gen.engine import stubs

    yield from (stubs.load(folder) for _, folder in sorted(_stubs(cwd).items()))


def shipped_stub(word: str) -> Path:
    """Return the folder of a stub that ships with arckode, by its name or its command.

    Raises:
        UsageError: there is none.
    """
    from arckode_gen.engine import stubs

    folders = {folder.name: folder for folder in _stub_folders(resources.folder("stubs"))}
    by_command = {stubs.command_name(folder): folder for folder in folders.values()}
    found = folders.get(word) or by_command.get(word)
    if found is None:
        known = ", ".join(sorted(folders))
        raise UsageError(f"there is no stub '{word}'", nearest(word, (*folders, *by_command)) or f"there are {known}")
    return found


def summary(name: str, cwd: Path) -> str:
    """Return one command's line without importing what carries it out; a stub that is wrong says so instead."""
    module = _module(name)
    if module:
        source = (_HERE / f"{module}.py").read_text(encoding="utf-8")
        written = _SUMMARY.search(source)
        return written[1] if written else find(name, cwd).spec.summary
    try:
        return find(name, cwd).spec.summary
    except ArckodeError as error:
        return f"cannot be loaded: {error.message}"


def _generator(folder: Path) -> Command:
    """Return a stub's command; its declaration is read now, what generates is imported when it runs."""
    stub = load(folder)

    def run(call: Call) -> int:
        from arckode_gen.commands import _generate  # help and completion need no template engine

        return _generate.run(stub, call)

    return Command(stub.spec, run, stub=stub)


def _made_by(name: str, cwd: Path) -> Path | None:
    """Return the folder of a stub's command; a shipped one that is named for it is found without a search."""
    from arckode_gen.engine import stubs

    shipped, *own = _stub_roots(cwd)
    likely = shipped / name.partition(":")[2].replace("-", "_")
    if not own and _is_stub(likely) and stubs.command_name(likely) == name:
        return likely
    return _stubs(cwd).get(name)


def _destroyer(folder: Path, name: str) -> Command:
    from arckode_gen.engine import inverse_spec  # for this command only

    stub = load(folder)

    def run(call: Call) -> int:
        from arckode_gen.commands import _destroy  # help and completion need no template engine

        return _destroy.run(stub, call)

    return Command(inverse_spec.spec(stub, name), run)


def load(folder: Path) -> Stub:
    """Read a stub.

    Raises:
        CrashError: its `stub.yml` is wrong.
    """
    from arckode_gen.engine import stubs  # only generators are read from stubs
    from arckode_gen.shell import stub_documents

    return stubs.load(folder, stub_documents.read)


def _modules() -> tuple[str, ...]:
    return tuple(_named(path.stem) for path in _HERE.glob("*.py") if not path.stem.startswith("_"))


def _named(stem: str) -> str:
    return stem.replace("_", ":", 1).replace("_", "-")


def _module(name: str) -> str:
    """Return the file here that is a command, without its ending; empty when there is none."""
    stem = name.replace(":", "_").replace("-", "_")
    is_one = stem.isidentifier() and not stem.startswith("_") and _named(stem) == name
    return stem if is_one and (_HERE / f"{stem}.py").is_file() else ""


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


def _is_stub(folder: Path) -> bool:
    return (folder / "stub.yml").is_file()
