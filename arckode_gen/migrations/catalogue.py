"""What a database holds, as one text per object, so that two states can be compared without any model."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from arckode_gen.migrations.dialects import family

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_gen.migrations.connection import Connection

# "column orders.total" -> "numeric(12,2)", "null orders.total" -> "NOT NULL"; the order of columns is no difference.
Catalogue = dict[str, str]


async def read(connection: Connection) -> Catalogue:
    """Return every table, column, constraint, index, view and trigger but arckode's own tables.

    Raises:
        Failure: the catalogue cannot be read.
    """
    engine = importlib.import_module(f"arckode_gen.migrations.catalogue_{family(connection.dialect)}")
    found: Catalogue = await engine.read(connection)
    return {name: text for name, text in sorted(found.items()) if "_arckode_" not in name}


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for every object that is not the same in both."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if old is None:
            yield f"+ {name}: {new}"
        elif new is None:
            yield f"- {name}: {old}"
        else:
            yield f"! {name}: {old} -> {new}"
