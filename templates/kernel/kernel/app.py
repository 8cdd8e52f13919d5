"""The application while it is put together: modules are added, ports connected, and then it becomes an ASGI app."""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

import anyio
import structlog
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from .access import Permission, PrincipalProvider
from .clock import Clock, SystemClock
from .database import Database
from .errors import WiringError, suggestion
from .http.compression import Compression
from .http.draining import Draining
from .http.health import Health, Probe
from .http.limits import BodyLimit, ResponseDeadline
from .http.middleware import RequestContext, UnexpectedErrors
from .http.openapi import Addition, describe, may_be_refused
from .http.problems import install_problem_handlers
from .http.rate_limits import ClientRateLimit
from .http.static import StaticFolder
from .logging import configure_logging
from .ports import AdapterPort, ports_of
from .rate_limits import RATE_LIMITS
from .rate_values import read_rate
from .schema_sync import sync_schema
from .settings import KernelSettings, PortSettings

A = TypeVar("A")
S = TypeVar("S")
_EXPOSED = (
    *("ETag", "Idempotency-Replayed", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "Traceresponse"),
    *("X-Correlation-ID", "X-Request-ID"),
)
Hook = Callable[[], Awaitable[None]]
logger = structlog.get_logger("kernel")


@dataclass(frozen=True, slots=True)
class Module:
    """A registered module: its service, which others may resolve, and its routes."""

    name: str
    service: object
    router: APIRouter | None
    permissions: tuple[Permission, ...] = ()


