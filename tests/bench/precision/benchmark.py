"""Small projects whose sites people judged beforehand, and how often a rule agrees.

A line says `# ARC201: why` where the rule must speak and `# ok ARC201: why` where it must not. A project that has a
label of a rule was judged for all of it: a finding on a line without one is wrong. The others say nothing about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from arckode_analyzers import engine
from arckode_analyzers.config import Config
from arckode_analyzers.registry import all_rules

Half: TypeAlias = Literal["development", "held_out"]
HALVES: tuple[Half, ...] = ("development", "held_out")
_PROJECTS = Path(__file__).parent / "fixtures"
_LABEL = re.compile(r"# (ok )?(ARC\d{3}): (.+)$")


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """A labelled line of a project, or one that a rule reported."""

    project: str
    path: str
    line: int
    code: str
    reason: str = ""

    @property
    def place(self) -> tuple[str, str, int, str]:
        return (self.project, self.path, self.line, self.code)


@dataclass(frozen=True, slots=True)
class Score:
    """How a rule did on one half: what it found, missed and reported wrongly, out of how many labelled sites."""

    found: int
    missed: tuple[Site, ...]
    wrong: tuple[Site, ...]
    sites: int

    @property
    def precision(self) -> float:
        reported = self.found + len(self.wrong)
        return self.found / reported if reported else 1.0

    @property
    def recall(self) -> float:
        wanted = self.found + len(self.missed)
        return self.found / wanted if wanted else 1.0


def projects(half: Half) -> list[Path]:
    return sorted(path for path in (_PROJECTS / half).iterdir() if path.is_dir())


def files(project: Path) -> dict[str, bytes]:
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in sorted(project.rglob("*.py"))}


def labels(project: Path) -> tuple[set[Site], set[Site]]:
    """Return the sites that must be reported and those that must not."""
    bad, good = set[Site](), set[Site]()
    for path, content in files(project).items():
        for number, line in enumerate(content.decode().splitlines(), 1):
            match = _LABEL.search(line)
            if match is not None:
                (good if match[1] else bad).add(Site(project.name, path, number, match[2], match[3]))
    return bad, good


def reported(project: Path, code: str) -> set[Site]:
    rules = tuple(rule for rule in all_rules() if rule.code == code)
    found = engine.judge(files(project), Config(), rules=rules).findings
    return {Site(project.name, each.path, each.line, each.code, each.message) for each in found}


def score(half: Half, code: str) -> Score:
    """Compare what a rule reports in one half with the labels for it."""
    found, sites = 0, 0
    missed: list[Site] = []
    wrong: list[Site] = []
    for project in projects(half):
        bad, good = ({site for site in each if site.code == code} for each in labels(project))
        if not bad | good:
            continue
        said = reported(project, code)
        places = {site.place for site in bad}
        hits = {site.place for site in said}
        found += len(places & hits)
        sites += len(bad) + len(good)
        missed += sorted(site for site in bad if site.place not in hits)
        wrong += sorted(site for site in said if site.place not in places)
    return Score(found, tuple(missed), tuple(wrong), sites)


def codes() -> list[str]:
    """Return the rules that somebody labelled sites for."""
    every = (site.code for half in HALVES for project in projects(half) for each in labels(project) for site in each)
    return sorted(set(every))
