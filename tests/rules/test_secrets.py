"""Secrets in answers, logs and the source (ARC305): near misses and dodges beyond the rule's own examples."""

from __future__ import annotations

import binascii
import string

import pytest

from arckode_analyzers.model.credentials import credential
from tests.rules.projects import expected, places

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def _github(body: str) -> str:
    number, digits = binascii.crc32(body.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return f"ghp_{body}{digits.rjust(6, '0')}"


_REAL = _github("k3Vw9QzL0pTn7RbXs2YcHd5MfGj8Aa")
_LINES = "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"] * 3)
_MODEL = """\
from sqlalchemy.orm import Mapped, mapped_column
from shop.kernel.model import Entity
from shop.kernel.tokens import new_token

class User(Entity):
    __tablename__ = "users"
    email: Mapped[str]
    anything: Mapped[str]
    ticket: Mapped[str] = mapped_column(default=new_token)

class Box(Entity):
    __tablename__ = "boxes"
    label: Mapped[str]
    size: Mapped[int]
"""
_SERVICE = """\
from shop.kernel.passwords import hash_password
from shop.kernel.repository import RepositoryAdapter
from shop.modules.users.model import User

class UsersService:
    def __init__(self, users: RepositoryAdapter[User]) -> None:
        self._users = users

    async def create(self, values):
        protected = dict(values)
        protected["anything"] = await hash_password(values["anything"])
        return await self._users.create(protected)
"""

CASES: dict[str, dict[str, str]] = {
    "what a schema shows is judged by what the column holds": {
        "src/shop/modules/users/model.py": _MODEL,
        "src/shop/modules/users/service.py": _SERVICE,
        "src/shop/modules/users/schemas.py": """\
from pydantic import Field, SecretStr
from shop.kernel.http.schema import ApiModel

class UserBase(ApiModel):
    email: str

class UserOut(UserBase):
    id: int
    anything: str  # error: ARC305

class UserPage(ApiModel):
    rows: list[UserOut]

class Detail(UserBase):
    id: int
    ticket: str  # error: ARC305

class Made(UserBase):
    id: int
    ticket: str

class Masked(UserBase):
    id: int
    anything: SecretStr

class Excluded(UserBase):
    id: int
    anything: str = Field(exclude=True)

class LeftOut(UserBase):
    id: int
    anything: str

class UserCreate(UserBase):
    anything: str

class BoxOut(ApiModel):
    label: str
    size: int
    weight: int
    anything: str
""",
        "src/shop/modules/users/controller.py": """\
from fastapi import APIRouter
from shop.modules.users.schemas import BoxOut, Detail, Excluded, LeftOut, Made, Masked, UserCreate, UserPage

router = APIRouter(prefix="/users")

@router.get("")
async def index() -> UserPage: ...
@router.get("/detail", response_model=Detail)
async def detail(): ...
@router.post("")
async def store(body: UserCreate) -> Made: ...
@router.get("/masked")
async def masked() -> Masked: ...
@router.get("/excluded")
async def excluded() -> Excluded: ...
@router.get("/left-out", response_model=LeftOut, response_model_exclude={"anything"})
async def left_out(): ...
@router.get("/boxes")
async def boxes() -> BoxOut: ...
""",
    },
    "log lines in every spelling": {
        "src/shop/modules/users/model.py": _MODEL,
        "src/shop/modules/users/service.py": _SERVICE,
        "src/shop/login.py": """\
import logging
import structlog
from loguru import logger as anything
from fastapi.security import OAuth2PasswordRequestForm as Form
from pydantic import SecretStr
from pydantic_settings import BaseSettings
from shop.kernel.passwords import hash_password, verify_password
from shop.modules.users.model import User

class Settings(BaseSettings):
    key: SecretStr

class Desk:
    def info(self, text): ...

log = structlog.get_logger(__name__)
settings = Settings()

async def login(form: Form, user: User, typed: str, other: str, desk: Desk):
    log.info("login", password=form.password)  # error: ARC305
    logging.warning("%s" % form.password)  # error: ARC305
    anything.debug(f"{form.username}:{form.password}")  # error: ARC305
    print(user.anything)  # error: ARC305
    log.error("failed", extra={"stored": user.anything})  # error: ARC305
    print("key", settings.key.get_secret_value())  # error: ARC305
    clear = settings.key.get_secret_value()
    log.info(clear)  # error: ARC305
    stored = await hash_password(typed)
    log.info("stored %s", stored)  # error: ARC305
    log.info("typed %s", typed)  # error: ARC305
    is_right = await verify_password(other, user.anything)
    log.exception("wrong: " + other)  # error: ARC305
    log.info("login", user=form.username, right=is_right, length=len(typed))
    log.info("settings %s", settings.key)
    desk.info(form.password)
    print("password", "user.anything", user.email)
    return hash_password(form.password)
""",
    },
    "answers that a handler builds itself": {
        "src/shop/modules/users/model.py": _MODEL,
        "src/shop/modules/users/service.py": _SERVICE,
        "src/shop/modules/users/controller.py": """\
from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, SecretStr
from shop.modules.users.model import User

router = APIRouter(prefix="/users")

class Out(BaseModel):
    email: str

@router.get("/a")
async def a(user: User):
    return {"email": user.email, "nested": {"x": [user.anything]}}  # error: ARC305
@router.get("/b")
async def b(key: SecretStr):
    return PlainTextResponse(key.get_secret_value())  # error: ARC305
@router.get("/c")
async def c(user: User):
    body = {"x": user.anything}
    return JSONResponse(content=body)  # error: ARC305
@router.get("/d")
async def d(rows: list[User]):
    return [user.anything for user in rows]  # error: ARC305
@router.get("/e")
async def e(user: User):
    return f"hash {user.anything}"  # error: ARC305
@router.get("/f", response_model=Out)
async def f(user: User):
    return {"email": user.email, "anything": user.anything}
@router.get("/g")
async def g(user: User):
    return {"has": bool(user.anything), "same": user.anything == "x"}
@router.get("/h")
async def h(key: SecretStr):
    return {"key": key}
async def no_handler(user: User):
    return {"x": user.anything}
""",
    },
    "credentials wherever they are written, and never in a comment": {
        "src/shop/keys.py": f'''\
import os

GITHUB = "{_REAL}"  # error: ARC305
WRONG_CHECKSUM = "{_REAL[:-1]}_"
# {_REAL}
KEY = """-----BEGIN PRIVATE KEY-----  # error: ARC305
{_LINES}
-----END PRIVATE KEY-----"""

def connect(client, stripe="sk_live_4eC39HqLyjWDarjtT1zdp7dc"):  # error: ARC305
    client("postgresql://app:Zk8fQ2wLx9@db.prod.shop.io/app")  # error: ARC305
    client(url=["redis://:Zk8fQ2wLx9@cache.shop.io:6379/0"])  # error: ARC305
    client("postgresql://app:Zk8fQ2wLx9@postgres:5432/app")
    client("postgresql://app:app@db.prod.shop.io/app")
    client("https://shop.io/a:b@c")
    client(os.environ["KEY"])
    return "AIzaSyD4kq7VwLx92TnRbXs0YcHd5MfGj8Aa1Bc"  # error: ARC305
'''.replace("-----BEGIN PRIVATE KEY-----  # error: ARC305\n", "-----BEGIN PRIVATE KEY-----\n"),
    },
}
_EXTRA = {"credentials wherever they are written, and never in a comment": [("src/shop/keys.py", 6, "ARC305")]}


