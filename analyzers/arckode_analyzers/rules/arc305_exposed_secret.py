"""ARC305: a secret where people can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.credentials import HINTS, credential
from arckode_analyzers.model.origins import package_of
from arckode_analyzers.model.secret_values import carried
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.routes import Route
    from arckode_analyzers.model.source import Source

_LOGGERS = frozenset({"logging", "structlog", "loguru"})
_LEVELS = frozenset(
    {"debug", "info", "warning", "warn", "error", "critical", "exception", "log", "trace", "success", "msg"}
)
_RESPONSES = frozenset({"JSONResponse", "ORJSONResponse", "PlainTextResponse", "HTMLResponse", "Response"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report secrets in the source, in logs, in returned values and in the schemas of answers."""
    yield from _written(source)
    yield from _logged(analysis, source)
    for route in analysis.routes.handled_in(source):
        yield from _returned(analysis, route)
    yield from _answered(analysis, source)


# The source


def _written(source: Source) -> Iterator[Spot]:
    if not source.holds(HINTS):
        return
    seen: set[int] = set()
    for line, column, function, shape in _shapes(source):
        for part in within(shape):
            found = credential(part[1]) if part[0] == "const" and isinstance(part[1], str) else None
            if found is None:
                continue
            kind, text = found
            at = next((line + more for more in range(60) if text[:40] in source.line(line + more)), line)
            if at not in seen:
                seen.add(at)
                message = f"{kind} is written in the source: whoever can read it, or its history, can use it"
                hint = "revoke it now, and read it from the environment as a SecretStr without a default"
                yield Spot(source, at, column if at == line else 0, source.symbol(function), message, kind, hint)


def _shapes(source: Source) -> Iterator[tuple[int, int, int, Shape]]:
    facts = source.facts
    for row in facts.bindings:
        if row.value is not None:
            yield row.line, row.column, row.function, row.value
    for parameter in facts.parameters:
        if parameter.default is not None:
            yield parameter.line, parameter.column, parameter.function, parameter.default
    for call in facts.calls:
        for shape in (*call.args, *(value for _, value in call.keywords)):
            yield call.line, call.column, call.function, shape
    for result in facts.results:
        yield result.line, result.column, result.function, result.value


# Logs


def _logged(analysis: Analysis, source: Source) -> Iterator[Spot]:
    for call in analysis.calls(source):
        record = call.record
        if not _is_log(analysis, call):
            continue
        for shape in (*record.args, *(value for _, value in record.keywords)):
            found = _first(analysis, source, record.function, shape)
            if found:
                message = f"{found} is written to the log, which more people read than the database"
                hint = "log the id of what it belongs to instead"
                yield Spot(source, record.line, record.column, call.caller, message, "log", hint)
                break


def _is_log(analysis: Analysis, call: CallAt) -> bool:
    func = call.record.func
    if func == ("name", "print"):
        value = analysis.callee(call)
        return value is not None and value.name == "builtins.print"
    if func[0] != "attr" or func[2] not in _LEVELS or not isinstance(func[1], tuple):
        return False
    return package_of(analysis.resolver, call.source, call.record.function, func[1]) in _LOGGERS


def _first(analysis: Analysis, source: Source, function: int, shape: Shape) -> str:
    found = (analysis.secret_values.holds(source, function, part) for part in carried(shape))
    return next((each for each in found if each), "")


# Answers


def _returned(analysis: Analysis, route: Route) -> Iterator[Spot]:
    """Report what a handler builds its answer of, unless a schema filters it."""
    handler = route.handler
    if handler is None or analysis.secret_answers.filters(route):
        return
    source, function = handler.source, handler.index
    for row in source.results_of.get(function, ()):
        found = next(
            (
                each
                for part in _answer(source, function, row.value)
                if (each := _first(analysis, source, function, part))
            ),
            "",
        )
        if found:
            message = f"{found} is part of the answer"
            hint = "answer with a schema that does not have it"
            yield Spot(source, row.line, row.column, handler.symbol, message, "response", hint)


def _answer(source: Source, function: int, shape: Shape) -> Iterator[Shape]:
    """Yield what an answer is made of, through a response object and a name."""
    match shape:
        case ("call", tuple(func), tuple(args), tuple(pairs)) if source.last(func) in _RESPONSES:
            for part in (*args, *(value for name, value in pairs if name == "content")):
                yield from _answer(source, function, part)
        case ("name", str(name)):
            for definition in source.names.get((function, -1), {}).get(name, ()):
                row = source.facts.bindings[definition.index] if definition.what == "binding" else None
                if row is not None and row.value is not None and row.value[0] in {"dict", "display"}:
                    yield row.value
        case ("dict" | "display" | "comp" | "either" | "format", *_):
            yield shape
        case ("attr", *_) | ("call", ("attr", _, "get_secret_value"), *_):
            yield shape


def _answered(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report the fields of an answer's schema, in the file that declares them."""
    for each in analysis.secret_answers.shown:
        if each.field.source is source:
            what = f"{each.model.rpartition('.')[2]}.{each.field.name}"
            schema = each.schema.rpartition(".")[2]
            caller = each.handler.record.name
            message = f"{schema}.{each.field.name} shows {what}, which holds a secret, to whoever calls {caller}"
            hint = f"leave {each.field.name} out of the schema that answers"
            places = ((source, each.field.line), (each.handler.source, each.handler.record.line))
            symbol = f"{each.schema}.{each.field.name}"
            yield Spot(source, each.field.line, each.field.column, symbol, message, what, hint, places)


_MODEL = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase): ...

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    anything: Mapped[str]
"""
_SECURITY = """\
from passlib.context import CryptContext

context = CryptContext(schemes=["bcrypt"])

def protect(text: str) -> str:
    return context.hash(text)
