"""Routes of a module: stable operation ids, a stated access, and every error declared for the clients."""

import inspect
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.datastructures import Default
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ..access import Access, Principal, PrincipalProvider, ReadsRequests
from ..errors import AuthError, WiringError
from ..rate_values import Rate, read_rate
from ..request_context import caller
from ..tenancy import enter
from .conditional import answered, remembering
from .limits import set_limits
from .problems import MEDIA_TYPE, Problem
from .rate_limits import limited

Handler = Callable[..., Awaitable[object]]

_EVENTS: dict[int | str, dict[str, Any]] = {  # FastAPI's own type
    200: {
        "description": "Events, until the reader goes.",
        "content": {
            "text/event-stream": {
                "itemSchema": {
                    "type": "object",
                    "required": ["data"],
                    "properties": {
                        "data": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "contentSchema": {"type": "object", "additionalProperties": True},
                        },
                        "event": {"type": "string"},
                        "id": {"type": "string"},
                    },
                }
            }
        },
    }
}


class WrittenNumber(float):
    """A JSON number that knows its text, of which pydantic makes decimals: a float keeps some 15 digits only."""

    __slots__ = ("_text",)
    _text: str

    @classmethod
    def read(cls, text: str) -> "WrittenNumber":
        number = cls(text)
        number._text = text
        return number

    def __str__(self) -> str:
        return self._text


class ExactRequest(Request):
    """A request whose body loses no digit."""

    async def json(self) -> object:
        return json.loads(await self.body(), parse_float=WrittenNumber.read)


@dataclass(frozen=True, slots=True)
class RouteLimits:
    """What one route allows, where the settings are not right for it: how often, bytes of body, seconds to answer."""

    rate: str = ""
    body: int | None = None
    seconds: float | None = None


class ExactRoute(APIRoute):
    """A route that reads its body with ExactRequest, within limits, and answers conditionally.

    The tenant that a guard proves ends with the request.
    """

    limits: ClassVar[RouteLimits] = RouteLimits()

    @classmethod
    def within(cls, limits: RouteLimits) -> "type[ExactRoute]":
        """Answer a class of routes that have these limits."""
        return cls if limits == cls.limits else type("LimitedRoute", (cls,), {"limits": limits})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:  # FastAPI's own type
        handle = super().get_route_handler()
        limits = self.limits

        async def exactly(request: Request) -> Response:
            if limits.body is not None or limits.seconds is not None:
                set_limits(request.scope, body=limits.body, seconds=limits.seconds)
            exact = ExactRequest(request.scope, request.receive)
            return await answered(exact, lambda: handle(exact))

        return exactly


class ModuleRouter:
    """Collects the routes of one module under `/<module>`; `realm` says which authentication proves its callers."""

    def __init__(self, module: str, *, prefix: str | None = None, realm: str = "") -> None:
        self._module = module
        self._realm = realm
        prefix = f"/{module.replace('_', '-')}" if prefix is None else prefix
        self.router = APIRouter(prefix=prefix, tags=[module], route_class=ExactRoute)

    def get(
        self, path: str, handler: Handler, *, access: Access, status: int = 200, limits: RouteLimits = RouteLimits()
    ) -> None:
        self._add("GET", path, handler, access=access, status=status, limits=limits)

    def post(
        self,
        path: str,
        handler: Handler,
        *,
        access: Access,
        status: int = 200,
        limits: RouteLimits = RouteLimits(),
        problems: tuple[HTTPStatus, ...] = (),
    ) -> None:
        """Add a route; `problems` are what the handler answers beside those of every route, for the documentation."""
        answers = declared_problems(problems)
        self._add("POST", path, handler, access=access, status=status, limits=limits, answers=answers)

    def put(
        self, path: str, handler: Handler, *, access: Access, status: int = 200, limits: RouteLimits = RouteLimits()
    ) -> None:
        self._add("PUT", path, handler, access=access, status=status, limits=limits)

    def patch(
        self, path: str, handler: Handler, *, access: Access, status: int = 200, limits: RouteLimits = RouteLimits()
    ) -> None:
        self._add("PATCH", path, handler, access=access, status=status, limits=limits)

    def delete(
        self, path: str, handler: Handler, *, access: Access, status: int = 200, limits: RouteLimits = RouteLimits()
    ) -> None:
        self._add("DELETE", path, handler, access=access, status=status, limits=limits)

    def stream(self, path: str, handler: Handler, *, access: Access) -> None:
        """Add a route whose answer is server-sent events: a handler makes that answer itself."""
        self._add("GET", path, handler, access=access, status=200, limits=RouteLimits(), answers=_EVENTS)

    def _add(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        access: Access,
        status: int,
        limits: RouteLimits,
        answers: dict[int | str, dict[str, Any]] | None = None,  # FastAPI's own type
    ) -> None:
        action = getattr(handler, "__name__", "")
        if not action.isidentifier():
            raise WiringError(f"the handler of {method} {path or '/'} has no name to make an operation id of")
        name = f"{self._module}_{action}"
        checks = [] if access.public else [Depends(_guard(access, self._realm))]
        checks += [Depends(limited(name, _rate(limits, method, path)))] if limits.rate else []
        self.router.add_api_route(
            path,
            remembering(handler),
            methods=[method],
            status_code=status,
            operation_id=name,
            name=name,
            dependencies=checks,
            response_class=Response if answers is _EVENTS else _answer_class(handler),
            responses=declared_problems(_possible(method, path, access, limits)) | (answers or _unchanged(method)),
            openapi_extra={"x-access": access.label},
            route_class_override=ExactRoute.within(limits),
        )
        _describe_body(self.router.routes[-1])


