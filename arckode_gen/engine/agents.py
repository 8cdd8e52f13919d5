"""What a project tells coding agents: AGENTS.md and a skill for each subject, in the language that its people chose.

The texts are plain Markdown about a project called `shop`, written by `python -m tests.docs.generate`; a project gets
them about its own package.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.engine.plan import FileState
from arckode_gen.engine.skeleton import read_tree

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("en", "es")
DEFAULT = "en"
FOLDER = "agents"

_SAMPLE = re.compile(rb"\bshop\b")


def files(templates: Path, language: str, package: str) -> dict[str, FileState]:
    """Return AGENTS.md, CLAUDE.md and the skills, by their paths in a project."""
    name = package.encode()
    found = read_tree(templates / FOLDER / language)
    return {path: FileState(_SAMPLE.sub(name, state.content)) for path, state in found.items()}
