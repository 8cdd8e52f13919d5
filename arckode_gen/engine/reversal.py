"""The migration that takes another one back: its UP is the other's DOWN, and the other way round."""

from __future__ import annotations

import ast
import re
from typing import cast

from arckode_gen.engine.agreed_drops import agreed
from arckode_gen.engine.plan import Change, FileState

_NAME = re.compile(r"(?P<folder>.*/)?\d{12}_(?P<slug>\w+)\.py")
_OPPOSITES = {"create": "drop", "drop": "create", "add": "remove", "remove": "add"}
_TURNS = {"add": "from", "remove": "to"}


def take_back(path: str, source: str, stamp: str, reason: str) -> Change | str:
    """Return the new file that takes back a migration which others have, or the line that says why there is none."""
    found = reverse(path, source, stamp, reason)
    if found is not None:
        return Change(found[0], None, FileState(found[1].encode()), f"takes back {path.rpartition('/')[2]}")
    if is_empty(source):
        return f"{path}: applied or committed, so it stays; there is nothing to take back"
    return f"{path}: applied or committed, and its DOWN cannot be read; write what takes it back"


def reverse(path: str, source: str, stamp: str, reason: str) -> tuple[str, str] | None:
    """Return the path and text of the inverse, or None where UP and DOWN are not both written down.

    Dropping, or the old name, is what was asked for: `reason` says so to the analyzer, and to whoever reviews it.
    """
    place = _NAME.fullmatch(path)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    found = _assigned(tree)
    up, down = (ast.get_source_segment(source, found[name]) if name in found else None for name in ("UP", "DOWN"))
    if place is None or up is None or down is None or _holds_nothing(found):
        return None
    slug = _opposite(place["slug"])
    title = slug.replace("_", " ").capitalize()
    return (
        f"{place['folder'] or ''}{stamp}_{slug}.py",
        f'"""{title}."""\n\n{agreed(down, reason)}UP = {down}\n\nDOWN = {up}\n',
    )


def is_empty(source: str) -> bool:
    """Tell whether a migration's UP and DOWN are written down and hold no statement."""
    try:
        return _holds_nothing(_assigned(ast.parse(source)))
    except (SyntaxError, ValueError):
        return False


def _holds_nothing(found: dict[str, ast.expr]) -> bool:
    try:
        sides = [cast("object", ast.literal_eval(found[name])) for name in ("UP", "DOWN")]
    except (ValueError, KeyError):
        return False
    return not any(any(side.values()) if isinstance(side, dict) else side for side in sides)


def _assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """Return what UP and DOWN are given, with an annotation or without."""
    plain = [(target, node.value) for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    annotated = [(node.target, node.value) for node in tree.body if isinstance(node, ast.AnnAssign) and node.value]
    pairs = (*plain, *annotated)
    return {target.id: value for target, value in pairs if isinstance(target, ast.Name) and target.id in {"UP", "DOWN"}}


def _opposite(slug: str) -> str:
    verb, _, rest = slug.partition("_")
    if verb not in _OPPOSITES or not rest:
        return f"undo_{slug}"
    what, _, table = rest.rpartition("_to_" if verb == "add" else "_from_")
    if what and verb in _TURNS:
        rest = f"{what}_{_TURNS[verb]}_{table}"
    return f"{_OPPOSITES[verb]}_{rest}"
