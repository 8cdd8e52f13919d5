"""`arckode explain`: a rule in its own words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from arckode_analyzers.meta import Notice
    from arckode_analyzers.own_rules import OwnRules
    from arckode_analyzers.rule import Rule
    from arckode_analyzers.sql.script import Check
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "explain",
    "Say what a rule finds, why, and what to do about it.",
    examples=(
        "arckode explain ARC201",
        "arckode explain",
        "arckode explain set-not-null",
        "arckode explain ARC201 --json",
    ),
    params=(
        Param("code", kind="argument", default="", help="The rule, or a check of ARC207; without one, all are listed."),
    ),
)


def run(call: Call) -> int:
    """Print one rule, or the list of all.

    Raises:
        UsageError: there is no such rule.
    """
    from arckode_analyzers import docs  # only this command pays
    from arckode_analyzers.meta import catalogue
    from arckode_analyzers.sql import reference
    from arckode_analyzers.sql.catalogue import CHECKS

    rules = {rule.code: rule for rule in catalogue(_own_rules(call))}
    word = call.text("code")
    if not word:
        listed = [_document(rule) for rule in rules.values()]
        lines = [f"{rule.code}  {rule.name}: {rule.summary}" for rule in rules.values()]
        call.write(json.dumps({"version": 1, "rules": listed}, indent=2) if call.json else "\n".join(lines))
        return 0
    check = reference.named(word.lower())
    if check is not None:
        call.write(json.dumps({"version": 1, "check": _checked(check)}, indent=2) if call.json else _told(check))
        return 0
    rule = rules.get(word.upper()) or next((each for each in rules.values() if each.name == word.lower()), None)
    if rule is None:
        known = (*rules, *(each.name for each in rules.values()), *(each.name for each in CHECKS))
        hint = nearest(word.upper(), known) or nearest(word.lower(), known) or "run `arckode explain` for the list"
        raise UsageError(f"there is no rule '{word}'", hint)
    call.write(json.dumps({"version": 1, "rule": _document(rule)}, indent=2) if call.json else docs.page(rule).rstrip())
    return 0


def _told(check: Check) -> str:
    from arckode_analyzers.sql import reference

    return reference.section(check).rstrip()


def _checked(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "rule": "ARC207",
        "severity": check.severity,
        "engines": sorted(check.engines - {"*"}),
        "danger": check.danger,
        "recipe": check.recipe,
        "bad": [list(sample.statements) for sample in check.bad],
        "good": [list(sample.statements) for sample in check.good],
    }


def _own_rules(call: Call) -> OwnRules | None:
    """Return the rules of the project that the command is run in.

    Raises:
        UsageError: its configuration or one of its rules is wrong.
    """
    from arckode_analyzers import config, files  # only this command pays

    try:
        own = config.load(files.find_root(call.cwd)).own_rules
        if own is not None:
            own.load()
    except config.ConfigurationError as error:
        raise UsageError(str(error), error.hint or "correct pyproject.toml") from error
    return own


def _document(rule: Rule | Notice) -> dict[str, str]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "summary": rule.summary,
        "why": rule.why,
        "hint": rule.hint,
    }
