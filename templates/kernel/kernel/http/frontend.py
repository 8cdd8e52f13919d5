"""The front end and the API at one address: `/api/...` is the API, everything else the front end where it is built."""

from pathlib import Path

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import FileResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..app import Kernel

PREFIX = "/api"
_OWN = ("/docs", "/openapi.json", "/health")
_FOREVER = "public, max-age=31536000, immutable"


def serve_frontend(kernel: Kernel, folder: Path = Path("frontend/dist")) -> None:
    """Serve the bundle in a folder, and the API below /api as well. Raises WiringError after `asgi()`."""
    kernel.add_middleware(Middleware(Frontend, folder=folder))


class Frontend:
    """Answers with files of the bundle, and with its page where a browser asks for one.

    Without a bundle, as in development and in tests, only the prefix is understood.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path == PREFIX or path.startswith(f"{PREFIX}/"):
            await self._app({**scope, "root_path": scope.get("root_path", "") + PREFIX}, receive, send)
            return
        found = self._answer(scope, path)
        await (found or self._app)(scope, receive, send)

    def _answer(self, scope: Scope, path: str) -> FileResponse | None:
        """Answer with what the browser asks for; everything that is not the front end's is the API's."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or path.startswith(_OWN):
            return None
        file = (self._folder / path.lstrip("/")).resolve()
        if path != "/" and file.is_relative_to(self._folder) and file.is_file():
            is_named_by_content = path.startswith("/assets/")
            return FileResponse(file, headers={"cache-control": _FOREVER} if is_named_by_content else None)
        page = self._folder / "index.html"
        wants_page = "text/html" in Headers(scope=scope).get("accept", "")
        return FileResponse(page, headers={"cache-control": "no-cache"}) if wants_page and page.is_file() else None
