"""Files of a folder, such as a built front end; its pages know their own routes."""

from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from .compression import SUFFIX

_FOREVER = "public, max-age=31536000, immutable"


class StaticFolder(StaticFiles):
    """Serves files, and `index.html` for a page that only the front end knows; never a hidden file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)
        self._has_index = (folder / "index.html").is_file()

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer a file. Raises HTTPException 404 and 405."""
        if any(part.startswith(".") and part != "." for part in Path(path).parts):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        kept = Path(path).parts[:1] == ("assets",)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != HTTPStatus.NOT_FOUND or not self._is_page(path, scope):
                raise
            kept = False
            response = await super().get_response("index.html", scope)
        if kept and response.status_code in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
            response.headers["Cache-Control"] = _FOREVER  # a bundler puts a digest into their names
        else:
            response.headers.setdefault("Cache-Control", "no-cache")
        return response

    def is_not_modified(self, response_headers: Headers, request_headers: Headers) -> bool:
        """Know a tag again that Compression has marked."""
        if wanted := request_headers.get("if-none-match"):
            request_headers = Headers({"if-none-match": wanted.replace(f'{SUFFIX}"', '"')})
        return super().is_not_modified(response_headers, request_headers)

    def _is_page(self, path: str, scope: Scope) -> bool:
        """Say whether a browser looks for a page, and not for a file that is missing."""
        accepts = b"".join(value for name, value in scope["headers"] if name == b"accept")
        return self._has_index and "." not in Path(path).name and b"text/html" in accepts
