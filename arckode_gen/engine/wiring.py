"""The wires of a unit and their inverses: one line into a file that belongs to someone else, and out again."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from arckode_gen.engine.edits_calls import insert_call, remove_call
from arckode_gen.engine.edits_imports import insert_import, remove_import

if TYPE_CHECKING:
    from collections.abc import Callable

    from arckode_gen.engine.edits import Insertion, Removal
    from arckode_gen.engine.units import Edit

    Ways = tuple[Callable[..., Insertion], Callable[..., Removal], tuple[str, ...]]

_COMPOSE = "compose"
_OPTIONAL = frozenset({"entry", "env", "line"})
# Where `insert_<kind>` and `remove_<kind>` are, and what they are told beside the line itself.
_MODULES = {
    "attribute": "edits_classes",
    "case": "edits_members",
    "class": "edits_members",
    "dependency": "edits_dependencies",
    "entry": "edits_entries",
    "env": "edits_env",
    "field": "edits_settings",
    "item": "edits_members",
    "line": "edits_env",
    "method": "edits_classes",
    "setting": "edits_settings",
    "ts_import": "edits_typescript",
    "ts_item": "edits_typescript",
}
_PLACES = {
    **dict.fromkeys(("attribute", "case", "field", "method"), "function"),
    **dict.fromkeys(("class", "entry", "item", "ts_item"), "at"),
}


def is_optional(edit: Edit) -> bool:
    """Tell whether the file may be missing: a project need not be deployed with Compose, nor explain its variables."""
    return edit.kind in _OPTIONAL


def insert(edit: Edit, source: bytes) -> Insertion:
    """Put a unit's line into a file."""
    put, _, words = _ways(edit)
    return put(source, *words)


def remove(edit: Edit, source: bytes) -> Removal:
    """Take a unit's line out of a file."""
    _, take, words = _ways(edit)
    return take(source, *words)


def _ways(edit: Edit) -> Ways:
    """Return how a kind of line goes in, how it comes out, and what both must know; imported with the first of them."""
    if edit.kind == "import":
        return insert_import, remove_import, (edit.text,)
    if edit.kind == "register":
        return insert_call, remove_call, (edit.function or _COMPOSE, edit.text)
    module = import_module(f"arckode_gen.engine.{_MODULES[edit.kind]}")
    put, take = getattr(module, f"insert_{edit.kind}"), getattr(module, f"remove_{edit.kind}")
    if edit.kind == "dependency":
        return put, take, (edit.text, edit.at)
    places = {"function": edit.function, "at": edit.at}
    place = _PLACES.get(edit.kind)
    return put, take, (edit.text,) if place is None else (places[place], edit.text)