def _answer_class(handler: Handler) -> type[Response]:
    """Return the class of answer that a handler says it makes itself, so that its media type is documented."""
    found = inspect.signature(handler).return_annotation
    if isinstance(found, str):  # annotations are texts in a file that says so
        found = getattr(handler, "__globals__", {}).get(found)
    is_answer = isinstance(found, type) and issubclass(found, Response) and found.media_type is not None
    return found if is_answer else Default(JSONResponse)


def _unchanged(method: str) -> dict[int | str, dict[str, Any]]:  # FastAPI's own type
    """Describe what is answered to a reader who has it already."""
    return {304: {"description": HTTPStatus.NOT_MODIFIED.phrase}} if method == "GET" else {}


def _describe_body(route: BaseRoute) -> None:
    """Say what a dependency reads as the body, such as a form, of which the framework knows nothing."""
    if not isinstance(route, APIRoute):
        return
    for dependency in route.dependant.dependencies:
        body = getattr(dependency.call, "request_body", None)
        if body is not None:
            route.openapi_extra = {**(route.openapi_extra or {}), "requestBody": body}


def declared_problems(statuses: tuple[HTTPStatus, ...]) -> dict[int | str, dict[str, Any]]:  # FastAPI's own type
    """Describe errors the way OpenAPI wants them; the framework would call them plain JSON."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {status.value: {"description": status.phrase, "content": content} for status in statuses}


def current_principal(request: Request) -> Principal:
    """Answer who is calling, on a route that demands somebody. Raises AuthError on a public one."""
    principal = request.scope.get("principal")
    if not isinstance(principal, Principal):
        raise AuthError("Sign in to do this.")
    return principal


CurrentPrincipal = Annotated[Principal, Depends(current_principal)]


def _rate(limits: RouteLimits, method: str, path: str) -> Rate:
    try:
        return read_rate(limits.rate)
    except ValueError as error:
        raise WiringError(f"the route {method} {path or '/'}: {error}") from None


def _possible(method: str, path: str, access: Access, limits: RouteLimits) -> tuple[HTTPStatus, ...]:
    statuses = [HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE]
    if "{" in path:
        statuses.append(HTTPStatus.NOT_FOUND)
    if method != "GET":
        statuses.append(HTTPStatus.CONFLICT)
    if method in {"POST", "PUT", "PATCH"}:
        statuses += [HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
        statuses.append(HTTPStatus.REQUEST_TIMEOUT)
    if method != "GET" and "{" in path:
        statuses.append(HTTPStatus.PRECONDITION_FAILED)
    if limits.rate:
        statuses.append(HTTPStatus.TOO_MANY_REQUESTS)
    if not access.public:
        statuses += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]
    return tuple(sorted(statuses))


def _guard(access: Access, realm: str) -> Callable[[Request], Awaitable[None]]:
    async def guard(request: Request) -> None:
        principal = await authenticated(request, realm)
        access.check(principal)
        request.scope["principal"] = principal
        if principal is not None:
            enter(principal.tenant)
            caller.set(principal.id)

    return guard


async def authenticated(connection: HTTPConnection, realm: str = "") -> Principal | None:
    """Answer who sends a request or opens a websocket, or None for nobody. Raises AuthError for a bad proof."""
    providers: Mapping[str, PrincipalProvider] = connection.app.state.realms
    provider = providers.get(realm)
    if isinstance(provider, ReadsRequests):
        return await provider.of(connection)
    return await provider(connection.headers.get("authorization")) if provider else None
