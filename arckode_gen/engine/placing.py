"""What happens to one file that a generator would write, by its state: the table of section 3 of the design.

Three versions decide: `current` is on the disk, `base` is what was generated before, `new` is what would be generated.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from arckode_gen.engine import marked
from arckode_gen.engine.plan import FileState
from arckode_gen.errors import CrashError

if TYPE_CHECKING:
    from collections.abc import Iterator

Action = Literal["create", "unchanged", "update", "merge", "conflict", "absent", "delete", "keep", "exists"]


class Merged(Protocol):
    """Three versions put together; with conflicts the content holds diff3 markers."""

    @property
    def content(self) -> bytes: ...

    @property
    def conflicts(self) -> int: ...


class Merge(Protocol):
    """Applies the change from `base` to `new` onto `current`; `path` tells what kind of file it is."""

    def __call__(self, path: str, base: bytes, current: bytes, new: bytes) -> Merged: ...


class Restyled(Protocol):
    """Tells whether `current` is `base` in the project's own format, so that no person wrote anything in it."""

    def __call__(self, path: str, base: bytes, current: bytes) -> bool: ...


class Reconcile(Merge, Protocol):
    """A merge that knows the project's own format."""

    @property
    def restyled(self) -> Restyled: ...


def refuse_to_merge(path: str, base: bytes, current: bytes, new: bytes) -> Merged:  # noqa: ARG001
    """Stand in for a merge where nothing can have been edited."""
    raise CrashError(f"{path}: a merge is needed, and nobody said how")


@dataclass(frozen=True, slots=True)
class Placed:
    """The decision about one file; `state` is what it becomes, None where it goes or is not there.

    `why` says what is wrong with a conflict that has no markers.
    """

    action: Action
    state: FileState | None
    why: str = ""


def on_make(path: str, current: FileState | None, base: FileState | None, new: FileState, merge: Merge) -> Placed:
    """Decide for a generator that runs: a conflict holds the markers, and is refused by who asked unless wanted."""
    if current is None:
        return Placed("create", new)
    if current.content == new.content or (base is not None and base.content == new.content):
        return Placed("unchanged", current)
    if base is None:
        return Placed("exists", current)
    if current.content == base.content:
        return Placed("update", new)
    return _merged(path, current, base, new, merge)


def on_grow(path: str, current: FileState | None, base: FileState | None, new: FileState, merge: Merge) -> Placed:
    """Decide for a unit that gets more, such as a field: as when it is made, but what a person deleted stays away."""
    if current is None and base is not None:
        return Placed("absent", None)
    return on_make(path, current, base, new, merge)


def on_upgrade(
    path: str, current: FileState | None, base: FileState | None, new: FileState | None, merge: Reconcile
) -> Placed:
    """Decide for an upgrade: what a person deleted stays deleted, what the template dropped goes unless edited."""
    if new is None:
        if current is None or base is None:
            return Placed("absent", current)
        return on_destroy(path, current, base, merge.restyled)
    if current is None:
        return Placed("create", new) if base is None else Placed("absent", None)
    if base is None and current.content != new.content:
        return _merged(path, current, FileState(b""), new, merge)
    return on_make(path, current, base, new, merge)


def on_destroy(path: str, current: FileState | None, base: FileState | None, restyled: Restyled) -> Placed:
    """Decide for a unit that goes: only what nobody edited is deleted."""
    if current is None:
        return Placed("absent", None)
    if base is None:
        return Placed("keep", current)
    as_made = current.content == base.content or restyled(path, base.content, current.content)
    return Placed("delete", None) if as_made else Placed("keep", current)


def _merged(path: str, current: FileState, base: FileState, new: FileState, merge: Merge) -> Placed:
    result = marked.merge(path, base.content, current.content, new.content, merge)
    state = FileState(result.content, current.executable or new.executable)
    if result.conflicts:
        return Placed("conflict", state)
    if path.endswith(".py") and (why := _nonsense(result.content, current.content, new.content)):
        return Placed("conflict", state, why)
    return Placed("unchanged" if state.content == current.content else "merge", state)


def _nonsense(merged: bytes, current: bytes, new: bytes) -> str:
    """Two clean changes can still make nonsense together: no Python, or a name that both of them declare."""
    if not is_python(current):
        return ""
    tree = _parsed(merged)
    if tree is None:
        return "both changes together are not valid Python"
    twice = _repeated(tree)
    if twice:
        known = (side for side in map(_parsed, (current, new)) if side is not None)
        twice -= {name for side in known for name in _repeated(side)}
    return f"both declare {', '.join(sorted(twice))}" if twice else ""


def is_python(source: bytes) -> bool:
    """Tell whether a text can be read as Python."""
    return _parsed(source) is not None


def _parsed(source: bytes) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a doubtful escape in someone's file is not our subject here
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError):
            return None


def _repeated(tree: ast.Module) -> set[str]:
    """Return what a module or one of its classes declares more than once."""
    found: set[str] = set()
    seen: set[str] = set()
    for name in _declared(tree, ""):
        (found if name in seen else seen).add(name)
    return found


def _declared(tree: ast.Module | ast.ClassDef, where: str) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield f"{where}{node.name}"
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield f"{where}{node.target.id}"
        elif isinstance(node, ast.Assign):
            yield from (f"{where}{each.id}" for each in node.targets if isinstance(each, ast.Name))
        if isinstance(node, ast.ClassDef):
            yield from _declared(node, f"{where}{node.name}.")
