"""The lint that stands between `db:migrate` and the database: what is pending is judged before it is applied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.files import find
from arckode_gen.migrations.sqltext import loud

if TYPE_CHECKING:
    from arckode_analyzers.rule import Finding
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.request import Answer, Planned
    from arckode_gen.migrations.sqltext import Token
    from arckode_gen.migrations.target import Target

# Taken by an engine for something else, or cut off by it: worth a look even at a table that nobody uses yet.
_ODD = re.compile(r"serial\b|\bafter\s|[^\s(),\"`]{64}|\b(?:begin|commit|rollback)\b", re.IGNORECASE)

# The beginnings of the statements that touch one table, up to its name: one that makes it, and those that add to it.
_MAKES = ("CREATE", "TABLE")
_SOFT = frozenset({"IF", "NOT", "EXISTS"})
_ADDS = (("ALTER", "TABLE"), ("INSERT", "INTO"), ("CREATE", "INDEX", "", "ON"), ("CREATE", "UNIQUE", "INDEX", "", "ON"))
_RUNS = b"execute"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in the pending files; `errors` refuse, `warnings` are said."""

    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self.errors, *self.warnings)


def lint(target: Target, answer: Answer) -> Verdict:
    """Judge what a plan would run; sqlglot is only loaded when something that exists is touched."""
    plan = [item for item in answer["plan"] if item["direction"] == "up"]
    is_all_new = _is_all_new(plan, answer["dialect"])
    if is_all_new and not any(item["program"] for item in plan):
        return Verdict()
    files = {source.label: source.content for source in find(target.root, target.folder)}
    paths = {path.rpartition("/")[2].partition(".")[0]: path for path in files}
    programs = (files.get(paths.get(item["name"], ""), b"") for item in plan if item["program"])
    if is_all_new and not any(_RUNS in content for content in programs):
        return Verdict()
    import datetime

    from arckode_analyzers.pending import Pending
    from arckode_analyzers.pending import lint as judged

    statements = {paths[item["name"]]: tuple(item["statements"]) for item in plan if item["name"] in paths}
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    found = judged(Pending(target.folder, files, answer["dialect"], statements), today)
    return Verdict(
        tuple(each for each in found if each.severity == "error"),
        tuple(each for each in found if each.severity == "warning"),
    )


def lines(finding: Finding) -> tuple[str, str]:
    """Return a finding as a person reads it: what and where, and the safe way below it."""
    place = f"{finding.path}:{finding.line}"
    return (
        f"{place}: {finding.severity} {finding.code} {finding.callee}: {finding.message}",
        f"    safe: {finding.hint}",
    )


def document(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "check": finding.callee,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "hint": finding.hint,
    }


def say(call: Call, verdict: Verdict) -> None:
    """Tell a person what was found, where no answer depends on it."""
    for finding in verdict.findings:
        for line in lines(finding):
            call.say(line)


def _is_all_new(plan: list[Planned], dialect: Dialect) -> bool:
    """Tell whether every statement makes a table, or touches one that this very run makes: nobody waits for those."""
    born: set[str] = set()
    for item in plan:
        for statement in item["statements"]:
            if _ODD.search(statement):
                return False
            beginning = _beginning(statement, dialect)
            made, added = _target(beginning, _MAKES), _added(statement, beginning)
            born.update({made} - {""})
            if not made and added not in born:
                return False
    return True


def _beginning(statement: str, dialect: Dialect) -> list[Token]:
    try:
        return [token for token in loud(statement, dialect)[:12] if token.word not in _SOFT]
    except RefusedError:
        return []


def _added(statement: str, beginning: list[Token]) -> str:
    """Return the table that a statement adds to; nothing for a new name, which running code would wait for."""
    if "RENAME" in statement.upper():
        return ""
    return next((name for head in _ADDS if (name := _target(beginning, head))), "")


def _target(beginning: list[Token], head: tuple[str, ...]) -> str:
    """Return the table that stands behind these words, when the statement begins with them; an empty word is any."""
    found = beginning.copy()
    for word in head:
        if not found or (word and found[0].word != word):
            return ""
        del found[: 3 if len(found) > 1 and found[1].text == "." else 1]
    name = found[2] if len(found) > 2 and found[1].text == "." else next(iter(found), None)
    return name.text.strip('"`[]').lower() if name and name.kind in {"word", "quoted"} else ""