"""
_ROUTES = """\
from fastapi import APIRouter
from app.model import User
from app.schemas import UserOut
from app.security import protect

router = APIRouter()

@router.get("/users/{user_id}")
async def show(user_id: int) -> UserOut: ...

@router.post("/users")
async def store(email: str, password: str) -> int:
    user = User(email=email, anything=protect(password))
    return user.id
"""
_OUT = """\
from pydantic import BaseModel

class UserOut(BaseModel):
    id: int
    email: str
    anything: str  # error: ARC305
"""
RULE = Rule(
    code="ARC305",
    name="exposed-secret",
    severity="error",
    summary="A secret or a password hash is in a response, in a log or in the source.",
    why=(
        "A hash in an answer can be guessed at home, a password in a log is read by everybody who reads logs and kept "
        "as long as they are, and a key in the source stays in its history. None of them fails a test."
    ),
    hint="leave the field out of the answer and the log; read keys from the environment",
    check=check,
    decides=(
        "Found: columns that receive the result of a password hashing function, or the runtime's tokens, in the "
        "schema or value of an answer; those, secrets in the clear and passwords in log calls; credentials that are "
        "known by prefix, form and checksum. A random-looking text alone, and a suspicious name, prove nothing."
    ),
    bad=(
        Example(
            "a column that holds a hash, under a harmless name",
            {
                "src/app/model.py": _MODEL,
                "src/app/security.py": _SECURITY,
                "src/app/routes.py": _ROUTES,
                "src/app/schemas.py": _OUT,
            },
        ),
        Example(
            "a log line with a password, with a secret and with a hash",
            {
                "src/app/model.py": _MODEL,
                "src/app/security.py": _SECURITY,
                "src/app/login.py": """\
import logging
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import SecretStr
from app.model import User
from app.security import protect

log = logging.getLogger(__name__)

def login(form: OAuth2PasswordRequestForm, key: SecretStr, user: User, text: str):
    log.info("login of %s with %s", form.username, form.password)  # error: ARC305
    print(f"the key is {key.get_secret_value()}")  # error: ARC305
    user.anything = protect(text)
    log.debug("stored " + user.anything)  # error: ARC305
    log.warning("they typed {}".format(text))  # error: ARC305
""",
            },
        ),
        Example(
            "credentials in the source: a key, a URL, a default",
            {
                "src/app/settings.py": """\
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    queue_url: str = "amqps://shop:vT9rQ2mZx8@rabbit.shop.io/main"  # error: ARC305
    bucket: str = "shop"

def client(connect, key_id="AKIAQ3EGRZ7JPLNVXW2T"):  # error: ARC305
    return connect(key_id)
""",
            },
        ),
        Example(
            "a handler that returns the hash by hand",
            {
                "src/app/model.py": _MODEL,
                "src/app/security.py": _SECURITY,
                "src/app/routes.py": """\
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from app.model import User
from app.security import protect

router = APIRouter()

def change(user: User, text: str):
    user.anything = protect(text)

@router.get("/users/{user_id}")
async def show(user: User):
    return {"id": user.id, "x": user.anything}  # error: ARC305

@router.get("/raw/{user_id}")
async def raw(user: User):
    return JSONResponse({"items": [user.anything]})  # error: ARC305
""",
            },
        ),
    ),
    good=(
        Example(
            "a schema without the hash, and one that excludes it",
            {
                "src/app/model.py": _MODEL,
                "src/app/security.py": _SECURITY,
                "src/app/routes.py": _ROUTES,
                "src/app/schemas.py": """\
from pydantic import BaseModel, Field

class UserOut(BaseModel):
    id: int
    email: str
    anything: str = Field(exclude=True)

class UserInside(BaseModel):
    id: int
    email: str
    anything: str
""",
            },
        ),
        Example(
            "words that sound secret and are not",
            {
                "src/app/routes.py": """\
import logging
from fastapi import APIRouter
from pydantic import BaseModel, SecretStr

router = APIRouter()
log = logging.getLogger(__name__)

class TokenOut(BaseModel):
    access_token: str
    password_hash_algorithm: str
    secret: SecretStr

@router.post("/token")
async def token(secret: SecretStr) -> TokenOut:
    password_help = "at least eight characters"
    log.info("the password rules: %s, secret %s", password_help, secret)
    return TokenOut(access_token="x", password_hash_algorithm="argon2", secret=secret)
""",
            },
        ),
        Example(
            "placeholders, documented examples and development defaults",
            {
                "src/app/settings.py": """\
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    database_url: str = "postgresql://shop:vT9rQ2mZx8@localhost:5432/shop"
    queue_url: str = "amqp://guest:guest@rabbit.shop.io/"
    docs_url: str = "https://user:<password>@shop.io/"
    aws_key: str = "AKIAIOSFODNN7EXAMPLE"
    stripe: str = "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx"
    github: str = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
    checksum: str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    header: str = "-----BEGIN PRIVATE KEY-----"

def url(user: str, password: str, host: str) -> str:
    return f"postgresql://{user}:{password}@{host}/shop"
""",
            },
        ),
        Example(
            "a hash that is stored, checked and never shown",
            {
                "src/app/model.py": _MODEL,
                "src/app/security.py": _SECURITY,
                "src/app/routes.py": """\
import logging
from fastapi import APIRouter
from app.model import User
from app.security import context, protect

router = APIRouter()
log = logging.getLogger(__name__)

@router.post("/login")
async def login(user: User, typed: str):
    user.anything = protect(typed)
    is_right = context.verify(typed, user.anything)
    log.info("login of %s: %s, %s characters", user.id, is_right, len(typed))
    return {"right": is_right, "known": bool(user.anything)}
""",
            },
        ),
    ),
)
