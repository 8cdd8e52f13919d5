"""Why a migration may lose or rename something: a word asked for it, and the file says so beside the statement.

A suppression that silences nothing is a finding itself, so a reason is only written where the lint would speak.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arckode_analyzers.rule import Finding
    from arckode_gen.migrations.request import DiffAnswer, Difference

_CHECKS = frozenset({"drop-column", "drop-table", "rename-column", "rename-table"})
_RENAMED = re.compile(r"rename (?:table|column) (?P<old>\S+) to (?P<new>\S+)")
_NAMED = re.compile(r"`([^`]+)`")
_INDENT = "        "


def with_reasons(path: str, answer: DiffAnswer, files: Mapping[str, bytes], today: str) -> str:
    """Return the text of the migration at `path`, with a reason above each statement that a word asked for.

    `files` are the migrations that there are, by path; `today` is a date as `2026-11-22`.
    """
    asked = dict(_asked(answer["differences"]))
    if not asked:
        return answer["text"]
    from arckode_analyzers.pending import Pending, lint  # sqlglot is only needed where a word was given

    there = {**files, path: answer["text"].encode()}
    found: set[Finding] = set()
    for dialect, statements in answer["up"].items():
        found.update(lint(Pending(path.rpartition("/")[0], there, dialect, {path: tuple(statements)}), today))
    return _written(answer["text"], _reasons([each for each in found if each.path == path], asked))


def _asked(differences: Iterable[Difference]) -> Iterable[tuple[str, str]]:
    """Yield what is lost or renamed by its name, and the word for it."""
    for each in differences:
        place = f"{each['table']}.{each['name']}" if each["name"] else each["table"]
        renamed = _RENAMED.match(each["text"])
        if each["verb"] == "drop" and each["kind"] in {"table", "column"} and not each["kept"]:
            yield place.lower(), "--allow-drop"
        elif renamed is not None:
            owner, _, _ = renamed["old"].rpartition(".")
            new = f"{owner}.{renamed['new']}" if owner else renamed["new"]
            yield renamed["old"].lower(), f"--rename {renamed['old']}:{new}"


def _reasons(findings: Iterable[Finding], asked: Mapping[str, str]) -> dict[int, str]:
    """Return the reason by line; a statement with another danger as well stays without one."""
    words: dict[int, list[str]] = {}
    others: set[int] = set()
    for each in findings:
        said = [asked[name] for name in _lost(each) if name in asked] if each.callee in _CHECKS else []
        if said and len(said) == len(_lost(each)):
            words.setdefault(each.line, []).extend(said)
        elif each.severity == "error":
            others.add(each.line)
    return {line: ", ".join(sorted(set(said))) for line, said in words.items() if line not in others}


def _lost(finding: Finding) -> list[str]:
    """Return what a finding says is lost or renamed; a table that is rebuilt names its columns behind it."""
    first, *columns = _NAMED.findall(finding.message)
    return [f"{first}.{column}" for column in columns] if columns else [first]


def _written(text: str, reasons: Mapping[int, str]) -> str:
    lines = text.splitlines()
    for line in sorted(reasons, reverse=True):
        at = line - 1
        while not lines[at].startswith((f'{_INDENT}"', f"{_INDENT}'")):
            at -= 1  # a long statement begins at its quotes
        lines.insert(at, f"{_INDENT}# arckode: ignore[ARC207] asked for with {reasons[line]}")
    return "\n".join([*lines, ""])
