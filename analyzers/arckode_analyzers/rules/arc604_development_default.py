"""ARC604: what is meant for development runs in production."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.settings import Setting
from arckode_analyzers.model.vocabulary import PROVIDER_VARIABLES, PROVIDERS, VOLATILE
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arckode_analyzers.facts.records import Binding, Block
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.project import ClassAt
    from arckode_analyzers.model.source import Source

# Where a key signs or encrypts: the position and the keyword of the key.
_KEYED = {
    "jwt.encode": (1, "key"),
    "jwt.decode": (1, "key"),
    "jose.jwt.encode": (1, "key"),
    "jose.jwt.decode": (1, "key"),
    "hmac.new": (0, "key"),
    "hmac.digest": (0, "key"),
    "itsdangerous.Signer": (0, "secret_key"),
    "itsdangerous.TimestampSigner": (0, "secret_key"),
    "itsdangerous.URLSafeSerializer": (0, "secret_key"),
    "itsdangerous.URLSafeTimedSerializer": (0, "secret_key"),
    "cryptography.fernet.Fernet": (0, "key"),
    "starlette.middleware.sessions.SessionMiddleware": (1, "secret_key"),
    "fastapi.FastAPI.add_middleware": (9, "secret_key"),
    "kernel.sign_token": (1, "key"),
}
# What takes a public key, or a text that only separates purposes, may well be given one that is written down.
_MAY_BE_WRITTEN = frozenset({"jwt.decode", "jose.jwt.decode", "hmac.new", "hmac.digest"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report parts that forget and secrets that everybody knows, where production can reach them."""
    for call in analysis.calls(source):
        value = analysis.callee(call)
        if value is None:
            continue
        if value.name in VOLATILE and value.kind in {"external", "class"}:
            yield from _volatile(analysis, call, value.name)
        elif value.name in _KEYED:
            yield from _written_key(analysis, call, value.name)
    yield from _unprovided(analysis, source)
    yield from _unprovided_outside(analysis, source)
    for setting in analysis.settings.all:
        if setting.source is source and setting.is_secret and _is_known(analysis, setting):
            yield _known_secret(setting)


def _is_known(analysis: Analysis, setting: Setting) -> bool:
    return bool(setting.default) and not analysis.settings.is_checked(setting)


def _known_secret(setting: Setting, chain: tuple[tuple[Source, int], ...] = ()) -> Spot:
    message = (
        f"the secret {setting.name} has a default that is in the source: production runs with it when nobody sets it"
    )
    hint = f"leave out the default of {setting.name}, or refuse it in production with a validator"
    return Spot(setting.source, setting.line, setting.column, setting.symbol, message, setting.name, hint, chain)


# Providers


