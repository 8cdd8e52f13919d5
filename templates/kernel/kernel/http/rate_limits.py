"""Rates held against whoever asks: the address a request comes from, or the principal a route has let in."""

import ipaddress
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ..access import Principal
from ..errors import TooManyRequestsError
from ..rate_limits import Rate, RateLimits, Verdict
from .middleware import add_header
from .problems import problem_response

_EXEMPT = ("/health/live", "/health/ready")
_DETAIL = "This is asked too often; wait as long as Retry-After says."


class ClientRateLimit:
    """Holds every address to one rate, before anything is done for it; only the health of the process may be asked."""

    def __init__(self, app: ASGIApp, limits: RateLimits, rate: Rate) -> None:
        self._app = app
        self._limits = limits
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _EXEMPT:
            await self._app(scope, receive, send)
            return
        verdict = await self._limits.hit(f"client:{client_of(scope)}", self._rate)
        _announce(scope, "client", verdict)
        if verdict.allowed:
            await self._app(scope, receive, send)
            return
        refused = TooManyRequestsError(_DETAIL, retry_after=verdict.retry_after)
        response = problem_response(
            HTTPStatus.TOO_MANY_REQUESTS,
            _DETAIL,
            instance=scope["path"],
            code=refused.code,
            headers=refused.headers,
        )
        await response(scope, receive, send)


def limited(name: str, rate: Rate) -> Callable[[Request], Awaitable[None]]:
    """Make what holds one route to a rate: for each principal where the route demands one, else for each address.

    What it makes raises TooManyRequestsError.
    """

    async def limit(request: Request) -> None:
        principal = request.scope.get("principal")
        who = f"principal:{principal.id}" if isinstance(principal, Principal) else f"client:{client_of(request.scope)}"
        limits: RateLimits = request.app.state.rate_limits()
        verdict = await limits.hit(f"{name}:{who}", rate)
        _announce(request.scope, name, verdict)
        if not verdict.allowed:
            raise TooManyRequestsError(_DETAIL, retry_after=verdict.retry_after)

    return limit


def client_of(scope: Scope) -> str:
    """Answer the address to count: of IPv6 the /64, since one customer has all addresses of it."""
    host = (scope.get("client") or ("unknown",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if address.version == 6 and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def _announce(scope: Scope, name: str, verdict: Verdict) -> None:
    for header, value in verdict.headers(name).items():
        add_header(scope, header, value)
