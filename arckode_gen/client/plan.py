"""The files of a client against what is in its folder: what is written, what goes, and what a person has edited.

The folder keeps a record of what was generated there, one line a file, so that a file that somebody wrote or edited is
known for what it is wherever the client lives; branches that change different modules change different lines of it.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from arckode_gen.engine.plan import Change, FileState, Plan
from arckode_gen.engine.units import digest
from arckode_gen.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.client.render import Extra
    from arckode_gen.engine.project import Snapshot

COMMAND = "generate:api-client"
RECORD = ".arckode-client.json"
# A file that is there with each of them, whatever the document holds; who deletes it goes without.
_MARKS: Mapping[Extra, str] = MappingProxyType({"zod": "zod.ts", "mock": "runtime.mock.ts"})


def plan(files: Mapping[str, FileState], folder: str, snapshot: Snapshot, *, force: bool = False) -> Plan:
    """Decide what changes in a client's folder, given from the snapshot's root, empty for the root itself.

    Raises:
        RefusedError: a file was edited, or was never generated; the message lists all of them.
    """
    recorded = _recorded(snapshot.read(_join(folder, RECORD)))
    changes: list[Change] = []
    edited: list[str] = []
    notes: list[str] = []
    for name in sorted({*files, *recorded}):
        path = _join(folder, name)
        before, after = snapshot.read(path), files.get(name)
        is_ours = before is None or before == after or digest(before.content) == recorded.get(name)
        if after is None and not is_ours:
            notes.append(f"kept: {path}: edited, and no longer generated; delete it when nothing needs it")
            continue
        if not is_ours and not force:
            edited.append(f"  {path} {'was edited' if name in recorded else 'exists and was not generated'}")
        reason = "generated" if after is not None else "no longer generated"
        changes.append(Change(path, before, after, reason))
    if edited:
        listed = "\n".join(edited)
        hint = "move your own text to another file and run this again, or use --force to overwrite it"
        raise RefusedError(f"{COMMAND}: nothing was written, because\n{listed}", hint)
    record = _join(folder, RECORD)
    changes.append(Change(record, snapshot.read(record), _record(files), "what was generated"))
    changed = tuple(sorted((each for each in changes if not each.is_noop), key=lambda each: each.path))
    return Plan(COMMAND, changed, notes=tuple(notes))


def kept(folder: str, snapshot: Snapshot) -> frozenset[Extra]:
    """Return what was generated beside the client before and is still in its folder, so that it stays up to date."""
    recorded = _recorded(snapshot.read(_join(folder, RECORD)))
    return frozenset(
        extra for extra, name in _MARKS.items() if name in recorded and snapshot.read(_join(folder, name)) is not None
    )


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _recorded(state: FileState | None) -> dict[str, str]:
    """Read the record; one that is damaged knows nothing, so that everything differing is taken for edited."""
    if state is None:
        return {}
    try:
        loaded = json.loads(state.text)
    except ValueError:
        return {}
    files = loaded.get("files") if isinstance(loaded, dict) else None
    names = cast("dict[str, object]", files).items() if isinstance(files, dict) else ()
    return {name: each for name, each in names if isinstance(each, str) and "/" not in name}


def _record(files: Mapping[str, FileState]) -> FileState:
    digests = {name: digest(state.content) for name, state in sorted(files.items())}
    return FileState((json.dumps({"version": 1, "files": digests}, indent=2) + "\n").encode())
