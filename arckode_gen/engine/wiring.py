"""The wires of a unit and their inverses: one line into a file that belongs to someone else, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.edits_calls import insert_call, remove_call
from arckode_gen.engine.edits_imports import insert_import, remove_import

if TYPE_CHECKING:
    from arckode_gen.engine.edits import Insertion, Removal
    from arckode_gen.engine.units import Edit

_COMPOSE = "compose"
_OPTIONAL = frozenset({"entry", "env"})


def is_optional(edit: Edit) -> bool:
    """Tell whether the file may be missing: a project need not be deployed with Compose, nor explain its variables."""
    return edit.kind in _OPTIONAL


def insert(edit: Edit, source: bytes) -> Insertion:
    """Put a unit's line into a file."""
    if edit.kind == "import":
        return insert_import(source, edit.text)
    if edit.kind == "register":
        return insert_call(source, edit.function or _COMPOSE, edit.text)
    if edit.kind == "attribute":
        from arckode_gen.engine.edits_classes import insert_attribute

        return insert_attribute(source, edit.function, edit.text)
    if edit.kind == "method":
        from arckode_gen.engine.edits_classes import insert_method

        return insert_method(source, edit.function, edit.text)
    if edit.kind == "setting":
        from arckode_gen.engine.edits_settings import insert_setting

        return insert_setting(source, edit.text)
    if edit.kind == "entry":
        from arckode_gen.engine.edits_entries import insert_entry

        return insert_entry(source, edit.at, edit.text)
    if edit.kind == "env":
        from arckode_gen.engine.edits_env import insert_variable

        return insert_variable(source, edit.text)
    if edit.kind == "ts_import":
        from arckode_gen.engine.edits_typescript import insert_ts_import

        return insert_ts_import(source, edit.text)
    if edit.kind == "ts_item":
        from arckode_gen.engine.edits_typescript import insert_ts_item

        return insert_ts_item(source, edit.at, edit.text)
    from arckode_gen.engine.edits_dependencies import insert_dependency

    return insert_dependency(source, edit.text)


def remove(edit: Edit, source: bytes) -> Removal:
    """Take a unit's line out of a file."""
    if edit.kind == "import":
        return remove_import(source, edit.text)
    if edit.kind == "register":
        return remove_call(source, edit.function or _COMPOSE, edit.text)
    if edit.kind == "attribute":
        from arckode_gen.engine.edits_classes import remove_attribute

        return remove_attribute(source, edit.function, edit.text)
    if edit.kind == "method":
        from arckode_gen.engine.edits_classes import remove_method

        return remove_method(source, edit.function, edit.text)
    if edit.kind == "setting":
        from arckode_gen.engine.edits_settings import remove_setting

        return remove_setting(source, edit.text)
    if edit.kind == "entry":
        from arckode_gen.engine.edits_entries import remove_entry

        return remove_entry(source, edit.at, edit.text)
    if edit.kind == "env":
        from arckode_gen.engine.edits_env import remove_variable

        return remove_variable(source, edit.text)
    if edit.kind == "ts_import":
        from arckode_gen.engine.edits_typescript import remove_ts_import

        return remove_ts_import(source, edit.text)
    if edit.kind == "ts_item":
        from arckode_gen.engine.edits_typescript import remove_ts_item

        return remove_ts_item(source, edit.at, edit.text)
    from arckode_gen.engine.edits_dependencies import remove_dependency

    return remove_dependency(source, edit.text)
