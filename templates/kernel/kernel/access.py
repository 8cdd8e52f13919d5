"""Who is calling, and what a route demands of them. Every route states its access; public must be said."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable
from uuid import UUID

from starlette.requests import HTTPConnection

from .errors import AuthError, ForbiddenError, ProgrammingError

EVERYTHING: Final = "*"


@dataclass(frozen=True, slots=True)
class Permission:
    """What may be done, declared by the module that does it: `Permission("orders:read", "See orders")`.

    Raises ProgrammingError for a name that is not `module:action`.
    """

    name: str
    description: str = ""

    def __post_init__(self) -> None:
        module, colon, action = self.name.partition(":")
        if not (module and colon and action):
            raise ProgrammingError(f"a permission is written 'module:action', not '{self.name}'")


@dataclass(frozen=True, slots=True)
class Role:
    """A set of permissions with a name: each is a Permission, `orders:*` for all of a module, or `*` for all."""

    name: str
    permissions: tuple[Permission | str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(each if isinstance(each, str) else each.name for each in self.permissions)


def covers(held: Collection[str], permission: str) -> bool:
    """Say whether holding these names means holding a permission: by its name, its module's `orders:*`, or `*`."""
    return permission in held or EVERYTHING in held or f"{permission.partition(':')[0]}:*" in held


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as proven by authentication: never built from what a request merely claims.

    `session` is None for a key of the API, which is no person at a keyboard; `recent` says that the password was given
    a short while ago.
    """

    id: UUID
    tenant: UUID | None = None
    permissions: frozenset[str] = frozenset()
    session: UUID | None = None
    recent: bool = False

    def may(self, permission: Permission | str) -> bool:
        """Say whether the caller holds a permission."""
        return covers(self.permissions, permission if isinstance(permission, str) else permission.name)


@dataclass(frozen=True, slots=True)
class Access:
    """What a route demands: nothing, somebody signed in, a person in a session, or one permission."""

    public: bool = False
    permission: str | None = None
    session: bool = False
    recent: bool = False

    @property
    def label(self) -> str:
        """Say it in a word, for the API's description."""
        if self.public:
            return "public"
        proof = "recently signed-in" if self.recent else "in a session" if self.session else "signed-in"
        return self.permission or proof

    def check(self, principal: Principal | None) -> None:
        """Raise AuthError when nobody is signed in and ForbiddenError when the permission or the proof is missing."""
        if self.public:
            return
        if principal is None:
            raise AuthError("Sign in to do this.")
        if (self.session or self.recent) and principal.session is None:
            raise ForbiddenError("A key cannot do this; sign in.", code="session_required")
        if self.permission is not None and not principal.may(self.permission):
            raise ForbiddenError(f"This needs the permission '{self.permission}'.")
        if self.recent and not principal.recent:
            raise ForbiddenError("Give the password once more to do this.", code="reauthentication_required")


PUBLIC: Final = Access(public=True)
SIGNED_IN: Final = Access()
IN_SESSION: Final = Access(session=True)
RECENTLY_SIGNED_IN: Final = Access(session=True, recent=True)


def require(permission: Permission | str, *, recent: bool = False) -> Access:
    """Demand a permission, and with `recent` the password as well, given a short while ago.

    Raises ProgrammingError for a text that is not `module:action`.
    """
    declared = Permission(permission) if isinstance(permission, str) else permission
    return Access(permission=declared.name, session=recent, recent=recent)


PrincipalProvider = Callable[[str | None], Awaitable[Principal | None]]
"""Turns an Authorization header into a principal; raises AuthError for a bad one. Set by authentication."""


@runtime_checkable
class ReadsRequests(Protocol):
    """A PrincipalProvider that can look at a whole request, for instance at its cookies."""

    async def of(self, connection: HTTPConnection) -> Principal | None:
        """Answer who sends a request, or None for nobody. Raises AuthError, and ForbiddenError for a forged one."""
        ...
