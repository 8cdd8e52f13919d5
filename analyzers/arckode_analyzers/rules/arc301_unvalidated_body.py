"""ARC301: a body that nobody looks at before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.bodies import Bodies
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_MUTATING = frozenset({"POST", "PUT", "PATCH"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report each mutating handler that takes or reads its body unchecked."""
    bodies = Bodies(analysis)
    for route in analysis.routes.handled_in(source):
        handler = route.handler
        if handler is None or not _MUTATING.intersection(route.methods):
            continue
        verb = "/".join(method for method in route.methods if method in _MUTATING)
        name = handler.record.name
        told: set[tuple[int, int, str]] = set()
        for read in bodies.unchecked(handler):
            if (read.line, read.column, read.how) in told:
                continue  # a dependency that reads the body in several ways is one thing to put right
            told.add((read.line, read.column, read.how))
            message = f"the {verb} handler `{name}` {read.how} without a schema"
            chain = read.chain if len(read.chain) > 1 else ()
            yield Spot(source, read.line, read.column, handler.symbol, message, name, chain=chain)


_CONTROLLER = "src/shop/modules/orders/controller.py"
_ROUTER = "from fastapi import APIRouter, Body, Depends, Request\n\nrouter = APIRouter(prefix='/orders')\n\n"
RULE = Rule(
    code="ARC301",
    name="unvalidated-body",
    severity="error",
    summary="A POST, PUT or PATCH route reads its body without a schema.",
    why=(
        "Whatever a client sends goes on: a missing field is a 500, a wrong type reaches the database, and an extra "
        "`is_admin` is stored. It is judged per handler: a schema beside it, for another route, proves nothing."
    ),
    hint="declare the body as a parameter typed with a schema, such as `body: OrderCreate`",
    decides=(
        "Found: bodies declared as a dictionary, a mapping or anything, under any alias, and bodies that a handler or "
        "its helpers read by hand and use. A body that a schema checks afterwards is legal; one that checks what a "
        "service made of it is not. Not decided: `list` alone, and schemas nothing is known about. Read are the "
        "handlers of FastAPI, of Starlette and of the generated router; those of Flask, Litestar and others are left "
        "alone."
    ),
    check=check,
    bad=(
        Example(
            "the request's JSON goes straight to the service, beside a handler that does it right",
            {
                _CONTROLLER: _ROUTER
                + """\
from pydantic import BaseModel

class OrderCreate(BaseModel):
    total: int

@router.post("")
async def store(body: OrderCreate):
    return body

@router.patch("/{key}")
async def update(key: str, request: Request, service):
    data = await request.json()  # error: ARC301
    return await service.update(key, data)
"""
            },
        ),
        Example(
            "dictionaries, plain, aliased and in a list",
            {
                _CONTROLLER: _ROUTER
                + """\
from typing import Annotated, Any

Anything = dict[str, Any]
Payload = Annotated[Any, Body()]

@router.post("")
async def store(body: dict):  # error: ARC301
    return body

@router.put("/{key}")
async def replace(key: str, body: Anything):  # error: ARC301
    return body

@router.post("/many")
async def many(rows: list[dict[str, object]], extra=Body()):  # error: ARC301  # error: ARC301
    return rows

@router.post("/other")
async def other(payload: Payload):  # error: ARC301
    return payload
"""
            },
        ),
        Example(
            "a helper that is called validate and checks nothing, in another file",
            {
                _CONTROLLER: """\
from shop.kernel.http import ModuleRouter
from starlette.requests import Request as Incoming
from shop.checks import validate_schema

class OrdersController:
    def router(self):
        routes = ModuleRouter("orders")
        routes.post("", self.store)
        return routes.router

    async def store(self, request: Incoming):
        return await validate_schema(request)  # error: ARC301
""",
                "src/shop/checks.py": """\
import json

async def validate_schema(request):
    # OrderCreate.model_validate(data)
    raw = await request.body()
    data = json.loads(raw)
    return "OrderCreate.model_validate(data)" and data
""",
            },
        ),
        Example(
            "inline handlers, registered in every other way",
            {
                "src/shop/main.py": """\
from fastapi import Depends, FastAPI, Request

app = FastAPI()

async def read(request: Request):
    return await request.json()

def build():
    @app.api_route("/a", methods=["GET", "POST"])
    async def first(request: Request):
        return await request.form()  # error: ARC301

    async def second(data=Depends(read)):  # error: ARC301
        return data

    app.add_api_route("/b", second, methods=["PUT"])
    app.add_route("/c", lambda request: request.json(), methods=["POST"])  # error: ARC301
"""
            },
        ),
        Example(
            "a schema that declares nothing and lets everything through",
            {
                _CONTROLLER: _ROUTER
                + """\
from pydantic import BaseModel

class OrderCreate(BaseModel):
    model_config = {"extra": "allow"}

@router.post("")
async def store(body: OrderCreate):  # error: ARC301
    return body
"""
            },
        ),
    ),
    good=(
        Example(
            "a schema as the parameter, and routes without a body",
            {
                _CONTROLLER: _ROUTER
                + """\
from pydantic import BaseModel

class OrderCreate(BaseModel):
    total: int

@router.post("")
async def store(body: OrderCreate, request: Request):
    return request.headers

@router.post("/{key}/close")
async def close(key: str, filters=Depends(dict)):
    return key

@router.get("")
async def index(request: Request):
    return await request.json()
"""
            },
        ),
        Example(
            "the body is checked by hand, in the handler and in a helper of any name",
            {
                _CONTROLLER: _ROUTER
                + """\
from shop.modules.orders.schemas import OrderCreate, pick

@router.post("")
async def store(request: Request):
    data = await request.json()
    return OrderCreate.model_validate(data)

@router.put("/{key}")
async def replace(key: str, request: Request):
    return await pick(request)
""",
                "src/shop/modules/orders/schemas.py": """\
from shop.kernel.http import ApiModel

class OrderCreate(ApiModel):
    total: int

async def pick(request):
    data = await request.json()
    return made(data)

def made(values):
    return OrderCreate(**values)
""",
            },
        ),
        Example(
            "a signed webhook that needs the raw bytes",
            {
                _CONTROLLER: _ROUTER
                + """\
import hmac

@router.post("/hook")
async def hook(request: Request):
    raw = await request.body()
    return hmac.new(b"key", raw, "sha256").hexdigest()
"""
            },
        ),
        Example(
            "a client whose method is called post",
            {
                "src/shop/rates.py": """\
async def send(client, request):
    data = await request.json()
    return await client.post("/rates", data)
"""
            },
        ),
    ),
)
