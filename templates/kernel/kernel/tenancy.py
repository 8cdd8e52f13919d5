"""Whose rows are seen: a model with a column marked `tenant` shows the rows of the caller's tenant, and no others.

Whoever is proven by a guard brings the tenant along; from there on every query of such a model is limited to it, and
every new row gets it. Outside a guarded request, as in jobs and seeds, nothing is limited.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tenant:
    """The tenant of whoever is calling; None for a caller who belongs to none and so sees no tenant's rows."""

    id: UUID | None


_current: ContextVar[Tenant | None] = ContextVar("tenant", default=None)
MARK: Final = "tenant"


def current_tenant() -> Tenant | None:
    """Answer the tenant that queries are limited to, or None where they are not."""
    return _current.get()


@contextmanager
def limited_to(tenant: Tenant | None) -> Iterator[None]:
    """Limit the queries inside to a tenant, or to none with None."""
    token = _current.set(tenant)
    try:
        yield
    finally:
        _current.reset(token)


def enter(tenant: UUID | None) -> None:
    """Limit what follows in a request to a tenant; the route that is being served ends it."""
    _current.set(Tenant(tenant))


@contextmanager
def across_tenants() -> Iterator[None]:
    """See the rows of every tenant: for what is nobody's in particular, such as signing in."""
    with limited_to(None):
        yield
