"""Merges three versions of a text with git's own merge: the same result, and the same markers, as in a branch."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from arckode_gen.errors import OperationError

LABELS = ("yours", "generated before", "generated now")
# git merge-file answers the number of conflicts, at most 127; more is an error.
MOST_CONFLICTS = 127


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged bytes; with conflicts they hold diff3 markers."""

    content: bytes
    conflicts: int


def merge(base: bytes, ours: bytes, theirs: bytes, labels: tuple[str, str, str] = LABELS) -> Merged:
    """Apply the change from `base` to `theirs` onto `ours`; git is asked only where the two are not clearly apart.

    Raises:
        OperationError: git is missing, or a version is binary.
    """
    spliced = _spliced(*(text.splitlines(keepends=True) for text in (base, ours, theirs)))
    if spliced is not None and b"\0" not in spliced:
        return Merged(spliced, 0)
    import tempfile  # as rarely as git itself

    with tempfile.TemporaryDirectory(prefix="arckode-merge-") as scratch:
        files = [Path(scratch, name) for name in ("ours", "base", "theirs")]
        for file, content in zip(files, (ours, base, theirs), strict=True):
            file.write_bytes(content)
        names = [word for label in labels for word in ("-L", label)]
        done = _git("merge-file", "-p", "--diff3", *names, *map(str, files))
    if not 0 <= done.returncode <= MOST_CONFLICTS:
        raise OperationError(f"git cannot merge: {done.stderr.decode('utf-8', 'replace').strip()}")
    return Merged(done.stdout, done.returncode)


def _spliced(base: list[bytes], ours: list[bytes], theirs: list[bytes]) -> bytes | None:
    """Return both changes when all of one is above all of the other, with a line between them that neither touched."""
    (start, end), (other_start, other_end) = _changed(base, ours), _changed(base, theirs)
    if end < other_start:
        after = len(ours) - len(base) + other_start
        return b"".join([*ours[:after], *theirs[other_start:]])
    if other_end < start:
        after = len(theirs) - len(base) + start
        return b"".join([*theirs[:after], *ours[start:]])
    return None


def _changed(base: list[bytes], new: list[bytes]) -> tuple[int, int]:
    """Return the lines of `base` that lie between what both begin with and what both end with."""
    shorter = min(len(base), len(new))
    start = next((at for at in range(shorter) if base[at] != new[at]), shorter)
    same = next((at for at in range(shorter - start) if base[-1 - at] != new[-1 - at]), shorter - start)
    return start, len(base) - same


def merge_root(base: bytes, ours: bytes, theirs: bytes, labels: tuple[str, str, str] = LABELS) -> Merged:
    """Merge a composition root, in which both sides may have changed the same sorted list.

    Raises:
        OperationError: git is missing, or a version is binary.
    """
    merged = merge(base, ours, theirs, labels)
    if not merged.conflicts:
        return merged
    from arckode_gen.engine.root_merge import settle  # as rarely as git

    settled = settle(merged.content.decode("utf-8", "surrogateescape"))
    return merged if settled is None else Merged(settled.encode("utf-8", "surrogateescape"), 0)


def _git(*words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *words], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise OperationError("merging needs git, and there is none on PATH", "install git") from error
