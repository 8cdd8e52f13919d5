"""Every kind of change is seen, applied and taken back on each engine that can say it, and then nothing differs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from arckode_gen.migrations import catalogue
from arckode_gen.migrations.connection import connect
from arckode_gen.migrations.url import parse
from tests.migrations.models import CHANGES, Change, apply, diff

if TYPE_CHECKING:
    from arckode_gen.migrations.catalogue import Catalogue
    from tests.migrations.workbench import Workbench


def read_catalogue(bench: Workbench) -> Catalogue:
    async def ask() -> Catalogue:
        connection = await connect(parse(bench.url), bench.root, "a test")
        try:
            return await catalogue.read(connection)
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("change", CHANGES, ids=[change.what for change in CHANGES])
def test_a_change_is_seen_applied_and_taken_back(bench: Workbench, change: Change) -> None:
    apply(bench, diff(bench, change.before()), 1)
    assert diff(bench, change.before())["differences"] == []
    before = read_catalogue(bench)
    found = diff(bench, change.after(), *change.renames)
    texts = [item["text"] for item in found["differences"]]
    if bench.dialect in change.not_on:
        assert texts == []
        return
    assert any(text.startswith(change.sees) or word in text for word in change.sees for text in texts), texts
    apply(bench, found, 2)
    assert diff(bench, change.after())["differences"] == []
    bench.migrate(rollback=1)
    assert list(catalogue.differences(before, read_catalogue(bench))) == []
