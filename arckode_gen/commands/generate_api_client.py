"""`arckode generate:api-client`: a typed client from the project's own API, or from any OpenAPI document.

It is a command of its own and no stub: how many files there are follows from the document, which may come from outside,
and the folder may be outside of every project. Its templates are in `stubs/api_client`.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from arckode_gen import resources
from arckode_gen.commands._writing import carry_out, show
from arckode_gen.engine.project import PROJECT_FILE, Disk, find_root, manifest
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import ArckodeError, OperationError, UsageError
from arckode_gen.shell.apply import apply
from arckode_gen.shell.download import download, is_address
from arckode_gen.shell.files import put

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_gen.client.document import Node
    from arckode_gen.client.generate import Language
    from arckode_gen.client.render import Extra
    from arckode_gen.engine.overlay import Overlay
    from arckode_gen.engine.plan import FileState, Plan
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call

STALE = 4
_NOTHING: Mapping[str, FileState | None] = MappingProxyType({})
_PAUSE = 0.5
_ASK_AGAIN = 3.0

SPEC = CommandSpec(
    "generate:api-client",
    "Write a typed TypeScript or Python client of the project's API, or of any OpenAPI document.",
    examples=(
        "arckode generate:api-client --out frontend/src/api",
        "arckode generate:api-client --check",
        "arckode generate:api-client --from openapi.yaml --out src/api --dry-run",
        "arckode generate:api-client --from http://127.0.0.1:8000/openapi.json --out src/api --watch",
        "arckode generate:api-client --zod",
        "arckode generate:api-client --mock",
        "arckode generate:api-client --lang python --out clients/shop",
    ),
    params=(
        Param(
            "out",
            default="",
            metavar="DIR",
            help="The client's folder: frontend/src/api, or api_client for Python, when nothing is said.",
        ),
        Param("lang", default="typescript", choices=("typescript", "python"), help="The client's language."),
        Param("zod", type="bool", help="Write schemas of zod (4.3 or newer) beside the types, from now on."),
        Param("mock", type="bool", help="Write mocks of every operation for tests, with typed examples, from now on."),
        Param("from", default="", metavar="FILE|URL", help="An OpenAPI 3 document, JSON or YAML, instead of the code."),
        Param("check", type="bool", help="Write nothing; exit with 4 when the client is not what it should be."),
        Param("watch", type="bool", help="Stay, and write again whenever the API changes; Ctrl-C ends."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    writes=True,
    overwrites=True,
    details=(
        "The API is taken from the code: no server is started, no database opened, and neither Node nor a network is "
        "needed. There is one file for each module and one function for each operation. TypeScript needs no "
        "dependency, Python httpx2 and pydantic. What --zod and --mock wrote stays up to date, without the flag, too; "
        "delete zod.ts or runtime.mock.ts to go without. Files that somebody edited are not overwritten without "
        "--force. --json prints the plan, as every command that writes; "
        'with --check it is {"version", "stale": [paths]}.'
    ),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the client goes: a folder inside of a root; changes are journalled in the root."""

    root: Path
    folder: str


def run(call: Call) -> int:
    """Write the client, compare it, or keep it up to date.

    Raises:
        UsageError: there is no project and no document, or the document is none.
        RefusedError: a file was edited.
        OperationError: the document cannot be read.
    """
    if call.flag("watch") and (call.flag("check") or call.flag("dry_run")):
        raise UsageError("--watch writes, --check and --dry-run do not", "use one of them")
    if call.flag("zod") and _language(call) == "python":
        raise UsageError(
            "--zod writes schemas in TypeScript", "leave it out: the types in Python are checked by pydantic"
        )
    if call.flag("mock") and _language(call) == "python":
        raise UsageError(
            "--mock writes mocks in TypeScript", "leave it out: give the client in Python a transport of httpx2 instead"
        )
    if call.flag("watch"):
        return _watch(call)
    place = _place(call)
    files = _files(call, place)
    return _check(call, place, files) if call.flag("check") else _write(call, place, files)


def decide(call: Call, overlay: Overlay) -> Plan:
    """Plan the client of the project as it will be when other plans were carried out, for commands that join it.

    Raises:
        RefusedError: a file was edited.
        OperationError: the project's interpreter cannot make the document.
    """
    from arckode_gen.client import document, generate
    from arckode_gen.client.plan import plan

    found = document.checked(_own(call, overlay.changed), "the project")
    folder = _folder(call)
    files = generate.files(found, resources.folder("stubs"), _language(call), _extras(call, folder, overlay))
    return plan(files, folder, overlay, force=call.flag("force"))


def _write(call: Call, place: _Place, files: Mapping[str, FileState]) -> int:
    def decide(snapshot: Snapshot) -> Plan:
        from arckode_gen.client.plan import plan

        return plan(files, place.folder, snapshot, force=call.flag("force"))

    if place.root.exists():
        return carry_out(call, place.root, decide)
    made = decide(Disk(place.root))
    if not call.flag("dry_run"):
        apply(place.root, made)
    return show(call, made, applied="")


def _check(call: Call, place: _Place, files: Mapping[str, FileState]) -> int:
    from arckode_gen.client.plan import plan

    stale = [change.path for change in plan(files, place.folder, Disk(place.root), force=True).changes]
    if call.json:
        call.write(json.dumps({"version": 1, "stale": stale}, indent=2))
    else:
        summary = f"{len(files)} files, {len(stale)} of the client are not up to date" if stale else "up to date"
        call.write("\n".join([*(f"stale: {path}" for path in stale), summary]))
    if stale:
        call.say(f"bring it up to date with: {_command(call)}")
    return STALE if stale else 0