class Kernel:
    """What the composition root fills. Nothing is found by scanning: what is not added does not exist."""

    def __init__(
        self, settings: KernelSettings, *, database: Database | None = None, clock: Clock | None = None
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or (database.clock if database else SystemClock())
        self.database = database or Database(
            settings.database_url, clock=self.clock, pool_size=settings.database_pool_size, echo=settings.database_echo
        )
        self._modules: dict[str, Module] = {}
        self._declared: list[Permission] = []
        self._shared: list[object] = []
        self._realms: dict[str, PrincipalProvider] = {}
        self._starting: list[Hook] = []
        self._ready: list[Hook] = []
        self._stopping: list[Hook] = []
        self._probes: dict[str, Probe] = {"database": self.database.ping}
        self._optional: set[str] = set()
        self._adapters: dict[type[PortSettings], object] = {}
        self._adapter_routers: list[APIRouter] = []
        self._layers: list[Middleware] = []
        self._additions: list[Addition] = []
        self._draining = Draining(settings.shutdown_delay)
        self._made = False

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """List what modules, and whoever else declares something, let be done so far, by name."""
        declared = [each for module in self._modules.values() for each in module.permissions] + self._declared
        return tuple(sorted({each.name: each for each in reversed(declared)}.values(), key=lambda each: each.name))

    def add_module(
        self, name: str, *, service: object, router: APIRouter | None = None, permissions: Iterable[Permission] = ()
    ) -> None:
        """Register a module. Raises WiringError for a name or service class that is there, and after `asgi()`."""
        self._refuse_late(f"the module '{name}' is registered")
        if name in self._modules:
            raise WiringError(f"the module '{name}' is registered twice")
        for other in self._modules.values():
            if type(other.service) is type(service):
                raise WiringError(f"'{name}' and '{other.name}' both register a {type(service).__name__}")
        self._modules[name] = Module(name, service, router, tuple(permissions))

    def declare(self, permission: Permission) -> None:
        """Let roles hold what is no module's to let, such as opening a stream; a module's own word for one goes first.

        Raises WiringError after `asgi()`.
        """
        self._refuse_late(f"the permission '{permission.name}' is declared")
        self._declared.append(permission)

    def share(self, part: object) -> None:
        """Let `resolve` answer something that is no module's, such as the bus.

        Raises WiringError for a class that is there, and after `asgi()`.
        """
        self._refuse_late(f"a {type(part).__name__} is shared")
        if any(type(other) is type(part) for other in self._shared):
            raise WiringError(f"a {type(part).__name__} is shared twice")
        self._shared.append(part)

    def resolve(self, service: type[S]) -> S:
        """Answer the one service, or shared part, of a class. Raises WiringError naming what there is."""
        there = [*(module.service for module in self._modules.values()), *self._shared]
        for each in there:
            if isinstance(each, service):
                return each
        known = [type(each).__name__ for each in there]
        raise WiringError(f"no module registered a {service.__name__}{suggestion(service.__name__, known)}")

    def authenticate_with(self, provider: PrincipalProvider, *, realm: str = "") -> None:
        """Say how a request proves who is calling; a router with the same `realm` asks this one.

        Raises WiringError the second time, and after `asgi()`.
        """
        self._refuse_late("authentication is installed")
        if realm in self._realms:
            raise WiringError("authentication is already installed" + (f" for the realm '{realm}'" if realm else ""))
        self._realms[realm] = provider

    def provide(self, port: AdapterPort[A], adapter: A, *, router: APIRouter | None = None) -> None:
        """Put an adapter behind a port, with the routes it needs.

        Raises WiringError when there is one already, and after `asgi()`.
        """
        self._refuse_late(f"a {type(adapter).__name__} is provided")
        there = self._adapters.get(port.settings)
        if there is not None:
            raise WiringError(f"a {type(adapter).__name__} is provided where a {type(there).__name__} is already")
        self._adapters[port.settings] = adapter
        self._adapter_routers += [router] if router else []

    def wrap(self, port: AdapterPort[A], around: A) -> None:
        """Put something around the adapter of a port, for everybody who asks from now on.

        Raises WiringError after `asgi()`.
        """
        self._refuse_late(f"a {type(around).__name__} is put around an adapter")
        self._adapters[port.settings] = around

    def adapter(self, port: AdapterPort[A]) -> A:
        """Answer what is behind a port. Raises WiringError when the settings choose what nobody provided."""
        if port.settings not in self._adapters:
            chosen = self.settings.of(port.settings)
            if chosen.provider != "memory":
                raise WiringError(self._not_provided(chosen))
            self._adapters[port.settings] = port.memory(self.clock)
        return cast("A", self._adapters[port.settings])

    def add_probe(self, name: str, probe: Probe, *, optional: bool = False) -> None:
        """Let /health/ready ask one more dependency; without an optional one the application still works.

        Raises WiringError for a taken name, and after `asgi()`.
        """
        self._refuse_late(f"the health probe '{name}' is registered")
        if name in self._probes:
            raise WiringError(f"the health probe '{name}' is registered twice")
        self._probes[name] = probe
        self._optional |= {name} if optional else set()

    def add_middleware(self, layer: Middleware) -> None:
        """Put a layer around every request, inside the kernel's own; the first that is added is the outermost.

        Raises WiringError after `asgi()`.
        """
        self._refuse_late(f"the middleware {layer.cls} is added")
        self._layers.append(layer)

    def describe_with(self, addition: Addition) -> None:
        """Let a layer say in the API's description what it does to operations. Raises WiringError after `asgi()`."""
        self._refuse_late("an addition to the description is registered")
        self._additions.append(addition)

    def on_start(self, hook: Hook) -> None:
        """Run something before the first request. Raises WiringError after `asgi()`."""
        self._refuse_late("a start hook is registered")
        self._starting.append(hook)

    def on_ready(self, hook: Hook) -> None:
        """Run something when every start hook has run. Raises WiringError after `asgi()`."""
        self._refuse_late("a hook for when it is ready is registered")
        self._ready.append(hook)

    def on_drain(self, hook: Callable[[], None]) -> None:
        """End what lasts, such as streams, when the process is asked to stop: a server waits for every request.

        Raises WiringError after `asgi()`.
        """
        self._refuse_late("a hook for draining is registered")
        self._draining.tell(hook)

    def drain(self) -> None:
        """End what lasts, as a signal to stop does; for who runs a server that gets none."""
        self._draining.end_lasting()

    def on_stop(self, hook: Hook) -> None:
        """Run something after the last request; the newest hook first, each whatever happens to the others.

        Raises WiringError after `asgi()`.
        """
        self._refuse_late("a stop hook is registered")
        self._stopping.append(hook)

    def asgi(self) -> FastAPI:
        """Make the application. Raises WiringError when two routes share an id, or demand what nobody declares."""
        configure_logging(self.settings.log_level, json=self.settings.json_logs)
        app = FastAPI(
            title=self.settings.app_name,
            lifespan=self._lifespan,
            middleware=self._middleware(),
            docs_url="/docs" if self.settings.serves_docs else None,
            redoc_url=None,
            openapi_url="/openapi.json" if self.settings.serves_docs else None,
            redirect_slashes=False,  # it would lead to whatever host the request names
        )
        app.state.realms = dict(self._realms)
        app.state.rate_limits = partial(self.adapter, RATE_LIMITS)
        install_problem_handlers(app)
        optional = frozenset(self._optional)
        health = Health(self._probes, timeout=self.settings.health_timeout, optional=optional, draining=self._draining)
        app.include_router(health.router())
        routers = [module.router for module in self._modules.values() if module.router is not None]
        routers += self._adapter_routers
        for router in routers:
            app.include_router(router)
        _refuse_shared_ids(routers)
        self._refuse_undeclared(routers)
        if self.settings.static_folder is not None:
            app.mount(self.settings.static_path, StaticFolder(self.settings.static_folder), name="static")
        refusing = [may_be_refused] if self.settings.rate_limits.per_client else []
        describe(app, [*refusing, *self._additions])
        self._made = True
        return app

    def check(self) -> None:
        """Raise WiringError naming what nobody connected or provided; runs before the first request."""
        empty = [
            f"{port.name} (asked for by {module.name})"
            for module in self._modules.values()
            for port in ports_of(module.service)
            if not port.connected
        ]
        if empty:
            raise WiringError(f"not connected: {', '.join(empty)}; call the connectors in the composition root")
        for settings in self.settings.ports().values():
            if settings.provider != "memory" and type(settings) not in self._adapters:
                raise WiringError(self._not_provided(settings))

    def _not_provided(self, chosen: PortSettings) -> str:
        name = next(name for name, value in self.settings.ports().items() if value is chosen)
        return chosen.not_provided(f"{name.upper()}__")

    def _refuse_undeclared(self, routers: list[APIRouter]) -> None:
        """Refuse a guard that nobody could ever pass; a project that declares no permission has no roles either."""
        known = {each.name for each in self.permissions}
        demanded = {
            str((route.openapi_extra or {}).get("x-access"))
            for router in routers
            for route in router.routes
            if isinstance(route, APIRoute)
        }
        missing = sorted(name for name in demanded - known if ":" in name) if known else []
        if missing:
            raise WiringError(f"routes demand permissions that nobody declares: {', '.join(missing)}")

    def _refuse_late(self, what: str) -> None:
        """Refuse what the application that is already made would never see."""
        if self._made:
            raise WiringError(f"{what} after the application was made; do it in the composition root, before asgi()")

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as ending:
            ending.push_async_callback(self.database.close)
            self.check()
            if self.settings.schema_sync:
                await self._sync_schema()
            for hook in self._stopping:
                ending.push_async_callback(self._stop, hook)
            for hook in (*self._starting, *self._ready):
                await hook()
            with self._draining.watched():
                yield

    async def _sync_schema(self) -> None:
        """Bring a development database up to the models, before any hook reads it."""
        settings = self.settings
        await sync_schema(self.database, production=settings.production, allowed=settings.allow_schema_sync)

    async def _stop(self, hook: Hook) -> None:
        try:
            with anyio.fail_after(self.settings.shutdown_timeout):
                await hook()
        except Exception:
            logger.exception("a stop hook failed", hook=repr(hook))

    def _middleware(self) -> list[Middleware]:
        settings = self.settings
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            allow_credentials="*" not in settings.cors_origins,
            expose_headers=_EXPOSED,
        )
        rate = settings.rate_limits.per_client
        proxies = Middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
        return [
            *([proxies] if settings.trusted_proxies else []),
            Middleware(RequestContext, headers=_security_headers(settings)),
            *([Middleware(Compression, settings.compression_minimum, 4)] if settings.compression else []),
            *([cors] if settings.cors_origins else []),
            Middleware(UnexpectedErrors),
            *([Middleware(ClientRateLimit, self.adapter(RATE_LIMITS), read_rate(rate))] if rate else []),
            Middleware(BodyLimit, limit=settings.body_limit),
            Middleware(ResponseDeadline, seconds=settings.request_timeout),
            *self._layers,
        ]


def _security_headers(settings: KernelSettings) -> dict[str, str]:
    headers = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": "frame-ancestors 'none'",
    }
    return headers | ({"Strict-Transport-Security": "max-age=31536000"} if settings.production else {})


def _refuse_shared_ids(routers: list[APIRouter]) -> None:
    ids: Counter[Any] = Counter(
        route.operation_id for router in routers for route in router.routes if isinstance(route, APIRoute)
    )
    shared = sorted(str(name) for name, times in ids.items() if times > 1 and name)
    if shared:
        raise WiringError(f"these operation ids belong to several routes: {', '.join(shared)}")
