"""ARC302: rows asked for by id, beside every way to ask whose they are, and ways that only look like one."""

from __future__ import annotations

import pytest

from tests.rules.projects import expected, places

_MODELS = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase): ...

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    is_superuser: Mapped[bool]
    is_active: Mapped[bool]

class Project(Base):
    __tablename__ = "projects"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    status: Mapped[str]

class Country(Base):
    __tablename__ = "countries"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
_DEPS = """\
from typing import Annotated
import jwt
from fastapi import Depends, Header, HTTPException, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.orm import Session
from app.models import Order, Project, User

scheme = OAuth2PasswordBearer(tokenUrl="/login")

def get_db():
    with Session() as session:
        yield session

DB = Annotated[Session, Depends(get_db)]

def who(db: DB, token: str = Depends(scheme)) -> User:
    payload = jwt.decode(token, "secret", algorithms=["HS256"])
    user = db.get(User, payload["sub"])
    if user is None or payload.get("type") != "access":
        raise HTTPException(401)
    return user

Me = Annotated[User, Depends(who)]

def active(user: Me) -> User:
    if not user.is_active:
        raise HTTPException(400)
    return user

def boss(user: Me) -> User:
    if not user.is_superuser:
        raise HTTPException(403)
    return user

class HasRole:
    def __init__(self, role: str) -> None:
        self.role = role

    def __call__(self, user: Me) -> None:
        if user.role != self.role:
            raise HTTPException(403)

def has_role(role: str):
    def check(user: Me) -> None:
        if role not in user.roles:
            raise HTTPException(403)
    return check
"""
_HEAD = """\
from typing import Annotated
from fastapi import APIRouter, BackgroundTasks, Depends, Header, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from app.deps import DB, HasRole, Me, active, boss, get_db, has_role, who
from app.models import Country, Order, Project, User

router = APIRouter()

class OrderOut(BaseModel):
    id: int

class OrderIn(BaseModel):
    order_id: int
    owner_id: int

"""


def app(body: str, helpers: str = "", **others: str) -> dict[str, str]:
    """Return a project with users, orders and one file of routes."""
    return {
        "app/__init__.py": "",
        "app/models.py": _MODELS,
        "app/deps.py": _DEPS,
        "app/helpers.py": helpers,
        "app/routes.py": _HEAD + body,
        **{f"app/{name}.py": text for name, text in others.items()},
    }


_GET = '@router.get("/orders/{order_id}")\n'
_CHECKED = """\
from fastapi import HTTPException
from app.models import Order

def get_or_404(db, model, key):
    row = db.get(model, key)
    if row is None:
        raise HTTPException(404)
    return row

def assert_ownership(order, user):
    # order.owner_id must equal user.id
    if order is None:
        raise HTTPException(404)
    return "order.owner_id == user.id"

def check(order, user):
    if order.owner_id != user.id:
        raise HTTPException(403)

def looks(order, user):
    if order.owner_id != user.id:
        return None

def is_mine(order, user):
    return order.owner_id == user.id

def may_see(order, user):
    if user.is_superuser:
        return True
    if order.owner_id != user.id:
        return False
    return True

def always(order, user):
    return True

def of_caller(db, key, user):
    order = db.get(Order, key)
    if order is None or order.owner_id != user.id:
        raise HTTPException(404)
    return order

def authorize(order, user):
    check(order, user)
"""
_USE = "from app.helpers import *\n"
_MAKES = '@router.post("/orders")\nasync def make(given: OrderIn, user: Me, db: DB):\n'


def _show(body: str, signature: str = "order_id: int, user: Me, db: DB") -> str:
    lines = "".join(f"    {line}\n" for line in body.strip("\n").split("\n"))
    return f"{_GET}def show({signature}):\n{lines}"


