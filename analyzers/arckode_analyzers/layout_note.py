"""What to say when nobody said where things are and the arckode layout is not what is there."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from arckode_analyzers.config import Globs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from arckode_analyzers.config import Config

_FILE = "pyproject.toml"
_HINT = "run `arckode analyze --init` for a configuration"
_SHOWN = ("controllers", "services", "repositories", "models", "schemas")


def note(config: Config, paths: Iterable[str], root: Path) -> str:
    """Return one sentence for a foreign layout, or nothing: rules that look at a layer saw only what matched."""
    known = tuple(paths)
    if config.says_layout or not known:
        return ""
    counts = {name: sum(map(Globs(config.layers[name]).match, known)) for name in ("composition_root", *_SHOWN)}
    if counts["composition_root"] or all(counts[name] for name in ("controllers", "services")):
        return ""
    matched = ", ".join(f"{name} ({counts[name]})" for name in _SHOWN if counts[name]) or "none"
    missed = ", ".join(name for name in _SHOWN if not counts[name])
    return (
        f"no layers are configured and this is not arckode's layout: of {_number(len(known))} matched: {matched}"
        f"{f'; nothing: {missed}' if missed else ''}; {_hint(root, known)}"
    )


def _hint(root: Path, paths: Iterable[str]) -> str:
    """Return where to go on: to the folders of a monorepo that are configured, if there are any."""
    folders = sorted({path[:at] for path in paths for at, letter in enumerate(path) if letter == "/"})
    configured = [f"{folder}/" for folder in folders if _is_configured(root / folder / _FILE)]
    if not configured:
        return _HINT
    return f"{' and '.join(configured)} {'has' if len(configured) == 1 else 'have'} one: run `arckode analyze` there"


def _is_configured(file: Path) -> bool:
    try:
        return "arckode" in tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):  # nothing to read, not UTF-8, no TOML: nobody is sent there
        return False


def _number(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"
