"""Who is calling, and what a route demands of them. Every route states its access; public must be said."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from .errors import AuthError, ForbiddenError, ProgrammingError


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as proven by authentication: never built from what a request merely claims."""

    id: UUID
    tenant: UUID | None = None
    permissions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """What a route demands: nothing, somebody signed in, or one permission."""

    public: bool = False
    permission: str | None = None

    @property
    def label(self) -> str:
        """Say it in a word, for the API's description."""
        if self.public:
            return "public"
        return self.permission or "signed-in"

    def check(self, principal: Principal | None) -> None:
        """Raise AuthError when nobody is signed in and ForbiddenError when the permission is missing."""
        if self.public:
            return
        if principal is None:
            raise AuthError("Sign in to do this.")
        if self.permission is not None and self.permission not in principal.permissions:
            raise ForbiddenError(f"This needs the permission '{self.permission}'.")


PUBLIC: Final = Access(public=True)
SIGNED_IN: Final = Access()


def require(permission: str) -> Access:
    """Demand a permission, written `module:action`. Raises ProgrammingError for another spelling."""
    module, colon, action = permission.partition(":")
    if not (module and colon and action):
        raise ProgrammingError(f"a permission is written 'module:action', not '{permission}'")
    return Access(permission=permission)


PrincipalProvider = Callable[[str | None], Awaitable[Principal | None]]
"""Turns an Authorization header into a principal; raises AuthError for a bad one. Set by authentication."""
