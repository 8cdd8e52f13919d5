"""What may be asked of a path: the framework names the methods of the first route there, and each is a route of ours."""

from fastapi import Request
from starlette.routing import Match

_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def allowed_methods(request: Request) -> str:
    """Answer the methods some route accepts at the path of a request, as the Allow header writes them."""
    return ", ".join(method for method in _METHODS if _accepted(request, method))


def _accepted(request: Request, method: str) -> bool:
    asked = {"type": "http", "method": method, "app": request.app, "headers": [], "path_params": {}}
    scope = asked | {name: request.scope[name] for name in ("path", "root_path") if name in request.scope}
    return any(route.matches(dict(scope))[0] is Match.FULL for route in request.app.routes)
