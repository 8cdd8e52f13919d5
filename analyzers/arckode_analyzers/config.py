"""What the analyzer is told about a project: `[tool.arckode]` in pyproject.toml over the arckode layout."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LAYOUT: Mapping[str, tuple[str, ...]] = {
    "adapters": ("**/adapters/*.py",),
    "composition_root": ("**/composition_root.py",),
    "connectors": ("**/connectors/*.py",),
    "controllers": ("**/controller.py", "**/*_controller.py"),
    "kernel": ("**/kernel/**",),
    "migrations": ("**/migrations/**", "**/alembic/**"),
    "models": ("**/model.py", "**/models.py"),
    "modules": ("**/modules/*/**",),
    "repositories": ("**/repository.py", "**/repositories/**"),
    "schemas": ("**/schemas.py",),
    "seeds": ("**/seeds/**",),
    "services": ("**/service.py", "**/usecases/**"),
    "tests": ("tests/**", "**/tests/**", "**/conftest.py", "**/test_*.py"),
}


class ConfigurationError(Exception):
    """`[tool.arckode]` holds something the analyzer cannot use; the message names the key."""


@dataclass(frozen=True, slots=True)
class Config:
    """`configured` names the layers a person wrote: one of those that matches nothing is a mistake."""

    layers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: LAYOUT)
    configured: tuple[str, ...] = ()
    sources: tuple[str, ...] = ("src", "")
    exclude: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        text = repr((sorted(self.layers.items()), self.configured, self.sources, self.exclude))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def load(root: Path) -> Config:
    """Read a project's configuration; without one, the arckode layout is assumed.

    Raises:
        ConfigurationError: pyproject.toml is not TOML, or a key has the wrong type or an unknown name.
    """
    file = root / "pyproject.toml"
    if not file.is_file():
        return Config(sources=_sources(root, None))
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"pyproject.toml cannot be read: {error}") from error
    table = _table(_table(document, "tool", "tool"), "arckode", "tool.arckode")
    layers = _table(table, "layers", "tool.arckode.layers")
    unknown = sorted(set(layers) - set(LAYOUT))
    if unknown:
        message = f"[tool.arckode.layers] does not know '{unknown[0]}'; the layers are {', '.join(sorted(LAYOUT))}"
        raise ConfigurationError(message)
    chosen = {name: _patterns(layers[name], f"tool.arckode.layers.{name}") for name in sorted(layers)}
    exclude = _patterns(table.get("exclude", []), "tool.arckode.exclude")
    return Config({**LAYOUT, **chosen}, tuple(chosen), _sources(root, table.get("source")), exclude)


def _table(parent: Mapping[str, object], key: str, name: str) -> dict[str, object]:
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise ConfigurationError(f"[{name}] must be a table")
    return value


def _patterns(value: object, name: str) -> tuple[str, ...]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not all(isinstance(item, str) for item in patterns):
        raise ConfigurationError(f"{name} must be a pattern or a list of patterns, such as ['**/controller.py']")
    return tuple(str(item) for item in patterns)


def _sources(root: Path, chosen: object) -> tuple[str, ...]:
    """Return the folders that are import roots, the deepest first."""
    if isinstance(chosen, str):
        return (chosen.strip("/"), "")
    if chosen is not None:
        raise ConfigurationError("tool.arckode.source must be a folder, such as 'src'")
    src = root / "src"
    return ("src", "") if src.is_dir() and not (src / "__init__.py").is_file() else ("",)


class Globs:
    """Patterns where `*` stays within a folder and `**` crosses any number of them."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._pattern = re.compile("|".join(f"(?:{translate(pattern)})" for pattern in patterns) or r"(?!)")

    def match(self, path: str) -> bool:
        return self._pattern.fullmatch(path) is not None


def translate(pattern: str) -> str:
    """Write a glob as a regular expression."""
    pieces = {"**/": "(?:[^/]+/)*", "**": ".+", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return "".join(pieces.get(part) or re.escape(part) for part in parts)
