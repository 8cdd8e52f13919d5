"""Whether the process lives, and whether it can do its work: the second asks everything it depends on.

A dependency that the application can do without makes it degraded, not unavailable: taking every process out of the
load balancer because the cache is down would turn a slow service into none.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Literal

import structlog
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from ..engine import unavailable
from ..errors import UnavailableError
from .draining import Draining

Probe = Callable[[], Awaitable[object]]
logger = structlog.get_logger("health")
_ALWAYS_COMPLETE = ConfigDict(json_schema_serialization_defaults_required=True)


class Live(BaseModel):
    """The process answers."""

    model_config = _ALWAYS_COMPLETE

    status: Literal["ok"] = "ok"


class Check(BaseModel):
    """What one probe found; the error is only named, since its text may hold an address or a password."""

    model_config = _ALWAYS_COMPLETE

    status: Literal["ok", "failed"]
    milliseconds: float
    error: str | None = None


class Readiness(BaseModel):
    """Ready when every probe is; degraded when only what it can do without has failed; draining before the end."""

    status: Literal["ready", "degraded", "unavailable", "draining"]
    checks: dict[str, Check]


class Health:
    """Answers the two questions a load balancer asks."""

    def __init__(
        self,
        probes: Mapping[str, Probe],
        *,
        timeout: float,
        optional: frozenset[str] = frozenset(),
        draining: Draining | None = None,
    ) -> None:
        self._probes = probes
        self._draining = draining
        self._timeout = timeout
        self._optional = optional

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/health", tags=["health"])
        router.add_api_route("/live", self.live, operation_id="health_live")
        router.add_api_route(
            "/ready",
            self.ready,
            operation_id="health_ready",
            responses={503: {"model": Readiness, "description": "Not ready"}},
        )
        # What many ask who know no better name; it is the same question.
        router.add_api_route("", self.ready, include_in_schema=False)
        return router

    async def live(self) -> Live:
        return Live()

    async def ready(self, response: Response) -> Readiness:
        names = sorted(self._probes)
        found = await asyncio.gather(*(self._check(name, self._probes[name]) for name in names))
        checks = dict(zip(names, found, strict=True))
        if self._draining is not None and self._draining.begun:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
            return Readiness(status="draining", checks=checks)
        failed = {name for name, check in checks.items() if check.status == "failed"}
        if failed - self._optional:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
            return Readiness(status="unavailable", checks=checks)
        return Readiness(status="degraded" if failed else "ready", checks=checks)

    async def _check(self, name: str, probe: Probe) -> Check:
        started = time.perf_counter()
        error = None
        try:
            async with asyncio.timeout(self._timeout):
                await probe()
        except Exception as failure:
            error = type(failure).__name__
            if unavailable(failure) or isinstance(failure, UnavailableError | TimeoutError):
                logger.warning("probe failed", probe=name, error=f"{error}: {failure}".removesuffix(": "))
            else:
                logger.exception("probe failed", probe=name)
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        return Check(status="failed" if error else "ok", milliseconds=milliseconds, error=error)
