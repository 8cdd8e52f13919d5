"""Ways to break a generated project, and what a rule says about each: judged in memory, facts of other files kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.config import Config, load
from arckode_analyzers.facts.reading import facts_in
from arckode_analyzers.files import read_project, read_tests
from arckode_analyzers.model.analysis import Analysis
from arckode_analyzers.model.project import Project
from arckode_analyzers.rule import finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_analyzers.facts.records import FileFacts
    from arckode_analyzers.rule import Finding, Rule


class Edit(NamedTuple):
    """Put `new` in place of every `old` of a file; a whole file when there is no `old`, none at all for None."""

    path: str
    old: str = ""
    new: str | None = ""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One way to break a rule; `at` is where it has to be found, by default in the first file that is edited."""

    code: str
    way: str
    edits: tuple[Edit, ...]
    at: str = ""
    decidable: bool = True

    @property
    def path(self) -> str:
        return self.at or self.edits[0].path


@dataclass(frozen=True, slots=True)
class Tree:
    """Files and what is known of each."""

    content: Mapping[str, bytes]
    facts: Mapping[str, FileFacts]

    def edited(self, edits: tuple[Edit, ...]) -> Tree:
        """Return the tree with some files changed; an edit that fits nothing is a mistake in the table."""
        content, facts = dict(self.content), dict(self.facts)
        for path, old, new in edits:
            if new is None:
                del content[path], facts[path]
                continue
            text = content[path].decode() if old else ""
            assert old in text, f"{path} has no {old!r}"
            content[path] = (text.replace(old, new) if old else new).encode()
            facts[path] = facts_in(content[path], path)
        return Tree(content, facts)


class Clean:
    """A project without findings, read once."""

    def __init__(self, root: Path) -> None:
        self._config: Config = load(root)
        self._program = _tree(read_project(root, self._config))
        self._tests = _tree(read_tests(root, self._config))

    def findings(self, rule: Rule, edits: tuple[Edit, ...] = ()) -> tuple[Finding, ...]:
        """Judge the project by one rule after some edits; the rule about doors compares with what was there before."""
        program = self._program.edited(tuple(each for each in edits if not each.path.startswith("tests/")))
        tests = self._tests.edited(tuple(each for each in edits if each.path.startswith("tests/")))
        base = self._project(self._program, self._tests) if rule.code == "ARC108" else None
        analysis = Analysis(self._project(program, tests), base)
        project, layers = analysis.project, rule.layers
        sources = project.of_layers(layers) if layers else project.judged()
        found = {finding(rule, spot) for source in sources for spot in rule.check(analysis, source)}
        return tuple(sorted(found, key=lambda each: each.order))

    def _project(self, program: Tree, tests: Tree) -> Project:
        rows = ((path, program.facts[path], program.content[path]) for path in sorted(program.facts))
        return Project(rows, self._config, dict(sorted(tests.facts.items())))


def _tree(files: Mapping[str, bytes]) -> Tree:
    content = {path: bytes(files[path]) for path in sorted(files)}
    return Tree(content, {path: facts_in(text, path) for path, text in content.items()})