@pytest.mark.parametrize("name", CASES)
def test_what_counts_is_what_a_value_holds(name: str) -> None:
    assert places(CASES[name], "ARC305") == sorted([*expected(CASES[name]), *_EXTRA.get(name, [])])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param(_REAL, "a GitHub token", id="a token whose checksum is right"),
        pytest.param("AKIAQ3EGRZ7JPLNVXW2T", "an AWS access key", id="an access key"),
        pytest.param("amqp://shop:vT9rQ2mZx8@mq.shop.io", "the password in a URL (amqp:)", id="a URL with a password"),
        pytest.param(_REAL[:-1] + "A", "", id="a token whose checksum is wrong"),
        pytest.param("AKIAAAAAAAAAAAAAAAAA", "", id="an access key of one letter"),
        pytest.param("AKIAIOSFODNN7EXAMPLE", "", id="the access key of the documentation"),
        pytest.param("amqp://shop:vT9rQ2mZx8@localhost", "", id="a password for this machine"),
        pytest.param("amqp://shop:changeme1@mq.shop.io", "", id="a placeholder"),
        pytest.param("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c", "", id="a text that only looks random"),
        pytest.param("sk_test_4eC39HqLyjWDarjtT1zdp7dc", "", id="a key for tests"),
    ],
)
def test_a_credential_is_known_by_its_form(text: str, kind: str) -> None:
    found = credential(text)
    assert (found[0] if found else "") == kind


@pytest.mark.parametrize("ends_in_hash", [True, False])
def test_functions_that_hand_on_each_others_results_are_read_once(*, ends_in_hash: bool) -> None:
    """There are more ways through forty functions that call each other than anybody can walk."""
    names = [f"step_{number}" for number in range(40)]
    last = "hash_password(value)" if ends_in_hash else "value.strip()"
    steps = "".join(
        f"def {name}(value):\n"
        + "".join(f"    if value == '{each}':\n        return {each}(value)\n" for each in names if each != name)
        + f"    return {last if name == names[-1] else 'value'}\n\n"
        for name in names
    )
    files = {
        "src/shop/modules/users/model.py": _MODEL,
        "src/shop/modules/users/service.py": (
            "from shop.kernel.passwords import hash_password\nfrom shop.modules.users.model import User\n\n"
            f"{steps}\ndef made(value):\n    return User(anything=step_0(value))\n"
        ),
        "src/shop/modules/users/schema.py": (
            "from pydantic import BaseModel\n\nclass UserOut(BaseModel):\n    email: str\n"
            f"    anything: str{'  # error: ARC305' if ends_in_hash else ''}\n"
        ),
        "src/shop/modules/users/controller.py": (
            "from fastapi import APIRouter\nfrom shop.modules.users.schema import UserOut\n\nrouter = APIRouter()\n\n"
            '@router.get("/users/{key}", response_model=UserOut)\nasync def show(key: str):\n    return key\n'
        ),
    }
    assert places(files, "ARC305") == expected(files)
