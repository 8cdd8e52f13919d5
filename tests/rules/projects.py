"""Small projects for the analyzer's tests: text in, findings out, by the real engine."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TYPE_CHECKING

from arckode_analyzers import engine
from arckode_analyzers.config import Config, Globs
from arckode_analyzers.registry import all_rules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_analyzers.rule import Finding

SERVICE = "src/shop/modules/orders/service.py"
CONTROLLER = "src/shop/modules/orders/controller.py"
REPOSITORY = "src/shop/modules/orders/repository.py"

ORDERS = """\
from shop.kernel.repository import RepositoryAdapter

class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

"""
LOOP = ORDERS + (
    "    async def names(self, ids):\n        for key in ids:\n            await self._orders.find_by_id(key)\n"
)

_MARKER = re.compile(r"(?:#|//|/\*|<!--) error: (ARC\d{3})")
Place = tuple[str, int, str]
JUDGED: ContextVar[list[tuple[Mapping[str, str], tuple[str, ...]]] | None] = ContextVar("JUDGED", default=None)
"""What `findings` is asked, for whoever wants to ask the same again."""


def findings(files: Mapping[str, str], *codes: str) -> tuple[Finding, ...]:
    """Judge a project by some rules, or by all.

    Files of the tests layer only show what is tested; those under `@base/` are the branch to compare with.
    """
    judged = JUDGED.get()
    if judged is not None:
        judged.append((files, codes))
    rules = tuple(rule for rule in all_rules() if not codes or rule.code in codes)
    content, tests, base = sorted_out(files)
    verdict = engine.judge(content, Config(), rules=rules, tests=tests, base=base)
    assert verdict.incomplete == ()
    return verdict.findings


def sorted_out(files: Mapping[str, str]) -> tuple[dict[str, bytes], dict[str, bytes], dict[str, bytes]]:
    """Split an example's files into the program, its tests and the branch it is compared with."""
    is_test = Globs(Config().layers["tests"]).match
    parts: tuple[dict[str, bytes], dict[str, bytes], dict[str, bytes]] = ({}, {}, {})
    for path, text in files.items():
        which = 2 if path.startswith("@base/") else 1 if is_test(path) else 0
        parts[which][path.removeprefix("@base/")] = text.encode()
    return parts


def places(files: Mapping[str, str], *codes: str) -> list[Place]:
    """Return where something was found, each finding once."""
    return sorted((each.path, each.line, each.code) for each in findings(files, *codes))


def expected(files: Mapping[str, str]) -> list[Place]:
    """Return what the `# error: CODE` marks ask for; a mark stands for one finding."""
    return sorted(
        (path, number, code)
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        for code in _MARKER.findall(line)
    )


def plant(root: Path, files: Mapping[str, str]) -> Path:
    """Write a project to a folder."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
    return root
