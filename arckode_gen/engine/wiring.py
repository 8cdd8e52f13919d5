"""The wires of a unit and their inverses: one line into a file that belongs to someone else, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.edits_calls import insert_call, remove_call
from arckode_gen.engine.edits_imports import insert_import, remove_import

if TYPE_CHECKING:
    from collections.abc import Callable

    from arckode_gen.engine.edits import Insertion, Removal
    from arckode_gen.engine.units import Edit

    Ways = tuple[Callable[..., Insertion], Callable[..., Removal], tuple[str, ...]]

_COMPOSE = "compose"
_OPTIONAL = frozenset({"entry", "env"})


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
    if edit.kind == "attribute":
        from arckode_gen.engine.edits_classes import insert_attribute, remove_attribute

        return insert_attribute, remove_attribute, (edit.function, edit.text)
    if edit.kind == "method":
        from arckode_gen.engine.edits_classes import insert_method, remove_method

        return insert_method, remove_method, (edit.function, edit.text)
    if edit.kind == "setting":
        from arckode_gen.engine.edits_settings import insert_setting, remove_setting

        return insert_setting, remove_setting, (edit.text,)
    if edit.kind == "entry":
        from arckode_gen.engine.edits_entries import insert_entry, remove_entry

        return insert_entry, remove_entry, (edit.at, edit.text)
    if edit.kind == "env":
        from arckode_gen.engine.edits_env import insert_variable, remove_variable

        return insert_variable, remove_variable, (edit.text,)
    if edit.kind == "ts_import":
        from arckode_gen.engine.edits_typescript import insert_ts_import, remove_ts_import

        return insert_ts_import, remove_ts_import, (edit.text,)
    if edit.kind == "ts_item":
        from arckode_gen.engine.edits_typescript import insert_ts_item, remove_ts_item

        return insert_ts_item, remove_ts_item, (edit.at, edit.text)
    from arckode_gen.engine.edits_dependencies import insert_dependency, remove_dependency

    return insert_dependency, remove_dependency, (edit.text, edit.at)