_LOOK = "order = db.get(Order, order_id)"
_MAKERS = """\
import hmac
import secrets

def fresh() -> str:
    made = secrets.token_hex(16)
    return made

def counted() -> str:
    secret = str(next(NUMBERS))
    return secret

def hashed(text: str) -> str:
    return hmac.new(b"k", text.encode(), "sha256").hexdigest()
"""
_INVITED = """\
import hashlib
import hmac
import secrets
from uuid import UUID, uuid4
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column
from app.helpers import *
from app.models import Base

class Invitation(Base):
    __tablename__ = "invitations"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    token: Mapped[str] = mapped_column(unique=True, default=secrets.token_urlsafe)
    code: Mapped[str] = mapped_column(unique=True, default=lambda: fresh())
    number: Mapped[UUID] = mapped_column(unique=True, default=uuid4)
    token_id: Mapped[str] = mapped_column(unique=True, default=counted)
    hash: Mapped[str]
    done: Mapped[bool]

"""
_BAD = _LOOK + "  # error: ARC302"

CASES: dict[str, dict[str, str]] = {
    # Nothing compares
    "session.get and a return": app(_show(f"{_BAD}\nreturn order")),
    "a checked existence proves nothing": app(
        _show(f"{_BAD}\nif order is None:\n    raise HTTPException(404)\nreturn order")
    ),
    "get_one": app(_show("return db.get_one(Order, order_id)  # error: ARC302")),
    "a select where the id is equal": app(
        _show("order = db.scalars(select(Order).where(Order.id == order_id)).one()  # error: ARC302\nreturn order")
    ),
    "a select built in steps": app(
        _show(
            "query = select(Order)\nquery = query.where(Order.id == order_id)  # error: ARC302\nreturn db.scalar(query)"
        )
    ),
    "the id on the left, and a status": app(
        _show("return db.scalar(select(Order).where(order_id == Order.id, Order.status == 'paid'))  # error: ARC302")
    ),
    "a legacy query with filter": app(
        _show("return db.query(Order).filter(Order.id == order_id).first()  # error: ARC302")
    ),
    "a legacy query with filter_by": app(_show("return db.query(Order).filter_by(id=order_id).one()  # error: ARC302")),
    "a legacy query with get": app(_show("return db.query(Order).get(order_id)  # error: ARC302")),
    "another unique column": app(
        _show("return db.scalar(select(Order).where(Order.number == order_id))  # error: ARC302")
    ),
    "a schema made of the row": app(_show(f"{_BAD}\nreturn OrderOut.model_validate(order)")),
    "one field of the row": app(_show(f'{_BAD}\nreturn {{"status": order.status}}')),
    "a changed attribute": app(_show(f'{_BAD}\norder.status = "paid"\ndb.commit()')),
    "a deleted row": app(_show(f"{_BAD}\ndb.delete(order)\ndb.commit()")),
    "an update by id": app(
        _show('db.execute(update(Order).where(Order.id == order_id).values(status="paid"))  # error: ARC302')
    ),
    "a delete by id": app(_show("db.execute(delete(Order).where(Order.id == order_id))  # error: ARC302")),
    "a legacy delete": app(_show("db.query(Order).filter(Order.id == order_id).delete()  # error: ARC302")),
    "a background job with the row": app(
        _show(f"{_BAD}\njobs.add_task(print, order)", "order_id: int, user: Me, db: DB, jobs: BackgroundTasks")
    ),
    "a nested function that sees whose request it is": app(
        _show("def mine():\n    return owned(db, order_id, user.id)\nreturn mine()")
        + """
def owned(db: Session, key: int, owner: int):
    return db.scalar(select(Order).where(Order.id == key, Order.owner_id == owner))
"""
    ),
    "a nested function that asks whose a row is before it changes that": app(
        _show("def one(key):\n    cancel(db, key, user.id)\none(order_id)")
        + """
def cancel(db: Session, key: int, owner: int):
    row = db.scalar(select(Order).where(Order.id == key, Order.owner_id == owner))
    if row is None:
        raise HTTPException(404)
    db.execute(update(Order).where(Order.id == key).values(status="off"))
"""
    ),
    "a nested function that sees the id and asks for nobody": app(
        _show("def anyones():\n    return db.get(Order, order_id)\nreturn anyones()  # error: ARC302")
    ),
    "a nested function with another of that name": app(
        _show(
            "def anothers(user):\n"
            "    return db.scalar(select(Order).where(Order.id == order_id, Order.owner_id == user))\n"
            'return anothers(request.query_params["user"])  # error: ARC302',
            "order_id: int, user: Me, db: DB, request: Request",
        )
    ),
    "an id from the body": app(
        '@router.post("/pay")\ndef pay(body: OrderIn, user: Me, db: DB):\n'
        "    return db.get(Order, body.order_id)  # error: ARC302\n"
    ),
    "an id from the request object": app(
        _show(
            'return db.get(Order, request.path_params["order_id"])  # error: ARC302',
            "request: Request, user: Me, db: DB",
        )
    ),
    "a helper that takes the model": app(
        _USE + _show("return get_or_404(db, Order, order_id)  # error: ARC302"), _CHECKED
    ),
    "a service two calls deep": app(
        _show("return Orders(db).get(order_id)  # error: ARC302").replace(
            "@router", "from app.orders import Orders\n@router"
        ),
        orders="""\
from sqlalchemy.orm import Session
from app.models import Order
class Orders:
    def __init__(self, db: Session) -> None:
        self._db = db
    def get(self, key):
        return self._load(key)
    def _load(self, key):
        return self._db.get(Order, key)
""",
    ),
    "a generic base class": app(
        _show("return Orders(db).get(order_id)  # error: ARC302").replace(
            "@router", "from app.orders import Orders\n@router"
        ),
        orders="""\
from typing import Generic, TypeVar
from sqlalchemy import select
from sqlalchemy.orm import Session
from app.models import Order
M = TypeVar("M")
class Base(Generic[M]):
    model: type[M]
    def __init__(self, db: Session) -> None:
        self.db = db
    def get(self, key):
        return self.db.scalars(select(self.model).where(self.model.id == key)).one()
class Orders(Base[Order]):
    model = Order
""",
    ),
    "a dependency that loads and compares nothing": app(
        "def load(order_id: int, db: DB) -> Order:\n    return db.get(Order, order_id)\n"
        + _show("return order", "user: Me, order: Order = Depends(load),  # error: ARC302\n")
    ),
    "an account that is active owns nothing": app(
        _show(f"{_BAD}\nreturn order", "order_id: int, db: DB, user: User = Depends(active)")
    ),
    "who is calling is only said where it is handed over": app(
        "import jwt\nfrom company import directory\nfrom app.deps import scheme\n"
        "def found(token: str = Depends(scheme)):\n"
        '    return directory.person(jwt.decode(token, "key", algorithms=["HS256"]))\n'
        + _show(f"{_BAD}\nreturn order", "order_id: int, db: DB, user: User = Depends(found)")
    ),
    "signed in by the route alone": app(
        '@router.get("/orders/{order_id}", dependencies=[Depends(who)])\ndef show(order_id: int, db: DB):\n'
        "    return db.get(Order, order_id)  # error: ARC302\n"
    ),
    # Comparisons that only look like one
    "compared with the request's own parameter": app(
        _show(
            f"{_BAD}\nif order.owner_id != owner_id:\n    raise HTTPException(403)\nreturn order",
            "order_id: int, owner_id: int, user: Me, db: DB",
        )
    ),
    "compared with the body": app(
        '@router.post("/pay")\ndef pay(body: OrderIn, user: Me, db: DB):\n'
        "    order = db.get(Order, body.order_id)  # error: ARC302\n"
        "    if order.owner_id != body.owner_id:\n        raise HTTPException(403)\n    return order\n"
    ),
    "compared with a header": app(
        _show(
            f"{_BAD}\nif order.owner_id != x_user:\n    raise HTTPException(403)\nreturn order",
            "order_id: int, user: Me, db: DB, x_user: int = Header()",
        )
    ),
    "compared with a user that the request names": app(
        _show(
            f"{_BAD}\nclaimed = db.get(User, user_id)\nif order.owner_id != claimed.id:\n"
            "    raise HTTPException(403)\nreturn order",
            "order_id: int, user_id: int, user: Me, db: DB",
        )
    ),
    "filtered by the request's own parameter": app(
        _show(
            "return db.scalar(select(Order).where(Order.id == order_id, Order.owner_id == owner_id))  # error: ARC302",
            "order_id: int, owner_id: int, user: Me, db: DB",
        )
    ),
    "the wrong way round": app(
        _show(f"{_BAD}\nif order.owner_id == user.id:\n    raise HTTPException(403)\nreturn order")
    ),
    "compared and then only logged": app(
        _show(f'{_BAD}\nif order.owner_id != user.id:\n    print("not theirs")\nreturn order')
    ),
    "compared after it was changed": app(
        _show(f'{_BAD}\norder.status = "paid"\nif order.owner_id != user.id:\n    raise HTTPException(403)')
    ),
    "compared in a branch that the request chooses": app(
        _show(
            f"{_BAD}\nif strict:\n    if order.owner_id != user.id:\n        raise HTTPException(403)\nreturn order",
            "order_id: int, strict: bool, user: Me, db: DB",
        )
    ),
    "compared inside a try that swallows": app(
        _show(
            f"{_BAD}\ntry:\n    if order.owner_id != user.id:\n        raise HTTPException(403)\n"
            "except HTTPException:\n    pass\nreturn order"
        )
    ),
    "another column with a constant": app(
        _show(f'{_BAD}\nif order.status != "open":\n    raise HTTPException(409)\nreturn order')
    ),
    "a helper named like the guard": app(
        _USE + _show(f"{_BAD}\nassert_ownership(order, user)\nreturn order"), _CHECKED
    ),
    "a guard that returns instead of raising": app(_USE + _show(f"{_BAD}\nlooks(order, user)\nreturn order"), _CHECKED),
    "a question that is always answered yes": app(
        _USE + _show(f"{_BAD}\nif not always(order, user):\n    raise HTTPException(403)\nreturn order"), _CHECKED
    ),
    "a question whose answer is dropped": app(_USE + _show(f"{_BAD}\nis_mine(order, user)\nreturn order"), _CHECKED),
    "the other row is compared": app(
        _show(
            "mine = db.get(Project, project_id)\nif mine.owner_id != user.id:\n"
            f"    raise HTTPException(403)\n{_BAD}\nreturn order",
            "order_id: int, project_id: int, user: Me, db: DB",
        )
    ),
    "the token's other claim": app(
        _show(
            "order = db.get(Order, order_id)  # error: ARC302\nif user.is_active is False:\n"
            "    raise HTTPException(403)\nreturn order"
        )
    ),
    "several ids at once": app(
        _show(
            "return db.scalars(select(Order).where(Order.id.in_(ids))).all()  # error: ARC302",
            "order_id: int, ids: list[int], user: Me, db: DB",
        )
    ),
    "an alias of the model, of the session and of the caller": app(
        "from app.models import Order as Thing\nfrom app.deps import Me as Whoever\n"
        + _show("find = db.get\nreturn find(Thing, order_id)  # error: ARC302", "order_id: int, who: Whoever, db: DB")
    ),
    "a check of another helper under the guard's name": app(
        "from app.helpers import always as check\n" + _show(f"{_BAD}\ncheck(order, user)\nreturn order"),
        _CHECKED,
    ),
    "a guard that is defined and never called": app(
        "from app.helpers import check\n" + _show(f"{_BAD}\nguard = check\nreturn order"), _CHECKED
    ),
    "comments and strings that tell": app(
        _show(f'# if order.owner_id != user.id: raise\n{_BAD}\n"order.owner_id == user.id"\nreturn order')
    ),
    # Right answers
    "compared and raised": app(
        _show(f"{_LOOK}\nif order.owner_id != user.id:\n    raise HTTPException(403)\nreturn order")
    ),
    "an administrator or the owner": app(
        _show(
            f"{_LOOK}\nif not user.is_superuser and (order.owner_id != user.id):\n"
            "    raise HTTPException(403)\nreturn order"
        )
    ),
    "returned only when equal": app(
        _show(f"{_LOOK}\nif order.owner_id == user.id:\n    return order\nraise HTTPException(403)")
    ),
    "the answer in the other branch": app(
        _show(f"{_LOOK}\nif order.owner_id == user.id:\n    pass\nelse:\n    raise HTTPException(403)\nreturn order")
    ),
    "a conditional expression": app(_show(f"{_LOOK}\nreturn order if order.owner_id == user.id else None")),
    "a condition of the query under a name, chosen by who is calling": app(
        _show(
            "mine = Order.owner_id.is_(None) if user is None else Order.owner_id == user.id\n"
            "order = db.scalar(select(Order).where(Order.id == order_id, mine))\n"
            "return order"
        )
    ),
    "conditions of the query under names, and none of them about the owner": app(
        _show(
            "this = Order.id == order_id\n"
            'paid = Order.status == "paid"\n'
            "order = db.scalar(select(Order).where(this, paid))  # error: ARC302\n"
            "return order"
        )
    ),
    "a comparison under a name": app(
        _show(f"{_LOOK}\nmine = user.id == order.owner_id\nif not mine:\n    raise HTTPException(403)\nreturn order")
    ),
    "an assertion": app(_show(f"{_LOOK}\nassert order.owner_id == user.id\nreturn order")),
    "an elif": app(
        _show(
            f"{_LOOK}\nif order is None:\n    raise HTTPException(404)\n"
            "elif order.owner_id != user.id:\n    raise HTTPException(403)\nreturn order"
        )
    ),
    "a nested condition about the role": app(
        _show(
            f"{_LOOK}\nif not user.is_superuser:\n    if order.owner_id != user.id:\n"
            "        raise HTTPException(403)\nreturn order"
        )
    ),
    "one of several teams": app(
        _show(f"{_LOOK}\nif order.project_id not in user.project_ids:\n    raise HTTPException(403)\nreturn order")
    ),
    "the owner in the filter": app(
        _show("return db.scalar(select(Order).where(Order.id == order_id, Order.owner_id == user.id))")
    ),
    "the owner in a later filter": app(
        _show(
            "query = select(Order).where(Order.id == order_id)\n"
            "query = query.where(Order.owner_id == user.id)\nreturn db.scalar(query)"
        )
    ),
    "the owner in filter_by": app(_show("return db.query(Order).filter_by(id=order_id, owner_id=user.id).first()")),
    "a delete with the owner": app(
        _show("db.execute(delete(Order).where(Order.id == order_id).where(Order.owner_id == user.id))")
    ),
    "an existence check with the owner": app(
        _show(
            "found = db.scalar(select(Order.id).where(Order.id == order_id, Order.owner_id == user.id))\n"
            "if found is None:\n    raise HTTPException(404)\ndb.execute(delete(Order).where(Order.id == order_id))"
        )
    ),
    "a helper of any name that raises": app(_USE + _show(f"{_LOOK}\ncheck(order, user)\nreturn order"), _CHECKED),
    "a helper that calls one": app(_USE + _show(f"{_LOOK}\nauthorize(order, user)\nreturn order"), _CHECKED),
    "a helper under another name": app(
        "from app.helpers import check as log\n" + _show(f"{_LOOK}\nlog(user=user, order=order)\nreturn order"),
        _CHECKED,
    ),
    "a question that is asked": app(
        _USE + _show(f"{_LOOK}\nif not is_mine(order, user):\n    raise HTTPException(403)\nreturn order"), _CHECKED
    ),
    "a question with several answers": app(
        _USE + _show(f"{_LOOK}\nif not may_see(order, user):\n    raise HTTPException(403)\nreturn order"), _CHECKED
    ),
    "a helper that looks up and compares": app(_USE + _show("return of_caller(db, order_id, user)"), _CHECKED),
    "compared before it is deleted by id": app(
        _USE + _show("of_caller(db, order_id, user)\ndb.execute(delete(Order).where(Order.id == order_id))"), _CHECKED
    ),
    "a dependency that loads and compares": app(
        "def load(order_id: int, db: DB, user: Me) -> Order:\n    order = db.get(Order, order_id)\n"
        "    if order.owner_id != user.id:\n        raise HTTPException(403)\n    return order\n"
        + _show("return order", "order: Annotated[Order, Depends(load)]")
    ),
    "a dependency of the route that compares": app(
        "def mine(order_id: int, db: DB, user: Me) -> None:\n"
        "    if db.get(Order, order_id).owner_id != user.id:\n        raise HTTPException(403)\n"
        '@router.get("/orders/{order_id}", dependencies=[Depends(mine)])\ndef show(order_id: int, db: DB):\n'
        "    return db.get(Order, order_id)\n"
    ),
    "a service that receives the caller": app(
        _show("return Orders(db, user).get(order_id)").replace("@router", "from app.orders import Orders\n@router"),
        orders="""\
from app.models import Order
class Orders:
    def __init__(self, db, user) -> None:
        self._db, self._user = db, user
    def get(self, key):
        order = self._db.get(Order, key)
        if order.owner_id != self._user.id:
            raise PermissionError
        return order
""",
    ),
    "a parent that was compared": app(
        _show(
            "project = db.get(Project, project_id)\nif project.owner_id != user.id:\n    raise HTTPException(403)\n"
            "return db.scalar(select(Order).where(Order.id == order_id, Order.project_id == project_id))",
            "order_id: int, project_id: int, user: Me, db: DB",
        )
    ),
    "a parent whose row is compared": app(
        _show(
            "project = db.get(Project, project_id)\nif project.owner_id != user.id:\n    raise HTTPException(403)\n"
            f"{_LOOK}\nif order.project_id != project.id:\n    raise HTTPException(404)\nreturn order",
            "order_id: int, project_id: int, user: Me, db: DB",
        )
    ),
    "an administrator's route": app(
        _show(f"{_LOOK}\nreturn order", "order_id: int, db: DB, user: User = Depends(boss)")
    ),
    "an administrator's check inline": app(
        _show(f"{_LOOK}\nif not user.is_superuser:\n    raise HTTPException(403)\nreturn order")
    ),
    "a role that a class asks for": app(
        '@router.get("/orders/{order_id}", dependencies=[Depends(HasRole("staff"))])\n'
        "def show(order_id: int, db: DB):\n"
        "    return db.get(Order, order_id)\n"
    ),
    "a role that a factory asks for": app(
        '@router.get("/orders/{order_id}", dependencies=[Depends(has_role("staff"))])\n'
        "def show(order_id: int, db: DB):\n"
        "    return db.get(Order, order_id)\n"
    ),
    "a token that nobody guesses, beside a number that everybody can count up to": app(
        _INVITED
        + """\
@router.get("/invitations/{token}")
def show(token: str, user: Me, db: DB):
    return db.scalar(select(Invitation).where(Invitation.token == token))

@router.get("/invitations/{code}/code")
def by_code(code: str, user: Me, db: DB):
    return db.scalar(select(Invitation).where(Invitation.code == code))

@router.get("/invitations/{number}/number")
def by_number(number: UUID, user: Me, db: DB):
    return db.scalar(select(Invitation).where(Invitation.number == number))  # error: ARC302

@router.get("/invitations/{token_id}/id")
def by_id(token_id: str, user: Me, db: DB):
    return db.scalar(select(Invitation).where(Invitation.token_id == token_id))  # error: ARC302
""",
        _MAKERS,
    ),
    "what was sent is compared with its digest": app(
        _INVITED
        + """\
@router.get("/invitations/{key}/opened")
def opened(key: str, user: Me, db: DB):
    digest = hashlib.sha256(key.encode()).hexdigest()
    return db.scalar(select(Invitation).where(Invitation.number == digest))

@router.post("/sign-in")
def sign_in(name: str, password: str, user: Me, db: DB):
    return db.scalar(select(Invitation).where(Invitation.number == name, Invitation.hash == hashed(password)))

@router.get("/invitations/{key}/copied")
def copied(key: str, user: Me, db: DB):
    hash = str(key.encode())
    return db.scalar(select(Invitation).where(Invitation.number == hash))  # error: ARC302

@router.get("/invitations/{key}/compared")
def compared(key: str, user: Me, db: DB):
    same = hmac.compare_digest(key, key)
    return db.scalar(select(Invitation).where(Invitation.number == key, Invitation.done == same))  # error: ARC302
""",
        _MAKERS,
    ),
    "a public route": app(_show(f"{_LOOK}\nreturn order", "order_id: int, db: DB")),
    "a model that belongs to nobody": app(_show("return db.get(Country, order_id)")),
    "the own profile": app(_show("return db.get(User, user.id)")),
    "any profile, which has no owner": app(_show("return db.get(User, order_id)")),
    "the own id given in the path": app(
        _show("if order_id != user.id:\n    raise HTTPException(403)\nreturn db.get(Order, order_id)")
    ),
    "only whether it exists": app(_show(f"{_LOOK}\nreturn {{'exists': order is not None}}")),
    "a list of the caller's": app(_show("return db.scalars(select(Order).where(Order.owner_id == user.id)).all()")),
    "a method of a base class that compares": app(
        _show("return Orders(db).get(order_id, user)").replace("@router", "from app.orders import Orders\n@router"),
        orders="""\
from app.models import Order
class Checked:
    def ensure(self, row, who):
        if row.owner_id == who.id:
            return
        raise PermissionError
class Orders(Checked):
    def __init__(self, db) -> None:
        self._db = db
    def get(self, key, who):
        order = self._db.get(Order, key)
        self.ensure(order, who)
        return order
""",
    ),
    "a role among several": app(
        _show(f'{_LOOK}\nif user.role not in {{"admin", "staff"}}:\n    raise HTTPException(403)\nreturn order')
    ),
    "one of the caller's own rows": app(_show("return next(row for row in user.orders if row.id == order_id)")),
    "a membership that was found": app(
        _show(
            "found = db.scalar(select(Project).where(Project.id == project_id, Project.owner_id == user.id))\n"
            "if found is None:\n    raise HTTPException(404)\n"
            "return db.scalar(select(Order).where(Order.id == order_id, Order.project_id == found.id))",
            "order_id: int, project_id: int, user: Me, db: DB",
        )
    ),
    "a comparison in a filter of rows": app(
        _show(
            "rows = db.scalars(select(Order).where(Order.id.in_(ids))).all()\n"
            "if any(row.owner_id != user.id for row in rows):\n    raise HTTPException(403)\nreturn rows",
            "order_id: int, ids: list[int], user: Me, db: DB",
        )
    ),
    "a row that the handler made, by a CRUD object": app(
        "from fastcrud import FastCRUD\norders = FastCRUD(Order)\n"
        + _MAKES
        + "    made = await orders.create(db=db, object=given)\n    return await orders.get(db=db, id=made.id)\n"
    ),
    "a row that the handler made, in the session": app(
        _MAKES
        + "    made = Order(**given.model_dump())\n    db.add(made)\n    db.commit()\n"
        + "    return db.scalar(select(Order).where(Order.id == made.id))\n"
    ),
    "a row that is made with an id of the request's": app(
        _MAKES
        + "    made = Order(id=given.order_id)\n"
        + "    return db.scalar(select(Order).where(Order.id == made.id))  # error: ARC302\n"
    ),
    "a row that is made where there is none": app(
        _MAKES
        + "    made = db.get(Order, given.order_id)  # error: ARC302\n    if made is None:\n"
        + "        made = Order(status='new')\n    return db.scalar(select(Order).where(Order.id == made.id))\n"
    ),
    "the row that a row just made names, as the request had it": app(
        _MAKES
        + "    made = OrderIn(**given.model_dump())\n"
        + "    return db.scalar(select(Order).where(Order.id == made.order_id))  # error: ARC302\n"
    ),
    "a guard nobody can look into": app(
        "from casbin_guard import enforce\n"
        + _show(f"{_LOOK}\nif not enforce(user, order):\n    raise HTTPException(403)\nreturn order")
    ),
    "a caller nobody can look into": app(
        "from company.auth import CurrentUser\n"
        + _show(
            f"{_LOOK}\nif order.owner_id != user.id:\n    raise HTTPException(403)\nreturn order",
            "order_id: int, user: CurrentUser, db: DB",
        )
    ),
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in CASES.items()])
def test_a_row_is_reported_unless_its_owner_was_asked_about(files: dict[str, str]) -> None:
    assert places(files, "ARC302") == expected(files)
