"""Routes of a module: stable operation ids, a stated access, and every error declared for the clients."""

import json
from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from ..access import Access, Principal, PrincipalProvider
from ..errors import AuthError, WiringError
from .problems import MEDIA_TYPE, Problem

Handler = Callable[..., Awaitable[object]]


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


class ExactRoute(APIRoute):
    """A route that reads its body with ExactRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:  # FastAPI's own type
        handle = super().get_route_handler()

        async def exactly(request: Request) -> Response:
            return await handle(ExactRequest(request.scope, request.receive))

        return exactly


class ModuleRouter:
    """Collects the routes of one module under `/<module>`."""

    def __init__(self, module: str, *, prefix: str | None = None) -> None:
        self._module = module
        prefix = f"/{module.replace('_', '-')}" if prefix is None else prefix
        self.router = APIRouter(prefix=prefix, tags=[module], route_class=ExactRoute)

    def get(self, path: str, handler: Handler, *, access: Access, status: int = 200) -> None:
        self._add("GET", path, handler, access, status)

    def post(self, path: str, handler: Handler, *, access: Access, status: int = 200) -> None:
        self._add("POST", path, handler, access, status)

    def put(self, path: str, handler: Handler, *, access: Access, status: int = 200) -> None:
        self._add("PUT", path, handler, access, status)

    def patch(self, path: str, handler: Handler, *, access: Access, status: int = 200) -> None:
        self._add("PATCH", path, handler, access, status)

    def delete(self, path: str, handler: Handler, *, access: Access, status: int = 200) -> None:
        self._add("DELETE", path, handler, access, status)

    def _add(self, method: str, path: str, handler: Handler, access: Access, status: int) -> None:
        action = getattr(handler, "__name__", "")
        if not action.isidentifier():
            raise WiringError(f"the handler of {method} {path or '/'} has no name to make an operation id of")
        self.router.add_api_route(
            path,
            handler,
            methods=[method],
            status_code=status,
            operation_id=f"{self._module}_{action}",
            name=f"{self._module}_{action}",
            dependencies=[] if access.public else [Depends(_guard(access))],
            responses=declared_problems(_possible(method, path, access)),
            openapi_extra={"x-access": access.label},
        )


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


def _possible(method: str, path: str, access: Access) -> tuple[HTTPStatus, ...]:
    statuses = [HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE]
    if "{" in path:
        statuses.append(HTTPStatus.NOT_FOUND)
    if method != "GET":
        statuses.append(HTTPStatus.CONFLICT)
    if method in {"POST", "PUT", "PATCH"}:
        statuses += [HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    if not access.public:
        statuses += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]
    return tuple(sorted(statuses))


def _guard(access: Access) -> Callable[[Request], Awaitable[None]]:
    async def guard(request: Request) -> None:
        provider: PrincipalProvider | None = request.app.state.authenticate
        principal = await provider(request.headers.get("authorization")) if provider else None
        access.check(principal)
        request.scope["principal"] = principal

    return guard
