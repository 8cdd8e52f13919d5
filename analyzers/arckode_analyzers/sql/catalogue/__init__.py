"""What is dangerous on a database that is in use, on which engine, why, and what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.sql.catalogue import (
    columns,
    constraints,
    data,
    dialects,
    indexes,
    locks,
    losses,
    names,
    renames,
    types,
)

if TYPE_CHECKING:
    from arckode_analyzers.sql.script import Check

CHAPTERS: tuple[tuple[str, tuple[Check, ...]], ...] = (
    ("Losses", losses.CHECKS),
    ("Renames", renames.CHECKS),
    ("Columns", columns.CHECKS),
    ("Constraints", constraints.CHECKS),
    ("Indexes", indexes.CHECKS),
    ("Locks and transactions", locks.CHECKS),
    ("Data", data.CHECKS),
    ("Types", types.CHECKS),
    ("Names", names.CHECKS),
    ("Dialects", dialects.CHECKS),
)
CHECKS: tuple[Check, ...] = tuple(check for _, checks in CHAPTERS for check in checks)
