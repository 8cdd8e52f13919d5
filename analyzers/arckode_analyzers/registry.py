"""The rules, found by walking their package: adding one is adding one file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_analyzers import rules as package

if TYPE_CHECKING:
    from arckode_analyzers.rule import Rule

_HERE = Path(__file__).parent


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, by code."""
    names = sorted(name for _, name, _ in pkgutil.iter_modules(package.__path__) if name.startswith("arc"))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    return tuple(sorted((module.RULE for module in modules), key=lambda rule: str(rule.code)))


@cache
def fingerprint() -> str:
    """Identify this analyzer's own code, so that no verdict of another version is believed."""
    stamps = (
        (path.relative_to(_HERE).as_posix(), (state := path.stat()).st_mtime_ns, state.st_size)
        for path in _HERE.rglob("*.py")
    )
    return repr(sorted(stamps))
