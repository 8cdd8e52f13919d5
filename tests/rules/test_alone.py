"""Violations in a project of one file: nothing beside them can stand in for a condition that is turned around."""

from __future__ import annotations

import pytest

from tests.rules.projects import CONTROLLER, SERVICE, expected, places

CASES: dict[str, tuple[str, dict[str, str]]] = {
    "a model that is declared and answered in one file": (
        "ARC107",
        {
            CONTROLLER: """\
from fastapi import APIRouter
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
router = APIRouter()
class Base(DeclarativeBase): ...
class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
@router.get("/orders/{key}")
async def show(key: int) -> Order: ...  # error: ARC107
"""
        },
    ),
    "a repository that is the only field of the only class": (
        "ARC401",
        {
            SERVICE: """\
from dataclasses import dataclass
from shop.kernel.repository import RepositoryAdapter
@dataclass
class OrdersService:
    rows: RepositoryAdapter["Order"]
    async def get_all(self): ...  # error: ARC401
"""
        },
    ),
    "a job that is dispatched where its queue is made": (
        "ARC602",
        {
            SERVICE: """\
from shop.kernel.jobs import Queue
class OrdersService:
    def __init__(self, jobs: Queue) -> None:
        self._jobs = jobs
    async def pay(self, key):
        await self._jobs.dispatch("send-receipt", {"key": key})  # error: ARC602
"""
        },
    ),
    "a hash that is made, stored and answered in one file": (
        "ARC305",
        {
            "src/app/main.py": """from fastapi import APIRouter
from passlib.context import CryptContext
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
context = CryptContext(schemes=["bcrypt"])
router = APIRouter()
class Base(DeclarativeBase): ...
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    anything: Mapped[str]
@router.post("/users")
async def store(password: str):
    user = User(anything=context.hash(password))
    return {"anything": user.anything}  # error: ARC305
"""
        },
    ),
}


@pytest.mark.parametrize(("code", "files"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_one_file_is_enough(code: str, files: dict[str, str]) -> None:
    assert places(files, code) == expected(files)