def _command(call: Call) -> str:
    """Return the command line that writes what this one compared."""
    names = ("from", "out", "python", *(["lang"] if _language(call) == "python" else []))
    named = [word for name in names if call.text(name) for word in (f"--{name}", call.text(name))]
    return shlex.join(["arckode", call.spec.name, *named, *(f"--{each}" for each in _asked(call))])


def _watch(call: Call) -> int:
    """Write until Ctrl-C; a mistake in what is being edited is said, and it goes on."""
    try:
        while True:
            seen = _state(call)
            try:
                place = _place(call)
                _write(call, place, _files(call, place))
            except ArckodeError as error:
                call.say(f"error: {error}")
            call.say("watching; Ctrl-C ends")
            if is_address(call.text("from")):
                time.sleep(_ASK_AGAIN)
                continue
            while _state(call) == seen:
                time.sleep(_PAUSE)
    except KeyboardInterrupt:
        return 130


def _state(call: Call) -> dict[str, tuple[int, int]]:
    """Return the time and size of everything that the document is made from."""
    source = call.text("from")
    if is_address(source):
        return {}
    found = [call.cwd / source] if source else _sources(find_root(call.cwd) / "src")
    states: dict[str, tuple[int, int]] = {}
    for file in found:
        try:
            stat = file.stat()
        except OSError:
            continue
        states[str(file)] = (stat.st_mtime_ns, stat.st_size)
    return states


def _sources(folder: Path) -> list[Path]:
    return [Path(above, name) for above, _, names in os.walk(folder) for name in names if name.endswith(".py")]


def _files(call: Call, place: _Place) -> dict[str, FileState]:
    from arckode_gen.client import generate  # reading a document and Jinja are not needed for help

    extras = _extras(call, place.folder, Disk(place.root))
    return generate.files(_document(call), resources.folder("stubs"), _language(call), extras)


def _folder(call: Call) -> str:
    return call.text("out") or ("api_client" if _language(call) == "python" else "frontend/src/api")


def _language(call: Call) -> Language:
    return "python" if call.text("lang") == "python" else "typescript"


def _extras(call: Call, folder: str, snapshot: Snapshot) -> frozenset[Extra]:
    """Return what comes beside the client: what is asked for, and what is there already."""
    from arckode_gen.client.plan import kept

    return frozenset() if _language(call) == "python" else frozenset(_asked(call)) | kept(folder, snapshot)


def _asked(call: Call) -> list[Extra]:
    extras: tuple[Extra, ...] = ("zod", "mock")
    return [each for each in extras if call.flag(each)]


def _document(call: Call) -> Node:
    from arckode_gen.client import document

    source = call.text("from")
    if not source:
        return document.checked(_own(call), "the project")
    if is_address(source):
        return document.parse(download(source), source)
    try:
        return document.parse((call.cwd / source).read_text(encoding="utf-8-sig"), source)
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} is not a text in UTF-8") from error
    except OSError as error:
        raise OperationError(f"cannot read {source}: {error.strerror}", "name an OpenAPI document") from error


def _own(call: Call, changed: Mapping[str, FileState | None] = _NOTHING) -> Mapping[str, object]:
    """Return the document of the project around the current folder, with some files as they will be."""
    from arckode_gen.shell.openapi import read_document  # a document that is given needs no interpreter
    from arckode_gen.shell.process import interpreter

    try:
        root = find_root(call.cwd)
    except UsageError as error:
        raise UsageError(error.message, "change into a project, or name a document with --from FILE|URL") from error
    python = interpreter(root, call.environ, call.text("python"))
    if python.warning:
        call.say(python.warning)
    package = manifest(Disk(root))["package"]
    if not any(path.startswith("src/") for path in changed):
        return read_document(root, package, python.path, call.environ, call.say)
    with _as_it_will_be(root, changed) as future:
        return read_document(future, package, python.path, call.environ, call.say)


@contextmanager
def _as_it_will_be(root: Path, changed: Mapping[str, FileState | None]) -> Iterator[Path]:
    """Give a copy of the project's code with the changes in it, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="arckode-") as scratch:
        future = Path(scratch)
        shutil.copytree(root / "src", future / "src", ignore=shutil.ignore_patterns("__pycache__"))
        if (root / ".env").is_file():
            shutil.copy(root / ".env", future / ".env")
        for path, state in changed.items():
            if path.startswith("src/"):
                put(future / path, state)
        yield future


def _place(call: Call) -> _Place:
    """Find the folder's root: the project or, outside of one, what looks like a project of another kind.

    Raises:
        UsageError: the folder cannot be one.
    """
    out = Path(os.path.normpath(call.cwd / _folder(call)))
    blocking = next((each for each in (out, *out.parents) if each.exists() and not each.is_dir()), None)
    if blocking is not None:
        raise UsageError(f"--out {_folder(call)}: {blocking} is a file", "name a folder")
    for marker in (PROJECT_FILE, ".git", "package.json"):
        for folder in out.parents:
            if (folder / marker).exists():
                return _Place(folder, out.relative_to(folder).as_posix())
    return _Place(out, "")
