"""Edits to files that belong to someone else: each is a pure function, each has its inverse, none ever guesses.

`ast` says what a file means; whole lines are put in or taken out, so formatting, comments, encoding and line ends stay.
Afterwards the old statements must be a subsequence of the new ones, or the edit is withdrawn.
"""

from __future__ import annotations

from arckode_gen.engine.edits_calls import insert_call, remove_call
from arckode_gen.engine.edits_dependencies import insert_dependency, remove_dependency
from arckode_gen.engine.edits_imports import insert_import, remove_import
from arckode_gen.engine.edits_settings import insert_setting, remove_setting
from arckode_gen.engine.edits_source import (
    AlreadyGone,
    AlreadyThere,
    CannotInsert,
    CannotRemove,
    Inserted,
    Insertion,
    Removal,
    Removed,
)

__all__ = [
    "AlreadyGone",
    "AlreadyThere",
    "CannotInsert",
    "CannotRemove",
    "Inserted",
    "Insertion",
    "Removal",
    "Removed",
    "insert_call",
    "insert_dependency",
    "insert_import",
    "insert_setting",
    "remove_call",
    "remove_dependency",
    "remove_import",
    "remove_setting",
]
