"""ARC110: the kernel, shared code or an adapter knows a module."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from arckode_analyzers.model.constants import text_of
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Import
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.module_graph import Way
    from arckode_analyzers.model.source import Source

_BELOW = ("kernel", "shared", "adapters")
_DYNAMIC = frozenset({"importlib.import_module", "builtins.__import__"})
_INTERFACES = frozenset({"typing.Protocol", "typing_extensions.Protocol", "abc.ABC"})
_DEEPEST = 12


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report imports that lead from below into a module, also through files in between."""
    if not _is_below(source) or not analysis.modules.all:
        return
    for row in source.facts.imports:
        way = _way(analysis, source, row)
        if way and not ("adapters" in source.layers and _is_interface(analysis, source, row)):
            yield _spot(source, (row.line, row.column, row.function), way)
    for call in source.facts.calls:
        value = analysis.value(source, call.function, call.func)
        name = text_of(analysis.project, source, call.function, call.args[0] if call.args else None)
        if value is not None and value.name in _DYNAMIC and name:
            found = analysis.project.modules.get(name)
            if found is not None and found.unit:
                yield _spot(source, (call.line, call.column, call.function), ((source, call.line), (found, 1)))


def _is_below(source: Source) -> bool:
    return bool(source.layers.intersection(_BELOW)) and not source.unit


def _spot(source: Source, place: tuple[int, int, int], way: Way) -> Spot:
    line, column, function = place
    module = way[-1][0]
    who = next(layer for layer in _BELOW if layer in source.layers)
    subject = {"kernel": "the kernel", "shared": "shared code", "adapters": "an adapter"}[who]
    through = f" through `{way[1][0].module}`" if len(way) > 2 else ""
    message = f"{subject} imports the module '{module.unit}'{through}"
    chain = way[:-1] if len(way) > 2 else ()
    return Spot(source, line, column, source.symbol(function), message, module.module, chain=chain)


def _way(analysis: Analysis, source: Source, row: Import) -> Way:
    """Return the lines that lead from an import into a module; empty when it leads to none."""
    seen = {source.path}
    queue: deque[tuple[Way, Source]] = deque(
        (((source, row.line),), target) for target in _targets(analysis, source, row)
    )
    while queue:
        way, target = queue.popleft()
        if target.unit:
            return (*way, (target, 1))
        if target.path in seen or _is_below(target) or len(way) > _DEEPEST:
            continue
        seen.add(target.path)
        for inner in target.facts.imports:
            if inner.kind != "typing":
                steps = (*way, (target, inner.line))
                queue.extend((steps, found) for found in _targets(analysis, target, inner))
    return ()


def _targets(analysis: Analysis, source: Source, row: Import) -> list[Source]:
    """Return the project's files that an import loads."""
    modules, target = analysis.project.modules, source.target(row)
    names = (f"{target}.{row.name}" if row.name else target, target)
    found = (modules.get(name) for name in names)
    return [each for each in found if each is not None and each is not source][:1]


def _is_interface(analysis: Analysis, source: Source, row: Import) -> bool:
    """Tell whether an import names a protocol: to implement what a module asks for, an adapter must know it."""
    value = analysis.resolver.dotted(source.target(row), row.name) if row.name else None
    if value is None or value.name not in analysis.project.classes:
        return False
    return any(ancestor.name in _INTERFACES for ancestor in analysis.resolver.ancestors(value))


_MODULE = {
    "src/shop/modules/orders/__init__.py": (
        "from .service import Carrier, OrdersService\n\n__all__ = ['Carrier', 'OrdersService']\n"
    ),
    "src/shop/modules/orders/service.py": """\
from typing import Protocol

class Carrier(Protocol):
    async def ship(self, order): ...

class OrdersService: ...
""",
}
RULE = Rule(
    code="ARC110",
    name="kernel-imports-module",
    severity="error",
    summary="The kernel, shared code or an adapter imports a module.",
    why=(
        "Modules stand on the kernel; once it stands on one of them, none can be removed, tested or replaced without "
        "it, and an import cycle is one edit away. The next version of the kernel overwrites the change besides."
    ),
    hint="let the kernel offer a port or take a parameter, and fill it in the composition root or a connector",
    check=check,
    layers=_BELOW,
    decides=(
        "Imports are followed through the project's own files, lazy ones and those for types included. An adapter may "
        "import the protocol of a module that it implements."
    ),
    bad=(
        Example(
            "the kernel imports a service, under an alias and inside a function",
            {
                **_MODULE,
                "src/shop/kernel/app.py": """\
from shop.modules.orders import OrdersService as Anything  # error: ARC110

def close():
    from ..modules import orders  # error: ARC110
""",
            },
        ),
        Example(
            "shared code, through a file in between and by a written name",
            {
                **_MODULE,
                "src/shop/shared/prices.py": """\
import importlib
from shop.lookup import find  # error: ARC110

def load():
    return importlib.import_module("shop.modules.orders.service")  # error: ARC110
""",
                "src/shop/lookup.py": """\
from shop.modules.orders import OrdersService

def find(): return OrdersService()
""",
            },
        ),
        Example(
            "an adapter that calls the service, and types alone",
            {
                **_MODULE,
                "src/shop/adapters/parcels.py": """\
from shop.modules.orders import Carrier, OrdersService  # error: ARC110
""",
                "src/shop/kernel/types.py": """\
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shop.modules.orders import OrdersService  # error: ARC110
""",
            },
        ),
    ),
    good=(
        Example(
            "the kernel and shared code import each other and libraries",
            {
                **_MODULE,
                "src/shop/kernel/app.py": "import json\nfrom shop.shared.words import plural\nfrom shop import names\n",
                "src/shop/shared/words.py": "from vendor.modules.orders import OrdersService\n\ndef plural(w): ...\n",
                "src/shop/names.py": "# from shop.modules.orders import OrdersService\nSHOP = 'shop.modules.orders'\n",
            },
        ),
        Example(
            "an adapter that implements what a module asks for",
            {
                **_MODULE,
                "src/shop/adapters/parcels.py": """\
from shop.modules.orders import Carrier

class Parcels(Carrier):
    async def ship(self, order): ...
""",
            },
        ),
        Example(
            "what a module shares among its own files",
            {
                **_MODULE,
                "src/shop/modules/orders/shared/prices.py": "from shop.modules.orders.service import OrdersService\n",
            },
        ),
    ),
)
