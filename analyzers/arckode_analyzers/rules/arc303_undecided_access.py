"""ARC303: a route about which nobody decided who may call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.access import Judged
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report the routes of a file that neither demand anything nor say that they are public."""
    for judged in analysis.access.registered_in(source):
        route, handler = judged.route, judged.route.handler
        if handler is None or not _is_open(analysis, judged):
            continue
        name, verb = handler.record.name, "/".join(route.methods) or "?"
        if judged.is_kernel:
            message = f"the {verb} route of `{name}` states no access"
            yield Spot(source, route.line, route.column, handler.symbol, message, name)
        else:
            message = (
                f"the {verb} route of `{name}` uses the database without authentication, unlike others of its router"
            )
            hint = (
                "give the route or its router a dependency that authenticates; if it is public, say so with "
                '`openapi_extra={"x-access": "public"}`'
            )
            yield Spot(source, route.line, route.column, handler.symbol, message, name, hint)


def _is_open(analysis: Analysis, judged: Judged) -> bool:
    if judged.decision != "none" or judged.route.handler is None:
        return False
    if judged.is_kernel:
        return True
    if judged.router not in analysis.access.guarded or analysis.access.is_behind_middleware:
        return False
    return judged.route.handler.symbol in analysis.effects.reasons


_CONTROLLER = "src/shop/modules/orders/controller.py"
_HEAD = """\
from shop.kernel.access import PUBLIC, SIGNED_IN, require
from shop.kernel.http.routing import ModuleRouter

class OrdersController:
    def router(self):
"""
_HANDLERS = """\
        return routes.router

    async def index(self): ...
    async def show(self, order_id): ...
    async def destroy(self, order_id): ...
"""
_APP = """\
from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import select
from sqlalchemy.orm import Session
import jwt

scheme = OAuth2PasswordBearer(tokenUrl="/login")

def get_db():
    with Session() as session:
        yield session

def get_current_user(token: str = Depends(scheme)):
    return jwt.decode(token, "secret", algorithms=["HS256"])

"""
RULE = Rule(
    code="ARC303",
    name="undecided-access",
    severity="error",
    summary="A route neither demands authentication or a permission nor says that it is public.",
    why=(
        "A route that says nothing is open to everybody, and nobody can tell whether that was meant. Where public is "
        "said, whoever reviews the code sees it, and a forgotten guard stands out."
    ),
    hint='state `access=`: `PUBLIC`, `SIGNED_IN` or `require("module:action")`',
    check=check,
    decides=(
        "Found: routes of the generated router without `access=`; elsewhere, routes that reach the database with no "
        "credential looked at by the handler, its dependencies, its routers or the application, while another route "
        "of the same router has one. Silent: for a router that is open as a whole, behind middleware that "
        "authenticates, where a router or a dependency cannot be followed, and for handlers that check or make a "
        "credential themselves."
    ),
    bad=(
        Example(
            "a handler that asks for the caller, on a route of the generated router that states nothing",
            {
                _CONTROLLER: _HEAD.replace("import ModuleRouter", "import CurrentPrincipal, ModuleRouter")
                + """\
        routes = ModuleRouter("orders")
        routes.get("", self.index)  # error: ARC303
        return routes.router

    async def index(self, principal: CurrentPrincipal): ...
"""
            },
        ),
        Example(
            "a route of the generated router that states nothing",
            {
                _CONTROLLER: _HEAD
                + """\
        routes = ModuleRouter("orders")
        routes.get("", self.index, access=PUBLIC)
        routes.get("/{order_id:uuid}", self.show)  # error: ARC303
        routes.delete("/{order_id:uuid}", self.destroy, status=204)  # error: ARC303
"""
                + _HANDLERS
            },
        ),
        Example(
            "one route of an application was forgotten, and a dependency that is named like the check",
            {
                "app/main.py": _APP
                + """\
router = APIRouter()

def require_login():
    return "jwt.decode(token)"

@router.get("/orders")
def index(db: Session = Depends(get_db), user=Depends(get_current_user)):
    return db.scalars(select(1)).all()

@router.delete("/orders/{key}")
def destroy(key: int, db: Session = Depends(get_db), user=Depends(require_login)):  # PUBLIC  # error: ARC303
    db.execute(select(key))

app = FastAPI()
app.include_router(router)
"""
            },
        ),
        Example(
            "an alias of the guard on one route, a page of results on its neighbour, and the router in another file",
            {
                "app/deps.py": _APP,
                "app/orders.py": """\
from fastapi import Depends
from sqlalchemy.orm import Session
from app.deps import get_current_user as guard, get_db
from app.routers import main as router

def page(limit: int = 20):
    return limit

@router.get("/orders", dependencies=[Depends(guard)])
def index(db: Session = Depends(get_db)):
    return db.execute("x").all()

@router.get("/orders/all", dependencies=[Depends(page)])
def everything(db: Session = Depends(get_db)):  # error: ARC303
    return load(db)

def load(db: Session):
    return db.execute("x").all()
""",
                "app/routers.py": "from fastapi import APIRouter\n\nmain = APIRouter(prefix='/api')\n",
                "app/main.py": "from fastapi import FastAPI\nfrom app.orders import router\n\n"
                "app = FastAPI()\napp.include_router(router)\n",
            },
        ),
    ),
    good=(
        Example(
            "every route says who may call it",
            {
                _CONTROLLER: _HEAD.replace("class", "EVERYBODY = PUBLIC\n\nclass")
                + """\
        routes = ModuleRouter("orders")
        routes.get("", self.index, access=EVERYBODY)
        routes.get("/{order_id:uuid}", self.show, access=SIGNED_IN)
        routes.delete("/{order_id:uuid}", self.destroy, access=require("orders:write"))
"""
                + _HANDLERS
            },
        ),
        Example(
            "the router, the application or an alias authenticates; login and health decide for themselves",
            {
                "app/main.py": _APP
                + """\
from typing import Annotated
from pwdlib import PasswordHash

Caller = Annotated[dict, Depends(get_current_user)]
orders = APIRouter(dependencies=[Depends(get_current_user)])
open_router = APIRouter()
hasher = PasswordHash.recommended()

@orders.get("/orders")
def index(db: Session = Depends(get_db)):
    return db.scalars(select(1)).all()

@open_router.get("/mine")
def mine(caller: Caller, db: Session = Depends(get_db)):
    return db.scalars(select(1)).all()

@open_router.post("/login")
def login(name: str, password: str, db: Session = Depends(get_db)):
    user = db.scalars(select(name)).one()
    return jwt.encode({"sub": user.id}, "secret")

@open_router.get("/health")
def health():
    return "ok"

@open_router.get("/catalogue", openapi_extra={"x-access": "public"})
def catalogue(db: Session = Depends(get_db)):
    return db.scalars(select(1)).all()

app = FastAPI()
app.include_router(orders)
app.include_router(open_router)
"""
            },
        ),
        Example(
            "the guard stands where the router is included, and another router is open as a whole",
            {
                "app/deps.py": _APP,
                "app/orders.py": """\
from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from app.deps import get_db

router = APIRouter()
hooks = APIRouter()

@router.get("/orders")
def index(db: Session = Depends(get_db)):
    return db.execute("x").all()

@hooks.get("/hooks")
def hook(db: Session = Depends(get_db)):
    return db.execute("x").all()
""",
                "app/main.py": """\
from fastapi import Depends, FastAPI
from app import orders
from app.deps import get_current_user as guard

app = FastAPI()
app.include_router(orders.router, dependencies=[Depends(guard)])
app.include_router(orders.hooks)
""",
            },
        ),
        Example(
            "an application that authenticates nobody",
            {
                "app/main.py": """\
from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

app = FastAPI()

def get_db():
    with Session() as session:
        yield session

@app.get("/orders")
def index(db: Session = Depends(get_db)):
    return db.scalars(select(1)).all()
"""
            },
        ),
    ),
)
