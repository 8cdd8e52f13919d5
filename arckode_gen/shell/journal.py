"""What commands did to the project's files, kept so that it can be taken back: `.arckode/history/<id>/`.

`plan.json` is written once, before the first project file changes; `state` is the only thing that changes afterwards.
An entry without a state was never begun. An undo is an entry of its own that names the one it takes back, so
whether a command is undone follows from the entries and is never stored twice.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast, get_args

from arckode_gen.engine.plan import FileState
from arckode_gen.errors import RefusedError, UsageError, nearest
from arckode_gen.shell.files import remove_tree, sync_folders, write_file
from arckode_gen.shell.formats import EntryDocument, pack_plan, unpack_plan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_gen.engine.plan import Plan

HISTORY = ".arckode/history"
State = Literal["pending", "applied", "undone"]

_ID = re.compile(r"(\d{4,})-[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One command in the history; `folders` are those it made, `modes` the permission bits it found."""

    id: str
    plan: Plan
    state: State = "pending"
    undoes: str = ""
    folders: tuple[str, ...] = ()
    modes: Mapping[str, int] = field(default_factory=dict)


def begin(root: Path, plan: Plan, *, folders: tuple[str, ...], modes: Mapping[str, int], undoes: str = "") -> Entry:
    """Write a pending entry and force it to the disk: from here on the plan may change files.

    Raises:
        OSError: the entry could not be written; nothing of it is left.
    """
    entry = Entry(_next_id(root, plan.command), plan, undoes=undoes, folders=folders, modes=modes)
    folder = _folder(root, entry.id)
    try:
        folder.mkdir(parents=True)
        _ignore_history(root)
        write_file(folder / "plan.json", FileState(_to_json(entry)))
        sync_folders((folder, folder.parent, folder.parent.parent))
        settle(root, entry.id, "pending")
    except OSError:
        remove_tree(folder)
        raise
    return entry


def settle(root: Path, entry_id: str, state: State) -> None:
    """Say how an entry ended."""
    folder = _folder(root, entry_id)
    write_file(folder / "state", FileState(f"{state}\n".encode()))
    sync_folders((folder,))


def discard(root: Path, entry_id: str) -> None:
    """Forget an entry that never began."""
    remove_tree(_folder(root, entry_id), strict=True)


def ids(root: Path) -> tuple[str, ...]:
    """Return every entry's id, the oldest first."""
    folder = root / HISTORY
    names = [path.name for path in folder.iterdir() if _ID.fullmatch(path.name)] if folder.is_dir() else []
    return tuple(sorted(names, key=_number))


def unfinished(root: Path) -> str:
    """Return the id of the entry that was interrupted, or an empty string.

    It can only be the newest: nothing begins while another entry is unfinished.
    """
    newest = ids(root)[-1:]
    return newest[0] if newest and state_of(root, newest[0]) in {None, "pending"} else ""


def entries(root: Path) -> tuple[Entry, ...]:
    """Return every entry that began, the oldest first.

    Raises:
        RefusedError: one is damaged.
    """
    return tuple(load(root, name) for name in ids(root) if state_of(root, name) is not None)


def load(root: Path, name: str) -> Entry:
    """Return the entry with this id, or with this number.

    Raises:
        UsageError: there is none.
        RefusedError: it is damaged.
    """
    entry_id = _find(ids(root), name)
    try:
        loaded = cast("EntryDocument", json.loads((_folder(root, entry_id) / "plan.json").read_bytes()))
        return Entry(
            id=entry_id,
            plan=unpack_plan(loaded["plan"]),
            state=state_of(root, entry_id) or "pending",
            undoes=str(loaded["undoes"]),
            folders=tuple(map(str, loaded["folders"])),
            modes={path: int(mode, 8) for path, mode in loaded["modes"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(entry_id, "plan.json", f"{type(error).__name__}: {error}") from error


def state_of(root: Path, entry_id: str) -> State | None:
    """Return how an entry ended; None when it never began.

    Raises:
        RefusedError: the state is none that arckode writes.
    """
    file = _folder(root, entry_id) / "state"
    if not file.is_file():
        return None
    word = file.read_text("utf-8", errors="replace").strip()
    if word not in get_args(State):
        raise _damaged(entry_id, "state", f"it says {word!r}")
    return cast("State", word)


def undone(history: tuple[Entry, ...]) -> frozenset[str]:
    """Return the ids of entries that a later one took back, unless that one was taken back in turn."""
    found: set[str] = set()
    for entry in reversed(history):
        if entry.undoes and entry.state == "applied" and entry.id not in found:
            found.add(entry.undoes)
    return frozenset(found)


def _find(known: tuple[str, ...], name: str) -> str:
    wanted = [each for each in known if each == name or (name.isdecimal() and _number(each) == int(name))]
    if not wanted:
        raise UsageError(f"the history has no '{name}'", nearest(name, known) or "see `arckode undo --list`")
    return wanted[0]


def _next_id(root: Path, command: str) -> str:
    last = ids(root)[-1:]
    words = [word for word in command.split() if not word.startswith("-")][:2]
    slug = re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")[:60].strip("-")
    return f"{_number(last[0]) + 1 if last else 1:04}-{slug or 'change'}"


def _number(entry_id: str) -> int:
    return int(entry_id.partition("-")[0])


def _folder(root: Path, entry_id: str) -> Path:
    return root / HISTORY / entry_id


def _ignore_history(root: Path) -> None:
    """Keep the history out of git even where the project's own .gitignore was changed."""
    file = root / HISTORY / ".gitignore"
    if not file.exists():
        write_file(file, FileState(b"*\n"))


def _to_json(entry: Entry) -> bytes:
    document = EntryDocument(
        version=1,
        plan=pack_plan(entry.plan),
        undoes=entry.undoes,
        folders=list(entry.folders),
        modes={path: f"{mode:04o}" for path, mode in sorted(entry.modes.items())},
    )
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"  # indented it would take ten times as long


def _damaged(entry_id: str, name: str, reason: str) -> RefusedError:
    return RefusedError(
        f"{HISTORY}/{entry_id}/{name} is damaged: {reason}",
        f"it is needed only to take that command back: compare with git, then delete {HISTORY}/{entry_id}",
    )
