"""What to say when nobody said where things are and the arckode layout is not what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.config import Globs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_analyzers.config import Config

_HINT = "run `arckode analyze --init` for a configuration"
_SHOWN = ("controllers", "services", "repositories", "models", "schemas")


def note(config: Config, paths: Iterable[str]) -> str:
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
        f"{f'; nothing: {missed}' if missed else ''}; {_HINT}"
    )


def _number(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"
