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
_ATTRIBUTE = "merge=arckode"


def teach(root: Path, environ: Mapping[str, str]) -> bool:
    """Tell this clone what the driver is, where `.gitattributes` asks for it; return whether that was news."""
    if _ATTRIBUTE not in _text(root / ".gitattributes"):
        return False
    config = root / ".git" / "config"
    if not config.is_file() or _SECTION in _text(config):
        return False
    words = ["git", "config", "--local", "merge.arckode.driver", COMMAND]
    try:
        done = subprocess.run(words, cwd=root, env=dict(environ) or None, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
