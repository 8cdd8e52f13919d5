"""Which path a request means where several have its shape: the one that says most of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Iterable


def more_particular(path: str, others: Iterable[str]) -> list[str]:
    """Return the paths that a path would take for its own, sorted: `/orders/recent` for `/orders/{id}`.

    A path may have a query, too: `/orders?draft=true` is more particular than `/orders`.
    """
    start = path.partition("{")[0]
    count = path.count("/")
    alike = {each for each in others if each != path and each.startswith(start) and each.count("/") == count}
    return sorted(each for each in alike if _is_within(each, path) and not _is_within(path, each))


def _is_within(path: str, wider: str) -> bool:
    """Tell whether whatever has one path has another as well."""
    (plain, _, query), (wide, _, wide_query) = path.partition("?"), wider.partition("?")
    has_query = set(parse_qsl(wide_query)) <= set(parse_qsl(query))
    return has_query and all(map(_takes, wide.split("/"), plain.split("/")))


def _takes(wide: str, part: str) -> bool:
    if "{" not in wide:
        return wide == part
    pieces = re.split(r"\{[^{}]+\}", wide)
    return re.fullmatch("[^/]+".join(map(re.escape, pieces)), re.sub(r"\{[^{}]+\}", "\0", part)) is not None
