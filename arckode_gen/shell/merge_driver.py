"""Git's merge driver for the composition root: `.gitattributes` names it, every clone has to be told what it is."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Exit code 1 is a conflict between markers. Anything else (arckode is not on PATH, or failed) leaves it to git, which
# would otherwise call the file merged by hand and drop the other branch's lines.
COMMAND = "arckode merge:root %O %A %B || { [ $? -eq 1 ] && exit 1; git merge-file %A %O %B; }"
_SECTION = '[merge "arckode"]'
_KEY = "merge.arckode.driver"
_ATTRIBUTE = "merge=arckode"


def teach(root: Path, environ: Mapping[str, str]) -> bool:
    """Tell this clone what the driver is, where `.gitattributes` asks for it; return whether that was news."""
    if _ATTRIBUTE not in _text(root / ".gitattributes"):
        return False
    git = next((place for folder in (root, *root.parents) if (place := folder / ".git").exists()), None)
    if git is None or _SECTION in _text(git / "config"):
        return False
    if git.is_file() and _git(root, environ, "--get", _KEY):  # another work tree of the clone, or a submodule
        return False
    return _git(root, environ, "--local", _KEY, COMMAND)


def _git(root: Path, environ: Mapping[str, str], *words: str) -> bool:
    words = ("git", "config", *words)
    # A hook that runs arckode points these at its own repository.
    own = {key: value for key, value in environ.items() if not key.startswith("GIT_")}
    try:
        return subprocess.run(words, cwd=root, env=own or None, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
