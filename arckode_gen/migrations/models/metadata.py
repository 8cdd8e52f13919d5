"""Finds the tables that a project's models declare."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError, UsageError

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from sqlalchemy import Constraint, Index, MetaData, Table


def load(root: Path, words: str) -> MetaData:
    """Return the metadata behind `module:attribute`; modules before it, separated by commas, are imported first.

    Raises:
        UsageError: the words name nothing, or no metadata.
        OperationError: the project cannot be imported.
    """
    sys.path[:0] = [folder for folder in (str(root / "src"), str(root)) if folder not in sys.path]
    *others, last = [word.strip() for word in words.split(",")]
    name, colon, attribute = last.partition(":")
    if not colon or not attribute:
        raise UsageError(f"--metadata {words}: no attribute is named", "write it like app.models:Base.metadata")
    for module in others:
        _import(module)
    found: object = _import(name)
    for part in attribute.split("."):
        found = getattr(found, part, None)
    return _checked(getattr(found, "metadata", found), words)


def share_options(metadata: MetaData) -> None:
    """Let options for MySQL count for MariaDB too, as they do where it is reached by a `mysql://` URL."""
    for table in metadata.tables.values():
        items: tuple[Table | Index | Constraint, ...] = (table, *table.indexes, *table.constraints)
        for item in items:
            given = dict(item.dialect_kwargs)  # the mapping itself has every default too
            for name, value in given.items():
                own = name.replace("mysql_", "mariadb_", 1)
                if name.startswith("mysql_") and own not in given:
                    item.dialect_kwargs[own] = value


def _checked(found: object, words: str) -> MetaData:
    from sqlalchemy import MetaData

    if not isinstance(found, MetaData):
        kind = "nothing" if found is None else f"a {type(found).__name__}"
        raise UsageError(f"{words} is {kind}, not SQLAlchemy's MetaData", "write it like app.models:Base.metadata")
    return found


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = f"there is no module {error.name}"
        if error.name and name.startswith(error.name):
            raise UsageError(f"{name}: {missing}", "correct [tool.arckode] metadata or --metadata") from error
        raise OperationError(
            f"{sys.executable} cannot import {name}: {missing}",
            "install the project's dependencies there, or name another interpreter with --python",
        ) from error
    except Exception as error:
        raise OperationError(
            f"importing {name} failed: {type(error).__name__}: {error}", "the models must be importable"
        ) from error
