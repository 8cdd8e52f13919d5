"""Rules that a project brings along: `[tool.arckode] rules = ["my_rules"]`.

They are loaded by file under a name of their own: neither the project's folder nor its source is put on the import
path, so a rule cannot start the application it judges, and a project's module cannot take the place of ours.
"""

from __future__ import annotations

import importlib.util
import pkgutil
import re
import sys
import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_analyzers import registry
from arckode_analyzers.cache import digest
from arckode_analyzers.config import ConfigurationError
from arckode_analyzers.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_CODE = re.compile(r"[A-Z]{2,10}\d{3,4}")
_SHAPE = "a code is capital letters and three digits, such as SHOP001; ARC000 to ARC899 belong to arckode"


@dataclass(frozen=True, slots=True)
class OwnRules:
    """The modules as configured; `digest` changes with anything in their files."""

    root: Path
    names: tuple[str, ...]
    digest: str

    @classmethod
    def at(cls, root: Path, names: tuple[str, ...]) -> OwnRules:
        """Find the modules without running them.

        Raises:
            ConfigurationError: a name is no module's, or there is no such file.
        """
        parts = [
            part
            for name in names
            for file in _files(_place(root, name))
            for part in (f"{name} {file.relative_to(root).as_posix()}".encode(), file.read_bytes())
        ]
        return cls(root, names, digest(*parts)[:16])

    def load(self) -> tuple[Rule, ...]:
        """Run the modules and return their rules, by code.

        Raises:
            ConfigurationError: a module fails, has no rule, or a rule's code is malformed or taken.
        """
        return _load(self)


@cache
def _load(own: OwnRules) -> tuple[Rule, ...]:
    taken = dict.fromkeys(registry.codes(), "arckode's own rules")
    found: list[Rule] = []
    for name in own.names:
        place = _place(own.root, name)
        rules = [(rule, where) for module, where in _modules(own, name, place) for rule in _rules(module)]
        rules = list({id(rule): (rule, where) for rule, where in rules}.values())
        if not rules:
            raise ConfigurationError(
                f"tool.arckode.rules: {place.relative_to(own.root).as_posix()} holds no rule",
                "write `RULE = Rule(...)` in it, with `from arckode_analyzers.rule import Rule`",
            )
        for rule, where in rules:
            _refuse_code(rule, where, taken)
            taken[rule.code] = where
            found.append(rule)
    return tuple(sorted(found, key=lambda rule: rule.code))


def _refuse_code(rule: Rule, where: str, taken: dict[str, str]) -> None:
    if not isinstance(rule.code, str) or not _CODE.fullmatch(rule.code):
        raise ConfigurationError(f"{where}: the code {rule.code!r} is not one", _SHAPE)
    if rule.code in taken:
        raise ConfigurationError(f"{where}: the code {rule.code} is taken by {taken[rule.code]}", _SHAPE)
    if re.fullmatch(r"ARC[0-8]\d{2}", rule.code):
        raise ConfigurationError(f"{where}: the code {rule.code} may become one of arckode's own", _SHAPE)
    if rule.severity not in {"error", "warning"}:
        raise ConfigurationError(f"{where}: the severity {rule.severity!r} is not one", "write 'error' or 'warning'")


def _place(root: Path, name: str) -> Path:
    """Return the file or the package's folder, beside pyproject.toml or in `src`."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"tool.arckode.rules: '{name}' is not a module's name", "write it like 'my_rules'")
    for folder in (root, root / "src"):
        place = folder.joinpath(*name.split("."))
        if (place / "__init__.py").is_file():
            return place
        if place.with_suffix(".py").is_file():
            return place.with_suffix(".py")
    path = name.replace(".", "/")
    raise ConfigurationError(f"tool.arckode.rules: there is no {path}.py and no {path}/__init__.py", "correct the name")


def _files(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def _modules(own: OwnRules, name: str, place: Path) -> Iterator[tuple[ModuleType, str]]:
    """Run a module, or a package and everything in it."""
    private = f"_arckode_rules_{own.digest}_{name.replace('.', '_')}"
    is_package = place.is_dir()
    file = place / "__init__.py" if is_package else place
    yield _run(own, private, file, [str(place)] if is_package else None), _said(own, file)
    if not is_package:
        return
    for found in sorted(pkgutil.walk_packages([str(place)], f"{private}."), key=lambda each: each.name):
        parts = found.name.removeprefix(f"{private}.").split(".")
        inner = place.joinpath(*parts)
        inside = inner / "__init__.py" if found.ispkg else inner.with_suffix(".py")
        yield _run(own, found.name, inside, [str(inner)] if found.ispkg else None), _said(own, inside)


def _run(own: OwnRules, name: str, file: Path, inner: list[str] | None) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=inner)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{_said(own, file)} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        for gone in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
            del sys.modules[gone]
        raise ConfigurationError(_failure(own, file, error), "a rule's module must import without help") from error
    finally:
        sys.dont_write_bytecode = writes_bytecode
    return module


def _failure(own: OwnRules, file: Path, error: BaseException) -> str:
    """Say what went wrong, at the last line of the project's that ran."""
    where, line = file, getattr(error, "lineno", None)
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).is_relative_to(own.root):
            where, line = Path(frame.filename), frame.lineno
    place = _said(own, where) + (f":{line}" if line else "")
    return f"{place}: {type(error).__name__}: {error}"


def _said(own: OwnRules, file: Path) -> str:
    return file.relative_to(own.root).as_posix()


def _rules(module: ModuleType) -> list[Rule]:
    return [value for value in vars(module).values() if isinstance(value, Rule)]
