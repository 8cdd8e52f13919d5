"""What the analyzer is told about a project: `[tool.arckode]` in pyproject.toml over a preset's layers."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arckode_analyzers.cache import digest
from arckode_analyzers.presets import LAYOUT, PRESETS, Preset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from arckode_analyzers.own_rules import OwnRules
    from arckode_analyzers.selection import Selection

# `metadata` is for the migrations: where the models are.
_KEYS = ("exclude", "ignore", "layers", "metadata", "migrations", "per-path", "preset", "rules", "select", "source")


class ConfigurationError(Exception):
    """`[tool.arckode]` or a flag holds something the analyzer cannot use; the message names it, the hint helps."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Config:
    """`configured` names the layers a person wrote: one of those that matches nothing is a mistake.

    `selection` and `own_rules` are None where nobody said anything.
    """

    layers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: LAYOUT)
    configured: tuple[str, ...] = ()
    sources: tuple[str, ...] = ("src", "")
    exclude: tuple[str, ...] = ()
    preset: str = ""
    selection: Selection | None = None
    own_rules: OwnRules | None = None

    @property
    def digest(self) -> str:
        """Identify everything that a verdict depends on; the selection is applied to the verdict afterwards."""
        own = "" if self.own_rules is None else self.own_rules.digest
        text = repr((sorted(self.layers.items()), self.configured, self.sources, self.exclude, self.preset, own))
        return digest(text.encode())

    @property
    def says_layout(self) -> bool:
        """Tell whether somebody said where things are."""
        return bool(self.preset or self.configured)

    def empty_layers(self, paths: Iterable[str]) -> list[str]:
        """Say which layers that somebody counts on no file belongs to; an empty list says that there is none."""
        known = tuple(paths)
        required = PRESETS[self.preset].required if self.preset else ()
        asked = [(name, f"[tool.arckode.layers] {name}") for name in self.configured if name != "tests"]
        asked += [
            (name, f"the layer {name} of the preset '{self.preset}'")
            for name in required
            if name not in self.configured
        ]
        return [
            f"{said} matches no file"
            for name, said in asked
            if self.layers[name] and not _any(self.layers[name], known)
        ]


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
    _refuse_unknown(table, _KEYS, "[tool.arckode]", "keys")
    preset = _preset(table.get("preset", ""))
    layers = _table(table, "layers", "tool.arckode.layers")
    _refuse_unknown(layers, LAYOUT, "[tool.arckode.layers]", "layers")
    chosen = {name: _patterns(layers[name], f"tool.arckode.layers.{name}") for name in sorted(layers)}
    return Config(
        {**(preset.layers if preset else LAYOUT), **chosen},
        tuple(chosen),
        _sources(root, table.get("source")),
        _patterns(table.get("exclude", []), "tool.arckode.exclude"),
        str(table.get("preset", "")),
        _selection(table, preset),
        _own_rules(root, table),
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """Answer `did you mean 'x'?` for the closest known word, or an empty string."""
    import difflib  # only a mistake pays for it

    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""


def _refuse_unknown(table: Mapping[str, object], known: Iterable[str], where: str, what: str) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        message = f"{where} does not know '{unknown[0]}'; the {what} are {', '.join(sorted(known))}"
        raise ConfigurationError(message, nearest(unknown[0], known))


def _preset(value: object) -> Preset | None:
    if value == "":
        return None
    if not isinstance(value, str) or value not in PRESETS:
        message = f"tool.arckode.preset does not know {value!r}; the presets are {', '.join(sorted(PRESETS))}"
        raise ConfigurationError(message, nearest(str(value), PRESETS))
    return PRESETS[value]


def _selection(table: Mapping[str, object], preset: Preset | None) -> Selection | None:
    per_path = _table(table, "per-path", "tool.arckode.per-path")
    select, ignore = (_codes(table.get(key, []), f"tool.arckode.{key}") for key in ("select", "ignore"))
    inapplicable = preset.ignore if preset else ()
    if not (select or ignore or per_path or inapplicable):
        return None
    from arckode_analyzers.selection import Selection  # only where somebody chose

    pairs = ((pattern, _codes(per_path[pattern], f"tool.arckode.per-path '{pattern}'")) for pattern in sorted(per_path))
    return Selection(select, ignore, tuple(pairs), inapplicable)


def _own_rules(root: Path, table: Mapping[str, object]) -> OwnRules | None:
    names = _patterns(table.get("rules", []), "tool.arckode.rules", "a module or a list of modules, such as 'my_rules'")
    if not names:
        return None
    from arckode_analyzers.own_rules import OwnRules  # only where there are some

    return OwnRules.at(root, names)


def _table(parent: Mapping[str, object], key: str, name: str) -> dict[str, object]:
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise ConfigurationError(f"[{name}] must be a table")
    return value


def _codes(value: object, name: str) -> tuple[str, ...]:
    return tuple(code.upper() for code in _patterns(value, name, "a code or a list of codes, such as ['ARC201']"))


def _patterns(
    value: object, name: str, wanted: str = "a pattern or a list of patterns, such as ['**/controller.py']"
) -> tuple[str, ...]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not all(isinstance(item, str) for item in patterns):
        raise ConfigurationError(f"{name} must be {wanted}")
    return tuple(str(item) for item in patterns)


def _sources(root: Path, chosen: object) -> tuple[str, ...]:
    """Return the folders that are import roots, the deepest first."""
    if chosen is None:
        src = root / "src"
        return ("src", "") if src.is_dir() and not (src / "__init__.py").is_file() else ("",)
    folders = _patterns(chosen, "tool.arckode.source", "a folder, such as 'src', or a list of folders")
    named = {folder.strip("/") for folder in folders} - {"", "."}
    return (*sorted(named, key=lambda folder: (-folder.count("/"), folder)), "")


def _any(patterns: tuple[str, ...], paths: tuple[str, ...]) -> bool:
    return any(map(Globs(patterns).match, paths))


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
