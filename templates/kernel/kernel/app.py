"""The application while it is put together: modules are added, ports connected, and then it becomes an ASGI app."""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio
import structlog
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from .access import PrincipalProvider
from .clock import Clock, SystemClock
from .database import Database
from .errors import WiringError, suggestion
from .http.health import Health, Probe
from .http.middleware import BodyLimit, RequestContext, ResponseDeadline, UnexpectedErrors
from .http.openapi import describe
from .http.problems import install_problem_handlers
from .logging import configure_logging
from .ports import ports_of
from .settings import KernelSettings

S = TypeVar("S")
Hook = Callable[[], Awaitable[None]]
logger = structlog.get_logger("kernel")


@dataclass(frozen=True, slots=True)
class Module:
    """A registered module: its service, which others may resolve, and its routes."""

    name: str
    service: object
    router: APIRouter | None


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
        self._authenticate: PrincipalProvider | None = None
        self._starting: list[Hook] = []
        self._stopping: list[Hook] = []
        self._probes: dict[str, Probe] = {"database": self.database.ping}

    def add_module(self, name: str, *, service: object, router: APIRouter | None = None) -> None:
        """Register a module. Raises WiringError for a name or a service class that is already there."""
        if name in self._modules:
            raise WiringError(f"the module '{name}' is registered twice")
        for other in self._modules.values():
            if type(other.service) is type(service):
                raise WiringError(f"'{name}' and '{other.name}' both register a {type(service).__name__}")
        self._modules[name] = Module(name, service, router)

    def resolve(self, service: type[S]) -> S:
        """Answer the one service of a class. Raises WiringError naming what there is."""
        for module in self._modules.values():
            if isinstance(module.service, service):
                return module.service
        known = [type(module.service).__name__ for module in self._modules.values()]
        raise WiringError(f"no module registered a {service.__name__}{suggestion(service.__name__, known)}")

    def authenticate_with(self, provider: PrincipalProvider) -> None:
        """Say how a request proves who is calling. Raises WiringError the second time."""
        if self._authenticate is not None:
            raise WiringError("authentication is already installed")
        self._authenticate = provider

    def add_probe(self, name: str, probe: Probe) -> None:
        """Let /health/ready ask one more dependency. Raises WiringError for a name that is taken."""
        if name in self._probes:
            raise WiringError(f"the health probe '{name}' is registered twice")
        self._probes[name] = probe

    def on_start(self, hook: Hook) -> None:
        """Run something before the first request."""
        self._starting.append(hook)

    def on_stop(self, hook: Hook) -> None:
        """Run something after the last request; the newest hook first, each whatever happens to the others."""
        self._stopping.append(hook)

    def asgi(self) -> FastAPI:
        """Make the application. Raises WiringError when two routes share an operation id."""
        configure_logging(self.settings.log_level, json=self.settings.json_logs)
        app = FastAPI(
            title=self.settings.app_name,
            lifespan=self._lifespan,
            middleware=self._middleware(),
            docs_url="/docs" if self.settings.serves_docs else None,
            redoc_url=None,
            openapi_url="/openapi.json" if self.settings.serves_docs else None,
        )
        app.state.authenticate = self._authenticate
        install_problem_handlers(app)
        app.include_router(Health(self._probes, timeout=self.settings.health_timeout).router())
        routers = [module.router for module in self._modules.values() if module.router is not None]
        for router in routers:
            app.include_router(router)
        _refuse_shared_ids(routers)
        describe(app)
        return app

    def check(self) -> None:
        """Raise WiringError listing every port that nobody connected; runs before the first request."""
        empty = [
            f"{port.name} (asked for by {module.name})"
            for module in self._modules.values()
            for port in ports_of(module.service)
            if not port.connected
        ]
        if empty:
            raise WiringError(f"not connected: {', '.join(empty)}; call the connectors in the composition root")

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as ending:
            ending.push_async_callback(self.database.close)
            self.check()
            for hook in self._stopping:
                ending.push_async_callback(self._stop, hook)
            for hook in self._starting:
                await hook()
            yield

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
            expose_headers=["X-Request-ID", "X-Correlation-ID"],
        )
        return [
            Middleware(RequestContext, headers=_security_headers(settings)),
            *([cors] if settings.cors_origins else []),
            Middleware(UnexpectedErrors),
            Middleware(BodyLimit, limit=settings.body_limit),
            Middleware(ResponseDeadline, seconds=settings.request_timeout),
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
