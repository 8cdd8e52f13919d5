"""Every error as a problem document (RFC 9457), whoever raised it, and never with what the caller sent in it."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from ..errors import AppError
from ..request_context import current_request_id
from .names import json_name

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One value that was refused: a JSON pointer into the body, or the name of a parameter after a slash."""

    pointer: str
    code: str
    message: str


class Problem(BaseModel):
    """The body of every error."""

    model_config = ConfigDict(
        alias_generator=json_name, populate_by_name=True, json_schema_serialization_defaults_required=True
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str | None = None
    errors: list[FieldProblem] = []


class ProblemResponse(JSONResponse):
    """A response that says it is a problem."""

    media_type = MEDIA_TYPE


def problem_response(
    status: HTTPStatus,
    detail: str,
    *,
    instance: str,
    code: str | None = None,
    errors: Iterable[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    """Make the response for one error."""
    problem = Problem(
        title=status.phrase,
        status=status,
        detail=detail,
        instance=instance,
        code=code or status.name.lower(),
        request_id=current_request_id(),
        errors=list(errors),
    )
    return ProblemResponse(problem.model_dump(by_alias=True), status_code=status, headers=headers)


def install_problem_handlers(app: FastAPI) -> None:
    """Let no error of the framework or of a service out in another shape; the unexpected ones are caught outside."""
    app.add_exception_handler(AppError, _application_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)


def problem_of(error: Exception, path: str) -> ProblemResponse | None:
    """Answer the problem that a layer raised outside of any route; None for what nobody expected."""
    if isinstance(error, AppError):
        return _told(error, path)
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        return problem_response(status, error.detail, instance=path, headers=error.headers)
    return None


async def _application_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, AppError):
        raise error
    return _told(error, request.url.path)


def _told(error: AppError, path: str) -> ProblemResponse:
    fields = [
        FieldProblem(pointer=f"/{json_name(name)}", code=error.code, message=message)
        for name, message in error.fields.items()
    ]
    headers = {"WWW-Authenticate": "Bearer"} if error.status is HTTPStatus.UNAUTHORIZED else {}
    return problem_response(
        error.status,
        error.message,
        instance=path,
        code=error.code,
        errors=fields,
        headers=headers | error.headers,
    )


async def _invalid_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return problem_response(HTTPStatus.BAD_REQUEST, "The body is not JSON.", instance=request.url.path)
    if found[0]["loc"] == ("body",) and not _says_json(request):
        detail = "Send the body as application/json."
        return problem_response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, instance=request.url.path)
    fields = [_refused(item["loc"], item["type"], item["msg"]) for item in found]
    return problem_response(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Some values cannot be accepted.",
        instance=request.url.path,
        code="validation_failed",
        errors=fields,
    )


def _refused(location: Iterable[object], code: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=_pointer(location), code=code, message=message.removeprefix("Value error, "))


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    headers = {"Allow": _allowed(request)} if status is HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    return problem_response(status, error.detail, instance=request.url.path, headers=headers)


def _allowed(request: Request) -> str:
    """Answer every method of a path; the framework names those of its first route, and each of ours has one."""
    scope: dict[str, object] = {"type": "http", "app": request.app, "headers": [], "path_params": {}}
    scope |= {name: request.scope[name] for name in ("path", "root_path") if name in request.scope}
    methods = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
    routes = request.app.routes
    return ", ".join(m for m in methods if any(r.matches(scope | {"method": m})[0] is Match.FULL for r in routes))


def _says_json(request: Request) -> bool:
    """Say whether the body claims to be JSON, as the framework decides it; an empty one claims nothing."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json") or request.headers.get("content-length", "0") == "0"


def _pointer(location: Iterable[object]) -> str:
    _, *path = location
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
