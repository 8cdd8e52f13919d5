"""`arckode generate:asyncapi`: the AsyncAPI document of the project's events."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

from arckode_gen import shell
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine.plan import Change, FileState, Plan
from arckode_gen.engine.project import Disk, find_root, manifest
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from arckode_gen.engine.asyncapi import Node
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call

STALE = 4
_FILE = "asyncapi.json"


class _Event(TypedDict):
    type: str
    version: int
    title: str
    schema: str
    personal: list[str]


class _Heard(TypedDict):
    group: str
    types: list[str]


class _Facts(TypedDict):
    """What `asyncapi_entry.py` found."""

    title: str
    bus: bool
    events: list[_Event]
    heard: list[_Heard]
    schemas: dict[str, Node]


SPEC = CommandSpec(
    "generate:asyncapi",
    "Write the AsyncAPI 3.0 document of the project's events.",
    examples=(
        "arckode generate:asyncapi",
        "arckode generate:asyncapi --check",
        "arckode generate:asyncapi --out docs/events.json --dry-run --diff",
    ),
    params=(
        Param("out", default="", metavar="FILE", help=f"Where it goes, inside the project; {_FILE} unless said."),
        Param("check", type="bool", help="Write nothing; exit with 4 when the file is not what it should be."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    writes=True,
    overwrites=True,
    details=(
        "Every event that an aggregate declares is a channel with its message, and so is what handlers of the bus "
        "between processes subscribe to by its name; operations say who sends and who handles it. It is taken from the "
        "code: nothing is started, no database and no broker asked. What is personal travels sealed, and the document "
        "says so. A file that somebody edited is not overwritten without --force. --json prints the plan, as every "
        'command that writes; with --check it is {"version", "stale": [paths]}.'
    ),
)


def run(call: Call) -> int:
    """Write the document, or compare it.

    Raises:
        UsageError: it is no project, has no events, or FILE is outside of it.
        RefusedError: the file was edited, or is none of ours.
        OperationError: the project cannot be imported.
    """
    if call.flag("check") and call.flag("dry_run"):
        raise UsageError("--check compares, --dry-run shows what would be written", "use one of them")
    root = find_root(call.cwd)
    path = _path(call, root)
    made = FileState(_text(call, root).encode())
    if call.flag("check"):
        return _check(call, root, path, made)
    return carry_out(call, root, lambda snapshot: _plan(call, snapshot, path, made))


def _plan(call: Call, snapshot: Snapshot, path: str, made: FileState) -> Plan:
    from arckode_gen.engine import asyncapi

    before = snapshot.read(path)
    if before is not None and before != made and not call.flag("force") and not asyncapi.is_ours(_decoded(before)):
        hint = "name another file with --out, or use --force to overwrite it"
        raise RefusedError(f"{path} was edited, or is none that this command wrote; nothing was written", hint)
    change = Change(path, before, made, "generated")
    return Plan(asyncapi.COMMAND, () if change.is_noop else (change,))


def _check(call: Call, root: Path, path: str, made: FileState) -> int:
    stale = [] if Disk(root).read(path) == made else [path]
    if call.json:
        call.write(json.dumps({"version": 1, "stale": stale}, indent=2))
    else:
        call.write(f"stale: {path}" if stale else "up to date")
    if stale:
        words = ["--out", call.text("out")] if call.text("out") else []
        call.say(f"bring it up to date with: {shlex.join(['arckode', SPEC.name, *words])}")
    return STALE if stale else 0


def _text(call: Call, root: Path) -> str:
    from arckode_gen.engine import asyncapi
    from arckode_gen.shell.process import interpreter, run_entry

    python = interpreter(root, call.environ, call.text("python"))
    if python.warning:
        call.say(python.warning)
    entry = Path(shell.__file__).with_name("asyncapi_entry.py")
    request = {"root": str(root), "src": str(root / "src"), "package": manifest(Disk(root))["package"]}
    found = run_entry(python.path, entry, request, lambda _kind, text: call.say(text), root=root, environ=call.environ)
    facts = cast("_Facts", found)
    events = [
        asyncapi.Declared(each["type"], each["version"], each["title"], each["schema"], tuple(each["personal"]))
        for each in facts["events"]
    ]
    heard = [asyncapi.Heard(each["group"], tuple(each["types"])) for each in facts["heard"]]
    if not events and not heard:
        hint = "`arckode make:aggregate NAME` makes an aggregate, whose events it describes"
        raise UsageError("this project declares no events", hint)
    return asyncapi.document(facts["title"], _version(root), events, facts["schemas"], heard, sent=facts["bus"])


def _version(root: Path) -> str:
    import tomllib

    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return "0.0.0"
    return str(project.get("version", "0.0.0"))


def _path(call: Call, root: Path) -> str:
    """Return where the document goes, from the project's root.

    Raises:
        UsageError: that is a folder, or outside of the project.
    """
    out = Path(os.path.normpath(call.cwd / call.text("out"))) if call.text("out") else root / _FILE
    if not out.is_relative_to(root) or out == root:
        raise UsageError(f"--out {call.text('out')} is outside of the project", "name a file inside of it")
    if out.is_dir():
        raise UsageError(f"--out {call.text('out')} is a folder", "name a file")
    return out.relative_to(root).as_posix()


def _decoded(state: FileState) -> str:
    return state.content.decode("utf-8", "replace")
