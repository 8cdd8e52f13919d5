"""The routes that an OpenAPI document describes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


@dataclass(frozen=True, slots=True)
class Route:
    """One operation; `access` is empty where the route states none."""

    method: str
    path: str
    action: str
    access: str
    operation: str
    module: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def routes(document: Mapping[str, object]) -> tuple[Route, ...]:
    """Return the operations of a document, by path and then in the usual order of methods."""
    paths = cast("Mapping[str, Mapping[str, Mapping[str, object]]]", document.get("paths", {}))
    return tuple(
        _route(method, path, operations[method])
        for path, operations in sorted(paths.items())
        for method in _METHODS
        if method in operations
    )


def in_order(found: Iterable[Route]) -> tuple[Route, ...]:
    """Sort routes as a document's are: by path, then in the usual order of methods."""
    places = {method.upper(): place for place, method in enumerate(_METHODS)}
    return tuple(sorted(found, key=lambda each: (each.path, places.get(each.method, len(places)), each.operation)))


def _route(method: str, path: str, operation: Mapping[str, object]) -> Route:
    name = str(operation.get("operationId", ""))
    tags = operation.get("tags")
    module = str(tags[0]) if isinstance(tags, list) and tags else ""
    return Route(
        method.upper(),
        path,
        name.removeprefix(f"{module}_"),
        str(operation.get("x-access", "")),
        name,
        module,
    )
