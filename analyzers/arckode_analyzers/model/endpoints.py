"""Every path that the API answers, as far as it is written in the code."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis

# What the generated kernel and FastAPI answer beside the modules' routes.
_OTHERS = frozenset("commands docs events files health metrics openapi.json redoc static storage streams ws".split())
_DEEPEST = 3


class Endpoints:
    """The methods of each path; a path that is put together at run time is not known, and then no answer is certain."""

    def __init__(self, analysis: Analysis) -> None:
        self._routes = analysis.routes.all
        self._mounts = analysis.mounts

    @cached_property
    def are_known(self) -> bool:
        return bool(self._routes) and all(route.path is not None and route.prefix is not None for route in self._routes)

    @cached_property
    def _methods(self) -> dict[tuple[str, ...], set[str]]:
        found: dict[tuple[str, ...], set[str]] = {}
        for route in self._routes:
            found.setdefault(_parts(f"{route.prefix}{route.path}"), set()).update(route.methods)
        for application in self._mounts.applications:
            for mounted in application:
                found.setdefault(_parts(mounted.path), set()).update(mounted.route.methods)
        return found

    def methods_of(self, path: str) -> frozenset[str] | None:
        """Return the methods that a path has, wherever the API may be mounted; None when nobody answers there."""
        asked = _parts(path)
        if asked and asked[0] in _OTHERS:
            return frozenset()
        found = {method for parts, methods in self._methods.items() if _may_be(asked, parts) for method in methods}
        return frozenset(found) if found or any(_may_be(asked, parts) for parts in self._methods) else None

    def paths(self) -> Iterator[str]:
        """Yield the paths that there are, for a suggestion."""
        return (f"/{'/'.join(parts)}" for parts in self._methods)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def _may_be(asked: tuple[str, ...], route: tuple[str, ...]) -> bool:
    """Tell whether a request may be for a route: also below a prefix that only one of the two has."""
    if _fits(asked, route):
        return True
    ways = [(asked[skipped:], route) for skipped in range(1, _DEEPEST)]
    ways += [(asked, route[skipped:]) for skipped in range(1, _DEEPEST)]
    return any(a and b and a[0] == b[0] and _fits(a, b) for a, b in ways)


def _fits(asked: tuple[str, ...], route: tuple[str, ...]) -> bool:
    if route and route[-1].endswith(":path}") and len(asked) >= len(route):
        return _fits(asked[: len(route) - 1], route[:-1])
    return len(asked) == len(route) and all(a == b or "{" in a or "{" in b for a, b in zip(asked, route, strict=True))
