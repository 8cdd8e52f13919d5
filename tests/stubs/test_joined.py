"""Connectors in a whole project: a renamed method breaks the type check and the analysis, and an event arrives."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.generated import arckode, must, run, tool

pytestmark = pytest.mark.generates

RENAMED = {
    "price_of": "cost_of",
    "words_for": "texts_for",
    "reserve_stock": "reserve",
    "note": "remember",
    "recount": "count",
}
CONNECTORS = {
    "customers_articles": "words_for",
    "customers_articles_on_created": "recount",
    "orders_articles": "price_of",
    "orders_articles_on_confirmed": "reserve_stock",
    "orders_articles_on_line_added": "note",
}


@pytest.fixture
def copy(everything: Path, tmp_path: Path) -> Path:
    """Copy the project, to break it."""
    left_out = shutil.ignore_patterns("history", "__pycache__", "*.db")
    return Path(shutil.copytree(everything, tmp_path / "shop", ignore=left_out))


def test_a_renamed_method_breaks_the_type_check_and_the_analysis(copy: Path) -> None:
    service = copy / "src/shop/modules/articles/service.py"
    text = service.read_text()
    for old, new in RENAMED.items():
        assert f"def {old}(" in text
        text = text.replace(f"def {old}(", f"def {new}(")
    service.write_text(text)
    said = tool(copy, "mypy")
    assert said.code == 1
    findings = json.loads(arckode(copy, "analyze", "--json").stdout)["findings"]
    found = {Path(finding["path"]).stem: finding for finding in findings}
    assert set(found) == set(CONNECTORS)
    for connector, method in CONNECTORS.items():
        place = f"src/shop/connectors/{connector}.py:{found[connector]['line']}"
        assert f'{place}: error: "ArticlesService" has no attribute "{method}"' in said.stdout
        assert found[connector]["code"] == "ARC112"
        assert f"has no `{method}`" in found[connector]["message"]


SCRIPT = """
import asyncio
from shop.composition_root import compose
from shop.kernel.bus import EventBus
from shop.kernel.testing import client
from shop.modules.articles import ArticlesService
from shop.settings import Settings

asked = []

async def reserve_stock(self, article_id, quantity, *, note, rush=False):
    asked.append((str(article_id), quantity, note))

ArticlesService.reserve_stock = reserve_stock
kernel = compose(Settings(environment="test", database_url="sqlite://"))
events = kernel.resolve(EventBus)

async def main():
    async with client(kernel):
        data = {"article_id": "00000000-0000-0000-0000-000000000001", "quantity": 2, "note": "now"}
        await events.emit("orders.confirmed", data, "orders")

asyncio.run(main())
assert asked == [("00000000-0000-0000-0000-000000000001", 2, "now")], asked
assert [event.type for event in events.history()] == ["system.started", "orders.confirmed", "system.stopped"]
"""


def test_an_event_that_is_emitted_in_the_running_application_arrives(everything: Path) -> None:
    must(run(everything / "src", sys.executable, "-c", SCRIPT))
