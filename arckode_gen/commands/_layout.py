"""`arckode analyze --init`: proposes a configuration, and with `--write` puts it into pyproject.toml."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arckode_analyzers import config, files, proposal
from arckode_gen.commands._analysis import project_of
from arckode_gen.commands._writing import carry_out, show
from arckode_gen.engine.edits_analysis import configure
from arckode_gen.engine.plan import Change, FileState, Plan
from arckode_gen.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_analyzers.proposal import Layer, Proposed
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call

_FILE = "pyproject.toml"
_MOSTLY = 0.8
_ONE = {"are": "is", "declare": "declares", "query": "queries", "describe": "describes"}


def propose(call: Call) -> int:
    """Show what would be configured and why, or write it.

    Raises:
        UsageError: there is no Python here, or the present configuration cannot be read.
        RefusedError: somebody configured the layout already.
    """
    root = project_of(call)
    content = _program(root)
    inner = _backend(root, content)
    if inner:
        call.say(f"the backend is in {inner}/, which has its own {_FILE}: what follows is for that folder")
        root, content = root / inner, _program(root / inner)
    if not content:
        raise UsageError(f"there is no Python file in {root}", "change into the backend's folder")
    if proposal.is_ours(content):
        said = "this is arckode's own layout: there is nothing to configure"
        if call.json:
            return show(call, Plan(call.spec.name, (), notes=(said,)), applied="")
        call.write(said)
        return 0
    found = proposal.propose(content)
    if not found.layers:
        said = f"none of {len(content)} files declares routes, stores models or queries a database that arckode knows"
        raise UsageError(said, "write [tool.arckode.layers] by hand; see docs/explanation/analyzer.md")
    if call.flag("write"):
        return carry_out(call, root, lambda snapshot: _plan(snapshot, found, inner))
    call.write(_json(found, inner) if call.json else "\n".join([*_text(found), "", *_toml(found)]))
    call.say("write it with `arckode analyze --init --write`" + (f" in {inner}/" if inner else ""))
    return 0


def _program(root: Path) -> dict[str, bytes]:
    """Return every file that is no test, whatever the configuration leaves out: it is about to be replaced."""
    try:
        chosen = config.load(root)
    except config.ConfigurationError as error:
        raise UsageError(str(error), error.hint or "correct pyproject.toml") from error
    return dict(files.read_project(root, config.Config(exclude=chosen.exclude)))


def _backend(root: Path, content: Mapping[str, bytes]) -> str:
    """Return the folder of a monorepo's backend: its own pyproject.toml, and nearly all the code that counts."""
    parents = {path[:at] for path in content for at, letter in enumerate(path) if letter == "/"}
    inner = sorted(folder for folder in parents if (root / folder / _FILE).is_file())
    weights = {
        folder: proposal.weight({path: text for path, text in content.items() if path.startswith(f"{folder}/")})
        for folder in inner
    }
    best = max(inner, key=lambda folder: (weights[folder], -len(folder)), default="")
    return best if best and weights[best] >= _MOSTLY * max(proposal.weight(content), 1) else ""


def _plan(snapshot: Snapshot, found: Proposed, inner: str) -> Plan:
    before = snapshot.read(_FILE)
    try:
        text = before.text if before is not None else ""
    except UnicodeDecodeError as error:
        raise RefusedError(f"{_FILE} is not UTF-8", "repair it first") from error
    after = configure(text, found.settings(), found.table())
    state = FileState(after.encode(), executable=before.executable if before is not None else False)
    change = Change(_FILE, before, state, "the layers of this code base")
    return Plan("analyze --init", (change,), notes=_notes(snapshot, inner))


def _notes(snapshot: Snapshot, inner: str) -> tuple[str, ...]:
    """Say where the configuration counts, and what git should not see: another's `.gitignore` cannot know it."""
    notes = [f"run `arckode analyze` in {inner}/, where this configuration counts"] if inner else []
    ignored = snapshot.read(".gitignore")
    if ignored is None or b".arckode/history/" not in ignored.content:
        notes.append(
            "add /.arckode/history/ and /.arckode/lock to .gitignore: they are for `arckode undo`, on this machine"
        )
    return tuple(notes)


def _text(found: Proposed) -> list[str]:
    lines = [f"{' and '.join(found.said) or 'Python'}: {_files(found.files)}", ""]
    for layer in found.layers:
        lines.append(f"{layer.name}: {_files(layer.files)} that {_said(layer)}")
        for place in layer.found.places:
            others = f", and {place.others} more that do not" if place.others else ""
            lines.append(f"  {place.pattern}  {place.hits}{others}")
        lines += _left(layer)
    lines += [f"left out: {each.code}, because {each.why}" for each in found.left_out]
    return lines + [f"not read, because it is no Python: {path}" for path in found.unreadable]


def _said(layer: Layer) -> str:
    """Return why, in the singular for one file: `1 file that declares routes`."""
    if layer.files != 1:
        return layer.why
    verb, _, rest = layer.why.partition(" ")
    return f"{_ONE.get(verb, verb)} {rest}"


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def _left(layer: Layer) -> list[str]:
    left = layer.found.left
    if not left:
        return []
    more = f" and {len(left) - 3} more" if len(left) > 3 else ""
    return [f"  without a common place: {', '.join(left[:3])}{more}"]


def _toml(found: Proposed) -> list[str]:
    return [f"# {_FILE}", *found.toml().rstrip("\n").split("\n")]


def _json(found: Proposed, inner: str) -> str:
    layers = [
        {
            "name": layer.name,
            "files": layer.files,
            "why": layer.why,
            "patterns": [
                {"pattern": place.pattern, "matches": place.hits, "others": place.others}
                for place in layer.found.places
            ],
            "left": list(layer.found.left),
        }
        for layer in found.layers
    ]
    document = {
        "version": 1,
        "folder": inner,
        "preset": found.preset,
        "source": list(found.sources),
        "seen": list(found.said),
        "files": found.files,
        "layers": layers,
        "tests": list(found.tests),
        "ignore": [{"code": each.code, "why": each.why} for each in found.left_out],
        "unreadable": list(found.unreadable),
        "toml": found.toml(),
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
