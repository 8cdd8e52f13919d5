"""Merges three versions of a text with git's own merge: the same result, and the same markers, as in a branch."""

from __future__ import annotations

import subprocess
import tempfile
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
    """Apply the change from `base` to `theirs` onto `ours`.

    Raises:
        OperationError: git is missing, or a version is binary.
    """
    with tempfile.TemporaryDirectory(prefix="arckode-merge-") as scratch:
        files = [Path(scratch, name) for name in ("ours", "base", "theirs")]
        for file, content in zip(files, (ours, base, theirs), strict=True):
            file.write_bytes(content)
        names = [word for label in labels for word in ("-L", label)]
        done = _git("merge-file", "-p", "--diff3", *names, *map(str, files))
    if not 0 <= done.returncode <= MOST_CONFLICTS:
        raise OperationError(f"git cannot merge: {done.stderr.decode('utf-8', 'replace').strip()}")
    return Merged(done.stdout, done.returncode)


def _git(*words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *words], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise OperationError("merging needs git, and there is none on PATH", "install git") from error
