"""The reference pages of the rules, written from the rules: `python -m arckode_analyzers.docs OUTDIR`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_analyzers.meta import catalogue
from arckode_analyzers.rule import Rule
from arckode_analyzers.sql import reference
from arckode_analyzers.sql.catalogue import CHAPTERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_analyzers.meta import Notice
    from arckode_analyzers.rule import Example

_WITH_CATALOGUE = "ARC207"
_CATALOGUE = "unsafe-migrations"
_LANGUAGES = {"ts": "typescript", "vue": "html"}


def page(rule: Rule | Notice) -> str:
    """Return the reference page of a rule."""
    lines = [
        f"# {rule.code}: {rule.name}",
        "",
        rule.summary,
        "",
        f"Severity: {rule.severity}",
        "",
        "## Why",
        "",
        rule.why,
        "",
        "## What to do",
        "",
        f"{rule.hint[:1].upper()}{rule.hint[1:]}.",
        "",
    ]
    if rule.code == _WITH_CATALOGUE:
        lines += ["## The checks", "", *_checks(), ""]
    if isinstance(rule, Rule):
        lines += ["## What it can tell", "", rule.decides, ""] if rule.decides else []
        lines += ["## Reported", "", *_examples(rule.bad), "## Not reported", "", *_examples(rule.good)]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Return every page by file name, and the index."""
    rules = catalogue()
    rows = [f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity} | {rule.summary} |" for rule in rules]
    head = ["# Rules", "", "| code | name | severity | what it finds |", "|---|---|---|---|"]
    index = "\n".join([*head, *rows, ""])
    catalogued = {f"{_CATALOGUE}.md": reference.page()}
    return {"README.md": index, **{f"{rule.code}.md": page(rule) for rule in rules}, **catalogued}


def _checks() -> Iterable[str]:
    """Name what a rule is made of, by chapter."""
    yield f"[Each with its reason, its safe way and its examples]({_CATALOGUE}.md); `arckode explain NAME` shows one."
    for title, checks in CHAPTERS:
        yield f"\n{title}: {', '.join(f'`{check.name}`' for check in checks)}."


def _examples(examples: Iterable[Example]) -> Iterable[str]:
    for example in examples:
        yield f"### {example.title[:1].upper()}{example.title[1:]}"
        yield ""
        for path, text in example.files.items():
            language = _LANGUAGES.get(path.rpartition(".")[2], "python")
            yield from (f"`{path}`", "", f"```{language}", text.rstrip("\n"), "```", "")


def main(argv: list[str]) -> int:
    """Write every page into a folder."""
    if len(argv) != 1:
        print("usage: python -m arckode_analyzers.docs OUTDIR", file=sys.stderr)
        return 2
    folder = Path(argv[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
