"""What is dangerous in the migrations that a database does not have yet, judged as `analyze` judges them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arckode_analyzers.cache import content_name
from arckode_analyzers.config import Config
from arckode_analyzers.facts.reading import facts_of, read_facts
from arckode_analyzers.model.analysis import Analysis
from arckode_analyzers.model.dangers import Dangers
from arckode_analyzers.model.project import Project
from arckode_analyzers.rule import Finding, Spot, finding
from arckode_analyzers.rules.arc207_unsafe_migration import RULE
from arckode_analyzers.suppressions import Suppression, apply

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Pending:
    """A project's migrations by path; `statements` holds what each pending one runs, as far as that is known."""

    folder: str
    files: Mapping[str, bytes]
    engine: str
    statements: Mapping[str, tuple[str, ...]]


def lint(pending: Pending, today: str) -> tuple[Finding, ...]:
    """Return what is dangerous to apply and not suppressed, in the order of the files.

    Suppressions without a reason or past their date silence nothing, as everywhere.
    """
    facts = read_facts(pending.files, sorted(pending.files), content_name)
    known = {path: facts_of(packed) for path, (_, packed, problem) in facts.items() if not problem}
    config = replace(Config(), layers={"migrations": (f"{pending.folder}/**",)}, sources=("src", ""))
    project = Project(((path, known[path], pending.files[path]) for path in sorted(known)), config)
    dangers = Dangers(Analysis(project).migrations, pending.engine, pending.statements)
    found = []
    for path in sorted(dangers.by_path):
        source = project.sources[path]
        for each in dangers.by_path[path]:
            row, check = each.statement, each.check
            spot = Spot(source, row.line, row.column, source.module, each.message, check.name, check.recipe)
            found.append(finding(RULE, replace(spot, severity=check.severity)))
    written = [
        Suppression(source.path, row, source.line(row.line))
        for source in project.sources.values()
        for row in source.facts.ignores
    ]
    return tuple(each for each in apply(found, written, today).findings if each.code == RULE.code)
