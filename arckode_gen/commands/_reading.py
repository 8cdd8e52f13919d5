"""The code of a project as the analyzer's model, for commands that show it; nothing of it is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers import config, files
from arckode_analyzers.facts.reading import facts_or_none
from arckode_analyzers.model.analysis import Analysis
from arckode_analyzers.model.project import Project
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_gen.engine.spec import Call


@dataclass(frozen=True, slots=True)
class Code:
    """What was read, and where."""

    root: Path
    analysis: Analysis


def read_code(call: Call) -> Code:
    """Read the project a command stands in; files that are not Python are said and left out.

    Raises:
        UsageError: the configuration is wrong, or there is nothing to read.
    """
    root = files.find_root(call.cwd)
    try:
        chosen = config.load(root)
    except config.ConfigurationError as error:
        raise UsageError(str(error), "correct pyproject.toml") from error
    content = files.read_project(root, chosen)
    facts = []
    for path in sorted(content):
        text = content[path]
        found = facts_or_none(text, path)
        if found is None:
            call.say(f"{path} cannot be read and is left out")
        else:
            facts.append((path, found, text))
    if not any(path.endswith(".py") for path, _, _ in facts):
        raise UsageError(f"there is no Python file in {root}", "change into a project")
    return Code(root, Analysis(Project(facts, chosen)))
