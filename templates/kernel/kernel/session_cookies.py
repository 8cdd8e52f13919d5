"""A session in a browser: cookies that scripts cannot read, and a token that other sites cannot know (CSRF).

The access token and the refresh token are `HttpOnly`. The third cookie is for the page's own script, which sends it
back as `X-CSRF-Token`; only its digest is kept, in the signed access token and with the session, so that a cookie which
somebody else planted proves nothing.
"""

from dataclasses import dataclass
from typing import Final, Literal

from starlette.requests import HTTPConnection
from starlette.responses import Response

from .errors import ForbiddenError
from .tokens import matches

CSRF_HEADER: Final = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True, slots=True)
class SessionCookies:
    """The cookies of one authentication; `path` is where its refresh token is sent to, and nowhere else.

    `root` is what stands before that path for the browser: the `root_path` of the request that is answered.
    With `secure` the names say to the browser that nobody may set them without TLS (RFC 6265bis, 4.1.3).
    """

    name: str
    path: str
    secure: bool
    same_site: Literal["lax", "strict", "none"] = "lax"

    @property
    def access_name(self) -> str:
        return f"{'__Host-' if self.secure else ''}{self.name}_access"

    @property
    def refresh_name(self) -> str:
        return f"{'__Secure-' if self.secure else ''}{self.name}_refresh"

    @property
    def csrf_name(self) -> str:
        return f"{'__Host-' if self.secure else ''}{self.name}_csrf"

    def write(self, response: Response, *, access: str, refresh: str, csrf: str, seconds: int, root: str = "") -> None:
        """Put a session into a response, for as long as its refresh token is good."""
        self._set(response, self.access_name, access, seconds, path="/", hidden=True)
        self._set(response, self.refresh_name, refresh, seconds, path=root + self.path, hidden=True)
        self._set(response, self.csrf_name, csrf, seconds, path="/", hidden=False)

    def clear(self, response: Response, *, root: str = "") -> None:
        """Take a session out of the browser."""
        for name, path in ((self.access_name, "/"), (self.refresh_name, root + self.path), (self.csrf_name, "/")):
            response.delete_cookie(name, path=path, secure=self.secure, samesite=self.same_site)

    def access(self, connection: HTTPConnection) -> str | None:
        return connection.cookies.get(self.access_name)

    def refresh(self, connection: HTTPConnection) -> str | None:
        return connection.cookies.get(self.refresh_name)

    def _set(self, response: Response, name: str, value: str, seconds: int, *, path: str, hidden: bool) -> None:
        response.set_cookie(
            name, value, max_age=seconds, path=path, secure=self.secure, httponly=hidden, samesite=self.same_site
        )


def refuse_forged(connection: HTTPConnection, expected: str) -> None:
    """Refuse a request that changes something and that the page itself did not send.

    `expected` is the digest of the session's CSRF token. Raises ForbiddenError.
    """
    if connection.scope.get("method", "GET") in _SAFE and connection.scope["type"] == "http":
        return
    if not matches(connection.headers.get(CSRF_HEADER, ""), expected):
        raise ForbiddenError(f"Send the session's token as {CSRF_HEADER}.", code="csrf")
