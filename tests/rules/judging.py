"""Statements judged by the catalogue, after the small database of its examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.sql.catalogue import CHECKS
from arckode_analyzers.sql.catalogue.stage import STAGE
from arckode_analyzers.sql.reading import Reader
from arckode_analyzers.sql.replay import Schema
from arckode_analyzers.sql.script import Script, Step, dangers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arckode_analyzers.sql.script import Check

_READER = Reader()


def told(
    engine: str,
    statements: Sequence[str],
    *,
    one_transaction: bool = False,
    stage: Iterable[str] | None = None,
    checks: Iterable[Check] = CHECKS,
) -> list[str]:
    """Return the names of the checks that statements set off."""
    schema = Schema()
    for text in STAGE[engine] if stage is None else stage:
        schema.apply(_READER.read(text, engine))
    said = [text.replace("{database}", "shop") for text in statements]
    steps = tuple(Step(_READER.read(text, engine), text) for text in said)
    script = Script(engine, steps, columns=schema.columns(), one_transaction=one_transaction)
    return [each.check.name for each in dangers(script, checks)]
