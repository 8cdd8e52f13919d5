"""One attribute in `__init__`, one method in a class, and out again."""

from __future__ import annotations

import pytest

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed, StillUsed
from arckode_gen.engine.edits_classes import insert_attribute, insert_method, remove_attribute, remove_method

LINE = "self.stock = stock_port()"
METHOD = """\
async def confirm(self, order_id: UUID) -> Order:
    \"\"\"Raises NotFoundError.\"\"\"
    return await self._confirm.execute(order_id)
"""
SERVICE = '''"""What can be done with orders."""


class OrdersService:
    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    async def delete(self, order_id: UUID) -> None:  # gone for good
        await self._orders.delete(order_id)

    async def _check(self) -> None:
        """Ours."""


def helper() -> None: ...
'''
SHAPES = {
    "as generated": SERVICE,
    "carriage returns": SERVICE.replace("\n", "\r\n"),
    "a byte order mark": f"\ufeff{SERVICE}",
    "tabs": SERVICE.replace("    ", "\t"),
    "comments at the end of a method": SERVICE.replace("= orders\n", "= orders  # rows\n        # more to come\n"),
    "no line end": SERVICE.split("\n\n    async def _check", maxsplit=1)[0],
    "a nested function": SERVICE.replace("= orders\n", "= orders\n        def x() -> None:\n            pass\n"),
    "no private methods": SERVICE.replace("_check", "check"),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_what_goes_in_comes_out_and_leaves_no_trace(shape: str) -> None:
    before = shape.encode()
    with_line = insert_attribute(before, "OrdersService", LINE)
    assert isinstance(with_line, Inserted)
    assert isinstance(insert_attribute(with_line.text, "OrdersService", LINE), AlreadyThere)
    both = insert_method(with_line.text, "OrdersService", METHOD)
    assert isinstance(both, Inserted)
    assert isinstance(insert_method(both.text, "OrdersService", METHOD), AlreadyThere)
    one = remove_method(both.text, "OrdersService", METHOD)
    assert isinstance(one, Removed)
    assert one.text == with_line.text
    none = remove_attribute(one.text, "OrdersService", LINE)
    assert isinstance(none, Removed)
    assert none.text == before
    assert isinstance(remove_attribute(before, "OrdersService", LINE), AlreadyGone)
    assert isinstance(remove_method(before, "OrdersService", METHOD), AlreadyGone)


def test_the_attribute_ends_init_and_the_method_follows_the_last_public_one() -> None:
    line = insert_attribute(SERVICE.encode(), "OrdersService", LINE)
    assert isinstance(line, Inserted)
    assert f"        self._orders = orders\n        {LINE}\n\n" in line.text.decode()
    method = insert_method(SERVICE.encode(), "OrdersService", METHOD)
    assert isinstance(method, Inserted)
    text = method.text.decode()
    assert '    async def confirm(self, order_id: UUID) -> Order:\n        """Raises' in text
    assert text.index("delete(order_id)\n\n    async def confirm") < text.index("async def _check")


def test_an_attribute_may_need_several_lines() -> None:
    long = "self.stock = stock_port(\n    orders\n)"
    inserted = insert_attribute(SERVICE.encode(), "OrdersService", long)
    assert isinstance(inserted, Inserted)
    assert "        self.stock = stock_port(\n            orders\n        )\n\n" in inserted.text.decode()
    removed = remove_attribute(inserted.text, "OrdersService", long)
    assert isinstance(removed, Removed)
    assert removed.text == SERVICE.encode()


def test_a_member_of_the_name_is_left_as_a_person_made_it() -> None:
    own = SERVICE.replace("= orders\n", "= orders\n        self.stock: Port[Mine] = Port('mine')\n").encode()
    assert isinstance(insert_attribute(own, "OrdersService", LINE), AlreadyThere)
    assert isinstance(remove_attribute(own, "OrdersService", LINE), CannotRemove)
    method = METHOD.replace("async def confirm", "async def delete")
    assert isinstance(insert_method(SERVICE.encode(), "OrdersService", method), AlreadyThere)
    assert isinstance(remove_method(SERVICE.encode(), "OrdersService", method), CannotRemove)


def test_an_attribute_that_is_used_stays() -> None:
    used = SERVICE.replace("= orders\n", f"= orders\n        {LINE}\n").replace('"""Ours."""', "await self.stock.get()")
    refused = remove_attribute(used.encode(), "OrdersService", LINE)
    assert isinstance(refused, StillUsed)
    assert refused.reason == "line 13 still uses `self.stock`"


REFUSED = [
    pytest.param("class Other: ...\n", "not exactly one class", id="no such class"),
    pytest.param("class OrdersService: ...\nclass OrdersService: ...\n", "not exactly one class", id="two of them"),
    pytest.param("class OrdersService:\n    def x(self): ...\n", "has no __init__", id="no __init__"),
    pytest.param("class OrdersService:\n    def __init__(self): pass\n", "no line of its own", id="a body on the line"),
    pytest.param("class OrdersService:\n    def __init__(self):\n        raise X\n", "no line of its own", id="no end"),
    pytest.param("class OrdersService(:\n", "no valid Python", id="no Python"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_no_safe_place_is_refused_with_the_lines_to_paste(text: str, reason: str) -> None:
    refused = insert_attribute(text.encode(), "OrdersService", LINE)
    assert isinstance(refused, CannotInsert)
    assert reason in refused.reason
    assert LINE in refused.patch


@pytest.mark.parametrize("text", ["class Other: ...\n", "class OrdersService: ...\n", "class OrdersService(:\n"])
def test_a_class_without_a_place_for_a_method_is_refused(text: str) -> None:
    refused = insert_method(text.encode(), "OrdersService", METHOD)
    assert isinstance(refused, CannotInsert)
    assert "class OrdersService:\n    async def confirm" in refused.patch


def test_what_is_no_member_is_a_mistake_of_the_stub() -> None:
    for statement in ("stock = 1", "stock_port()", "self.a.b = 1"):
        with pytest.raises(ValueError, match="sets no attribute of self"):
            insert_attribute(b"", "OrdersService", statement)
    with pytest.raises(ValueError, match="is no single function"):
        remove_method(b"", "OrdersService", "x = 1")
