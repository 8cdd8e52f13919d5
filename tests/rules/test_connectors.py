"""What a connector may do, and every spelling of what it may not."""

from __future__ import annotations

import pytest

from tests.rules.projects import expected, findings, places

CONNECTOR = "src/shop/connectors/orders_stock.py"
STOCK = {
    "src/shop/modules/stock/service.py": """\
class Item:
    free: int
    kind: str
    is_rare: bool
    note: str | None

class StockService:
    async def get(self, key) -> Item:
        return self.items[key]
    async def has(self, key) -> bool:
        return key in self.items
    async def reserve(self, key) -> None:
        self.items[key].free -= 1
"""
}
START = """\
from shop.modules.stock.service import Item, StockService

class OrdersStock:
    def __init__(self, stock: StockService) -> None:
        self._stock = stock

    async def take(self, key, amount):
        item = await self._stock.get(key)
"""

CASES: dict[str, str] = {
    "a match on what the data says": """\
        match item.kind:
            case "heavy":  # error: ARC104
                await self._stock.reserve(key)
            case _:
                return None
""",
    "a loop that runs while the data says so": """\
        while item.free > 3:  # error: ARC104
            await self._stock.reserve(key)
""",
    "a sum that grows in a loop": """\
        total = 0
        for each in [item]:
            total += each.free  # error: ARC104
        return total
""",
    "a threshold with a name": """\
        LIMIT = 3
        return item.free >= LIMIT  # error: ARC104
""",
    "a lambda that chooses": """\
        return list(filter(lambda each: each.free > 3, [item]))  # error: ARC104
""",
    "a flag that `bool` hides": """\
        if bool(item.is_rare):  # error: ARC104
            await self._stock.reserve(key)
""",
    "one of several allowed words": """\
        if item.kind in ("heavy", "long"):  # error: ARC104
            return None
""",
    "a table instead of a branch": """\
        return {"heavy": 1, "long": 2}.get(item.kind)
""",
    "texts that are put together": """\
        return {"name": item.kind + "!", "line": "%s %s" % (item.kind, key), "all": [key] + [item.kind]}
""",
    "whether a container knows a key, and whether there is anything": """\
        known = {"heavy": 1}
        if item.kind not in known or len([item]) == 0:
            return None
        if item.note:
            return item.note
        if item.kind == "":
            return None
""",
    "a question whose answer only stops": """\
        if not await self._stock.has(key):
            return None
        return item
""",
    "numbers that were known before the program ran": """\
        return await self._stock.get(60 * 60)
""",
}


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in CASES.items()])
def test_a_connector_maps_and_does_not_decide(body: str) -> None:
    files = {CONNECTOR: START + body, **STOCK}
    assert places(files, "ARC104") == expected(files)


def test_a_helper_is_followed_to_the_line_that_decides() -> None:
    files = {
        CONNECTOR: "from shop.maps import shown\n" + START + "        return shown(item)\n",
        "src/shop/maps.py": (
            "def shown(item):\n    return chosen(item)\n\ndef chosen(item):\n    return item.free > 3\n"
        ),
        **STOCK,
    }
    (finding,) = findings(files, "ARC104")
    assert [(step.path, step.line) for step in finding.chain] == [
        (CONNECTOR, 10),
        ("src/shop/maps.py", 2),
        ("src/shop/maps.py", 5),
    ]


def test_a_helper_that_modules_use_too_is_not_the_connectors() -> None:
    files = {
        CONNECTOR: "from shop.maps import shown\n" + START + "        return shown(item)\n",
        "src/shop/maps.py": "def shown(item):\n    return item.free > 3\n",
        "src/shop/modules/orders/service.py": "from shop.maps import shown\n\ndef see(item):\n    return shown(item)\n",
        **STOCK,
    }
    assert places(files, "ARC104") == []
