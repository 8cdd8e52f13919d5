"""The rules, found by walking their package: adding one is adding one file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_analyzers import rules as package
from arckode_analyzers import signed
from arckode_analyzers.answers import own_code

if TYPE_CHECKING:
    from collections.abc import Container

    from arckode_analyzers.config import Config
    from arckode_analyzers.rule import Rule

_HERE = Path(__file__).parent


def all_rules() -> tuple[Rule, ...]:
    """Return every rule, by code."""
    return _rules(frozenset())


def rules_for(config: Config, idle: Container[str] = ()) -> tuple[Rule, ...]:
    """Return every rule that judges a project, its own included; of ours, those that are idle are not loaded."""
    left_out = frozenset(code for code in codes() if code in idle)
    wanted = _rules(left_out) if left_out else all_rules()
    return wanted if config.own_rules is None else (*wanted, *config.own_rules.load())


@cache
def _rules(idle: frozenset[str]) -> tuple[Rule, ...]:
    names = sorted(name for _, name, _ in pkgutil.iter_modules(package.__path__) if name.startswith("arc"))
    wanted = (name for name in names if name[:6].upper() not in idle)
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in wanted)
    return tuple(sorted((module.RULE for module in modules), key=lambda rule: str(rule.code)))


@cache
def codes() -> tuple[str, ...]:
    """Return the code of every rule without importing one: it is what the name of its file begins with."""
    return tuple(sorted(path.name[:6].upper() for path in (_HERE / "rules").glob("arc[0-9][0-9][0-9]_*.py")))


@cache
def fingerprint() -> str:
    """Identify this analyzer's own code, so that no verdict of another version is believed."""
    return signed.digest(own_code())
