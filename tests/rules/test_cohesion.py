"""Which services are two in one class, and which controllers decide."""

from __future__ import annotations

import pytest

from tests.rules.projects import CONTROLLER, SERVICE, expected, findings, places

START = """\
from shop.kernel.repository import RepositoryAdapter
"""
HELD = """\
    def __init__(self, left: RepositoryAdapter["L"], right: RepositoryAdapter["R"]) -> None:
        self.left = left
        self.right = right

"""
LEFT = """\
    async def one(self, key):
        return [await self.left.find_by_id(key)]

    async def two(self, key):
        return [await self.left.delete(key)]

"""
RIGHT = LEFT.replace("one", "three").replace("two", "four").replace("left", "right")


def service(body: str, mark: str = "") -> dict[str, str]:
    return {SERVICE: f"{START}class OrdersService:{mark}\n{HELD}{body}"}


MARK = "  # error: ARC501"
CASES: dict[str, dict[str, str]] = {
    "two halves": service(LEFT + RIGHT, MARK),
    "two halves that call the same empty helper": service(
        LEFT.replace("[await", "[self.same(), await")
        + RIGHT.replace("[await", "[self.same(), await")
        + "    def same(self):\n        return 1\n",
        MARK,
    ),
    "a half that works through a private method": service(
        LEFT + RIGHT.replace("self.right.", "self._held().") + "    def _held(self):\n        return self.right\n", MARK
    ),
    "halves joined by one method": service(
        LEFT + RIGHT + "    async def both(self, key):\n        return [await self.one(key), await self.four(key)]\n"
    ),
    "halves joined inside a nested function": service(
        LEFT
        + RIGHT
        + "    def both(self):\n        def inner():\n            return self.left, self.right\n        return inner\n"
    ),
    "one method of another kind": service(LEFT + RIGHT.partition("    async def four")[0]),
    "a class without methods": service("    pass\n"),
    "what a base class holds": {
        SERVICE: START
        + "class Base:\n"
        + HELD
        + "    async def load(self, key):\n        return [await self.left.find_by_id(key), self.right]\n\n"
        + "class OrdersService(Base):\n"
        + LEFT.replace("self.left.find_by_id", "self.load")
        + RIGHT.replace("self.right.find_by_id", "self.load")
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in CASES.items()])
def test_methods_of_one_service_share_something(files: dict[str, str]) -> None:
    assert places(files, "ARC501") == expected(files)


def test_the_finding_names_the_groups_and_what_they_share() -> None:
    (finding,) = findings(CASES["two halves"], "ARC501")
    assert "`one`, `two` with `left`" in finding.message
    assert "`three`, `four` with `right`" in finding.message


ORDERS = {
    SERVICE: """\
class Order:
    status: str
    is_open: bool

class OrdersService:
    async def get(self, key) -> Order:
        return self.rows[key]
    async def close(self, key) -> None:
        self.rows[key].is_open = False
"""
}
ACTIONS = """\
from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel
from shop.modules.orders.service import OrdersService

class OrderIn(BaseModel):
    total: int
    kind: str

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

    async def act(self, key, body: OrderIn, page: int = 1, user=Depends(OrdersService)):
        order = await self._service.get(key)
"""
BODIES: dict[str, str] = {
    "a copy of the body": """\
        values = body.model_dump()
        if values["total"] > 5:  # error: ARC502
            raise HTTPException(409)
""",
    "a method of a field": """\
        if body.kind.lower() == "big":  # error: ARC502
            raise HTTPException(409)
""",
    "a row under another name": """\
        other = order
        if other.status != "open":  # error: ARC502
            await self._service.close(key)
""",
    "a row handed to a function of the same file": """\
        return checked(order)

def checked(row):
    if row.status == "late":  # error: ARC502
        raise HTTPException(409)
    return row
""",
    "who is calling": """\
        if order.owner_id != user.id or user.role == "guest":
            raise HTTPException(403)
""",
    "pages and presence": """\
        if page > 100:
            page = 100
        if not order or order is None or isinstance(order, str) or body.kind == "":
            raise HTTPException(404)
""",
    "a word chosen for the answer": """\
        return {
            "state": "late" if order.status == "late" else "fine",
        }
""",
}


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in BODIES.items()])
def test_a_controller_maps_and_does_not_decide(body: str) -> None:
    files = {**ORDERS, CONTROLLER: ACTIONS + body}
    assert places(files, "ARC502") == expected(files)