def _unprovided(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report settings that choose a provider which nobody puts behind its port."""
    if not analysis.boot.roots:
        return
    for klass, row, port, call in _chosen(
        analysis, (each for each in analysis.settings.classes if each.source is source)
    ):
        default, providers = PROVIDERS[port]
        said = _keyword(call, "provider")
        names = (default,) if said is None else analysis.acts.names.of(source, klass.record.function, said)
        own = port.rpartition(".")[2]
        for name in names or ():
            needed = providers.get(name)
            if needed is not None and not _is_provided(analysis, needed, "" if said is not None else own):
                message = f"{own} chooses '{name}' and nobody provides it: the application refuses to start"
                symbol = f"{klass.symbol}.{row.target[1]}"
                yield Spot(source, row.line, row.column, symbol, message, needed, _provide(needed))


def _unprovided_outside(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report variables of `.env` and compose files that choose a provider which nobody puts behind its port."""
    variables = [mark for mark in source.facts.marks if mark.what == "variable"]
    if not variables or not analysis.boot.roots or not analysis.settings.classes:
        return
    chosen = tuple(_chosen(analysis, analysis.settings.classes))
    ports = {port for _, _, port, _ in chosen}
    named = {f"{row.target[1]}__PROVIDER".upper(): port for _, row, port, _ in chosen}
    for mark in variables:
        port = named.get(mark.name) or PROVIDER_VARIABLES.get(mark.name, "")
        needed = PROVIDERS[port][1].get(mark.detail) if port else None
        if needed is None:
            continue
        said = f"{mark.name} chooses '{mark.detail}'"
        if port not in ports:
            own = port.rpartition(".")[2]
            message = f"{said} and no setting reads it: the application goes on without"
            hint = f"declare a setting of {own} and call `{needed}(kernel)`, as `arckode make:adapter` does both"
            yield Spot(source, mark.line, mark.column, mark.name, message, needed, hint)
        elif not _is_provided(analysis, needed, ""):
            message = f"{said} and nobody provides it: the application refuses to start"
            yield Spot(source, mark.line, mark.column, mark.name, message, needed, _provide(needed))


def _provide(needed: str) -> str:
    return f"call `{needed}(kernel)` in the composition root, or choose what is provided there"


def _chosen(analysis: Analysis, classes: Iterable[ClassAt]) -> Iterator[tuple[ClassAt, Binding, str, Shape]]:
    """Yield the settings of ports: the class and the field, whose port it is, and what makes its default."""
    for klass in classes:
        for row in klass.source.declared_in.get(klass.index, ()):
            value = None if row.value is None else analysis.value(klass.source, klass.record.function, row.value)
            if value is not None and value.name in PROVIDERS and row.value is not None and row.value[0] == "call":
                yield klass, row, value.name, row.value


def _keyword(call: Shape, name: str) -> Shape | None:
    match call:
        case ("call", _, _, tuple(pairs)):
            return next((shape for key, shape in pairs if key == name), None)
    return None


def _is_provided(analysis: Analysis, needed: str, port: str) -> bool:
    """Tell whether the provider's own function is called, one of the project's own is put in, or any of a port is.

    The last is for settings that say nothing: the environment chooses among what is there.
    """
    stem = re.sub(r"(?<!^)(?=[A-Z])", "_", port.removesuffix("Settings")).lower()
    callees = (analysis.callee(call) for call in analysis.graph.calls())
    names = {value.name for value in callees if value is not None}
    if names & {f"kernel.{needed}", "kernel.Kernel.provide"}:
        return True
    return bool(stem) and any(name.startswith("kernel.provide_") and stem in name for name in names)


# Keys


def _written_key(analysis: Analysis, call: CallAt, name: str) -> Iterator[Spot]:
    position, keyword = _KEYED[name]
    record = call.record
    given = dict(record.keywords).get(keyword) or (record.args[position] if len(record.args) > position else None)
    if given is None:
        return
    settings = _read(analysis, call, given)
    for setting in settings:
        if not setting.is_secret and _is_known(analysis, setting):
            yield _known_secret(setting, ((setting.source, setting.line), (call.source, record.line)))
    if settings or name in _MAY_BE_WRITTEN:
        return
    written = analysis.settings.written(call.source, record.function, _before_encoding(given))
    if written:
        message = f"the key given to {name.rpartition('.')[2]} is written in the source, the same in production"
        symbol = call.source.symbol(record.function)
        yield Spot(
            call.source,
            record.line,
            record.column,
            symbol,
            message,
            name,
            "read the key from the settings, without a default",
        )


def _read(analysis: Analysis, call: CallAt, key: Shape) -> list[Setting]:
    """Return the settings that a key is read from, here or by those who call the function with it."""
    own = analysis.settings.read(call.source, call.record.function, key)
    if own is not None:
        return [own]
    rows = call.source.parameters_of.get(call.record.function, ())
    if key[0] != "name" or not any(row.name == key[1] for row in rows):
        return []
    names = analysis.acts.names
    passed = (names.given(each, call.caller, str(key[1])) for each in names.calls_to(call.caller))
    found = (
        None if shape is None else analysis.settings.read(each.source, each.record.function, shape)
        for each, shape in passed
    )
    return list(dict.fromkeys(setting for setting in found if setting is not None))


def _before_encoding(shape: Shape) -> Shape:
    match shape:
        case ("call", ("attr", tuple(text), "encode"), _, _):
            return text
    return shape


# Parts that forget


def _volatile(analysis: Analysis, call: CallAt, name: str) -> Iterator[Spot]:
    if not _is_started(analysis, call) or _is_fallback(analysis, call):
        return
    conditions = [_in_production(analysis, call, block) for block in _conditions(call)]
    if any(each is False or each is None for each in conditions):
        return
    settings = [each for each in conditions if isinstance(each, Setting)]
    reason = f", which is the default of {settings[0].name}" if settings else ""
    symbol = call.source.symbol(call.record.function)
    what = name.rpartition(".")[2]
    message = f"{what} is used in production{reason}: what it holds is lost when the process ends"
    hint = f"use {VOLATILE[name]}, and {what} only where `settings.production` is false"
    chain = tuple((each.source, each.line) for each in settings)
    chain = ((call.source, call.record.line), *chain) if chain else ()
    yield Spot(call.source, call.record.line, call.record.column, symbol, message, what, hint, chain)


def _is_started(analysis: Analysis, call: CallAt) -> bool:
    """Tell whether the composition root runs this code."""
    source, function = call.source, call.record.function
    if not analysis.boot.roots:
        return False
    if analysis.boot.is_wiring(source, function) or source.symbol(function) in analysis.wiring.used:
        return True
    owner = source.method_owner(function)
    return (
        owner >= 0
        and source.class_symbols[owner] in analysis.wiring.used
        and (source.facts.functions[function].name == "__init__")
    )


def _is_fallback(analysis: Analysis, call: CallAt) -> bool:
    """Tell whether the part only stands in for an argument, and every caller in the program gives one."""
    source, function = call.source, call.record.function
    names = {row.name for row in source.parameters_of.get(function, ())}
    shape = call.record.shape
    for part in _written_in(source, function):
        for inner in within(part):
            if inner[0] == "either" and isinstance(inner[1], tuple) and shape in inner[1]:
                given = [each for each in inner[1] if each[0] == "name" and each[1] in names]
                if given:
                    return not _is_left_out(analysis, source.symbol(function), str(given[0][1]))
    return False


def _written_in(source: Source, function: int) -> Iterator[Shape]:
    for row in source.facts.bindings:
        if row.function == function and row.value is not None:
            yield row.value
    for call in source.calls_of.get(function, ()):
        yield from call.args
        yield from (value for _, value in call.keywords)


def _is_left_out(analysis: Analysis, symbol: str, parameter: str) -> bool:
    function = analysis.project.functions[symbol]
    rows = [row.name for row in function.source.parameters_of[function.index] if row.kind == "positional"]
    own = 1 if function.record.owner >= 0 else 0
    for call in analysis.graph.calls():
        if any(target.symbol == symbol for target in analysis.reached(call)):
            named = dict(call.record.keywords)
            position = rows.index(parameter) - own if parameter in rows else 99
            if parameter not in named and "**" not in named and len(call.record.args) <= position:
                return True
    return False


def _conditions(call: CallAt) -> Iterator[tuple[Block, bool]]:
    """Yield the conditions on the way to a call with the outcome that leads there."""
    blocks = call.source.facts.blocks
    inside = set(call.record.blocks)
    for at in call.record.blocks:
        if blocks[at].kind in {"if", "then", "case", "filter"}:
            yield blocks[at], True
        elif blocks[at].kind in {"else", "otherwise"}:
            yield blocks[at], False
    for at, block in enumerate(blocks):
        if block.function != call.record.function or at in inside or block.line >= call.record.line:
            continue
        if not set(block.blocks) <= inside:
            continue
        if block.kind == "assert":
            yield block, True
        elif block.kind == "if" and block.ends:
            yield block, False


def _in_production(analysis: Analysis, call: CallAt, condition: tuple[Block, bool]) -> bool | Setting | None:
    """Return whether a condition leads to the call in production; a guard nobody can judge does not keep it away."""
    block, wanted = condition
    if block.kind == "case":
        return None
    found = analysis.settings.holds(call.source, block.function, block.test)
    if isinstance(found, bool):
        return found is wanted
    is_guard = block.ends and not wanted and block.kind == "if"
    if isinstance(found, Setting):
        return found if wanted else None
    return True if is_guard and _is_unrelated(block.test) else None


def _is_unrelated(test: Shape) -> bool:
    """Tell whether a guard asks nothing of an attribute, and so of no setting."""
    return not any(part[0] in {"attr", "call"} for part in within(test))


_ROOT = "src/shop/composition_root.py"
_SETTINGS = "src/shop/settings.py"
_PLAIN = """\
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    app_name: str = "shop"
"""
_CHOICE = """\
from typing import Literal
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    queue: Literal["memory", "database"] = "memory"
"""
RULE = Rule(
    code="ARC604",
    name="development-default",
    severity="error",
    summary="A memory queue, bus or store, or a default secret, is reachable with production settings.",
    why=(
        "A memory queue works in every test and loses each job of the last minute at every deployment, without a line "
        "in a log. A default secret works too: whoever reads the source can sign a token of any user. Both stay "
        "because nothing fails."
    ),
    hint="choose the durable part unless the settings say development or test; leave secrets without a default",
    check=check,
    decides=(
        "Found: memory parts of the runtime that the composition root builds unconditionally, for production, or by "
        "the default of a setting; settings typed as secrets, and keys that sign, whose default is written down; a "
        "provider that settings, `.env` files or compose files choose and nobody puts behind its port. Not found: "
        "conditions that ask something else than the settings, and what is only set where the program runs."
    ),
    bad=(
        Example(
            "a broker that the settings choose, where another one is provided",
            {
                _SETTINGS: """\
from shop.kernel.event_bus import EventBusSettings
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    event_bus: EventBusSettings = EventBusSettings(provider="kafka")  # error: ARC604
""",
                _ROOT: """\
from shop.kernel.app import Kernel
from shop.kernel.event_bus_redis import provide_redis_bus

def compose(settings):
    kernel = Kernel(settings)
    provide_redis_bus(kernel)  # and not provide_kafka_bus(kernel)
    return kernel
""",
            },
        ),
        Example(
            "providers that the environment chooses: one without its adapter, one that no setting reads",
            {
                ".env.example": """\
DATABASE_URL=sqlite:///./shop.db
export EVENT_STORE_PROVIDER="redis"  # beside the rows  # error: ARC604
EVENT_BUS_PROVIDER=kafka # error: ARC604
MAIL__PROVIDER=memory
""",
                "compose.yaml": """\
x-shared: &shared
  MAIL__PROVIDER: smtp  # error: ARC604
services:
  app:
    build: .
    environment:
      <<: *shared
      ENVIRONMENT: production
  worker:
    build: .
    environment:
      - EVENT_STORE_PROVIDER=${EVENT_STORE_PROVIDER:-mongodb}  # error: ARC604
""",
                _SETTINGS: """\
from shop.kernel.event_store import EventStoreSettings
from shop.kernel.mail import MailSettings
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    event_store: EventStoreSettings = EventStoreSettings()
    mail: MailSettings = MailSettings()
""",
                _ROOT: """\
from shop.kernel.app import Kernel
from shop.kernel.event_store_database import provide_event_store

def compose(settings):
    kernel = Kernel(settings)
    provide_event_store(kernel)
    return kernel
""",
            },
        ),
        Example(
            "an event store that is durable unless said, and that nobody provides",
            {
                _SETTINGS: """\
from shop.kernel import event_store as stored
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    event_store: stored.EventStoreSettings = stored.EventStoreSettings()  # error: ARC604
""",
                _ROOT: "from shop.kernel.app import Kernel\n\ndef compose(settings):\n    return Kernel(settings)\n",
            },
        ),
        Example(
            "a memory queue in the composition root, whatever the environment",
            {
                _SETTINGS: _PLAIN,
                _ROOT: """\
from shop.kernel.app import Kernel
from shop.kernel.jobs import MemoryJobs as Queue

def compose(settings):
    queue = Queue()  # error: ARC604
    return Kernel(settings, queue=queue)
""",
            },
        ),
        Example(
            "jobs, events and sign-ins that only this process knows",
            {
                _SETTINGS: _PLAIN,
                _ROOT: """\
from shop.kernel import event_store_memory as stored
from shop.kernel.access_tokens import TOKENS
from shop.kernel.access_tokens_memory import MemoryTokens
from shop.kernel.app import Kernel
from shop.kernel.event_store import EVENT_STORE
from shop.kernel.queue import QUEUE, Queue
from shop.kernel.queue_memory import MemoryJobs

def compose(settings):
    kernel = Kernel(settings)
    EVENT_STORE.provide(kernel, stored.MemoryEvents(clock=kernel.clock))  # error: ARC604
    QUEUE.provide(kernel, Queue(MemoryJobs(clock=kernel.clock), kernel.clock))  # error: ARC604
    TOKENS.provide(kernel, MemoryTokens(kernel.clock))  # error: ARC604
    return kernel
""",
            },
        ),
        Example(
            "the condition is the wrong way round, in a helper",
            {
                _SETTINGS: _PLAIN,
                _ROOT: """\
from shop.parts import durable_bus
from shop.settings import Settings

def compose(settings: Settings):
    return durable_bus(settings)
""",
                "src/shop/parts.py": """\
from shop.kernel.bus import EventBus, MemoryEventBus
from shop.settings import Settings

def durable_bus(settings: Settings):
    if not settings.production:
        return EventBus()
    return MemoryEventBus()  # error: ARC604
""",
            },
        ),
        Example(
            "a setting whose default chooses memory, and a comment that says never in production",
            {
                _SETTINGS: _CHOICE,
                _ROOT: """\
from shop.kernel.jobs import DatabaseJobs, MemoryJobs
from shop.settings import Settings

def compose(settings: Settings):
    if settings.queue == "memory":  # never in production
        return MemoryJobs()  # error: ARC604
    return DatabaseJobs()
""",
            },
        ),
        Example(
            "secrets with a default: by type, and by what a text is used for",
            {
                "src/app/config.py": """\
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

class Config(BaseSettings):
    mail_password: SecretStr = SecretStr("letmein")  # error: ARC604
    anything: str = Field(default="change-me")  # error: ARC604
    title: str = "the secret shop"

config = Config()
""",
                "src/app/tokens.py": """\
import jwt
from app.config import config

def sign(payload):
    return jwt.encode(payload, config.anything, algorithm="HS256")
""",
            },
        ),
    ),
    good=(
        Example(
            "an event store that the environment chooses, where the only one is on a server",
            {
                "src/shop/settings.py": """\
from shop.kernel.event_store import EventStoreSettings
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    event_store: EventStoreSettings = EventStoreSettings()
""",
                "src/shop/composition_root.py": """\
from shop.kernel.app import Kernel
from shop.kernel.event_store_redis import provide_redis_event_store

def compose(settings):
    kernel = Kernel(settings)
    provide_redis_event_store(kernel)
    return kernel
""",
            },
        ),
        Example(
            "an environment that chooses what is there, and words that only look as if it chose something else",
            {
                ".env": """\
# EVENT_BUS_PROVIDER=kafka
EVENT_STORE_PROVIDER='postgresql'
MOTD="in another place:
EVENT_BUS_PROVIDER=rabbitmq
"
OTHER_EVENT_BUS_PROVIDER=kafka
EVENT_BUS_PROVIDER=redis # not kafka
MAIL__PROVIDER=
CACHE__PROVIDER=$CACHE
""",
                ".env.test": "EVENT_STORE_PROVIDER=memory\nEVENT_BUS_PROVIDER=memory\n",
                "docker-compose.override.yml": """\
services:
  app:
    build:
      args:
        EVENT_BUS_PROVIDER: kafka
    command: EVENT_BUS_PROVIDER=kafka python -m shop
    environment:
      EVENT_BUS_PROVIDER: ${EVENT_BUS_PROVIDER}
    labels:
      - EVENT_BUS_PROVIDER=kafka
volumes:
  app:
    environment: { EVENT_BUS_PROVIDER: kafka }
""",
                _SETTINGS: """\
from shop.kernel.cache import CacheSettings
from shop.kernel.event_bus import EventBusSettings
from shop.kernel.event_store import EventStoreSettings
from shop.kernel.mail import MailSettings
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    cache: CacheSettings = CacheSettings()
    event_bus: EventBusSettings = EventBusSettings()
    event_store: EventStoreSettings = EventStoreSettings()
    mail: MailSettings = MailSettings()
""",
                _ROOT: """\
from shop.kernel.app import Kernel
from shop.kernel.event_bus_redis import provide_redis_bus
from shop.kernel.event_store_database import provide_event_store

def compose(settings):
    kernel = Kernel(settings)
    provide_event_store(kernel)
    provide_redis_bus(kernel)
    return kernel
""",
            },
        ),
        Example(
            "another program that calls a variable of its own so",
            {
                ".env": "EVENT_BUS_PROVIDER=kafka\n",
                "src/app/config.py": """\
from pydantic_settings import BaseSettings

class Config(BaseSettings):
    event_bus_provider: str = "kafka"
""",
            },
        ),
        Example(
            "providers that are there, of the project's own, or for the environment to choose",
            {
                _SETTINGS: """\
from shop.kernel.event_bus import EventBusSettings
from shop.kernel.event_store import EventStoreSettings
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    event_bus: EventBusSettings = EventBusSettings(provider="redis")
    event_store: EventStoreSettings = EventStoreSettings(provider="postgresql")
""",
                _ROOT: """\
from shop.kernel.app import Kernel
from shop.kernel.event_bus_redis import provide_redis_bus as carry
from shop.kernel.event_store_database import provide_event_store

def compose(settings):
    kernel = Kernel(settings)
    for provide in (carry, provide_event_store):
        provide(kernel)
    carry(kernel)
    provide_event_store(kernel)
    return kernel
""",
            },
        ),
        Example(
            "an adapter of the project's own behind the port",
            {
                _SETTINGS: """\
from shop.kernel.mail import MailSettings
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    mail: MailSettings = MailSettings(provider="smtp")
""",
                _ROOT: """\
from shop.adapters.mail import OwnMail
from shop.kernel.app import Kernel
from shop.kernel.mail import MAIL

def compose(settings):
    kernel = Kernel(settings)
    kernel.provide(MAIL, OwnMail())
    return kernel
""",
                "src/shop/adapters/mail.py": "class OwnMail:\n    async def send(self, message): ...\n",
            },
        ),
        Example(
            "memory only where the settings say so",
            {
                _SETTINGS: _PLAIN,
                _ROOT: """\
from shop.kernel.bus import EventBus, MemoryEventBus
from shop.kernel.jobs import DatabaseJobs, MemoryJobs
from shop.settings import Settings

def compose(settings: Settings):
    queue = DatabaseJobs() if settings.production else MemoryJobs()
    if settings.environment == "test":
        bus = MemoryEventBus()
    else:
        bus = EventBus()
    return queue, bus
""",
            },
        ),
        Example(
            "production leaves the function before",
            {
                _SETTINGS: _PLAIN,
                _ROOT: """\
from shop.kernel.jobs import DatabaseJobs, MemoryJobs
from shop.settings import Settings

def compose(settings: Settings):
    if settings.production:
        return DatabaseJobs()
    return MemoryJobs()
""",
            },
        ),
        Example(
            "the default is refused in production by a validator",
            {
                _SETTINGS: _CHOICE.replace(
                    "from typing", "from pydantic import SecretStr, model_validator\nfrom typing"
                )
                + """\
    signing_key: SecretStr = SecretStr("development")

    @model_validator(mode="after")
    def _is_durable(self):
        if self.production and (self.queue == "memory" or self.signing_key.get_secret_value() == "development"):
            raise ValueError("set QUEUE and SIGNING_KEY")
        return self
""",
                _ROOT: """\
from shop.kernel.jobs import DatabaseJobs, MemoryJobs
from shop.settings import Settings

def compose(settings: Settings):
    return MemoryJobs() if settings.queue == "memory" else DatabaseJobs()
""",
            },
        ),
        Example(
            "a memory part that only tests use, secrets without a default, and one made at the start",
            {
                _SETTINGS: """\
import secrets
from pydantic import SecretStr
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    signing_key: SecretStr
    session_key: SecretStr = SecretStr(secrets.token_urlsafe())
    smtp_password: SecretStr | None = None
    token_header: str = "X-Secret"
""",
                _ROOT: "def compose(settings):\n    return settings\n",
                "src/shop/testing.py": """\
from shop.kernel.jobs import MemoryJobs

def queue():
    return MemoryJobs()
""",
            },
        ),
    ),
)
