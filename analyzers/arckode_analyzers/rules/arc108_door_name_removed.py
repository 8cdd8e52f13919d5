"""ARC108: a name that a module offered is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.model.modules import Modules, bound_names, is_computed, said_names
from arckode_analyzers.model.project import is_judged
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.modules import Module
    from arckode_analyzers.model.project import Project
    from arckode_analyzers.model.source import Source


@dataclass(frozen=True, slots=True)
class _Use:
    """A place outside a module that takes a name from its door."""

    source: Source
    line: int
    column: int
    function: int


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report the names that a door offered on the base branch and no longer offers."""
    if analysis.base is None:
        return
    now = {module.folder: module for module in analysis.modules.all}
    for before in Modules(analysis.base).all:
        module = now.get(before.folder)
        if module is None or module.door is None:
            yield from _homeless(analysis.project, before, source)
        elif module.door is source:
            yield from _removed(analysis, before, source)


def _removed(analysis: Analysis, before: Module, door: Source) -> Iterator[Spot]:
    old = before.door
    if old is None or is_computed(door):
        return
    said = said_names(door)
    line, column = (said[1].line, said[1].column) if said else (1, 0)
    for name in sorted(_offered(old)):
        if _is_offered(door, name, was_said=said_names(old) is not None):
            continue
        uses = tuple(_uses(analysis.project, door.module, name, before.name))
        message = f"the module '{before.name}' no longer offers `{name}`; {_users(uses)}"
        chain = tuple((use.source, use.line) for use in uses)
        yield Spot(door, line, column, door.module, message, f"{before.name}.{name}", chain=chain)


def _offered(door: Source) -> frozenset[str]:
    said = said_names(door)
    if said is not None:
        return frozenset(name for name in said[0] if not name.startswith("_"))
    own = door.names.get((0, -1), {})
    return frozenset(name for name in bound_names(door) if _is_own(door, own[name][0].what, own[name][0].index))


def _is_own(door: Source, what: str, index: int) -> bool:
    """Tell a name of the module's own from a library's that its door merely uses."""
    if what != "import":
        return True
    target = door.target(door.facts.imports[index])
    return target.startswith(f"{door.module}.") or target == door.module


def _is_offered(door: Source, name: str, *, was_said: bool) -> bool:
    said = said_names(door)
    is_bound = name in door.names.get((0, -1), {})
    if said is None or not was_said:
        return is_bound or (said is not None and name in said[0])
    return name in said[0]


def _homeless(project: Project, before: Module, source: Source) -> Iterator[Spot]:
    """Report who still imports from a module that is gone; a module that nobody misses was meant to go."""
    if before.door is None or source.unit == before.name or before.door.module in project.modules:
        return
    for use in _imports(project, source, before.door.module):
        message = f"the module '{before.name}' is gone, and this still imports from it"
        yield Spot(source, use.line, use.column, source.symbol(use.function), message, before.name)


def _uses(project: Project, door: str, name: str, unit: str) -> Iterator[_Use]:
    for source in project.sources.values():
        if is_judged(source) and source.unit != unit:
            yield from _imports(project, source, door, name)


def _imports(project: Project, source: Source, door: str, name: str = "") -> Iterator[_Use]:
    """Yield the imports of a name from a door; without a name, of anything of a module that is gone."""
    for row in source.facts.imports:
        target = source.target(row)
        is_inside = target.startswith(f"{door}.") and target not in project.modules
        is_lost = not name and (f"{target}.{row.name}" == door or is_inside)
        if is_lost or (target == door and name in {"", row.name}):
            yield _Use(source, row.line, row.column, row.function)


def _users(uses: tuple[_Use, ...]) -> str:
    places = [f"{use.source.path}:{use.line}" for use in uses]
    if not places:
        return "nobody here uses it any more"
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return f"{', '.join(places[:3])}{more} still import{'s' if len(places) == 1 else ''} it"


_DOOR = "src/shop/modules/orders/__init__.py"
_CONNECTOR = "src/shop/connectors/customers_orders.py"
_BEFORE = """\
from shop.modules.orders.service import OrdersService, Receipt

__all__ = ["OrdersService", "Receipt"]
"""
_SERVICE = {"src/shop/modules/orders/service.py": "class OrdersService: ...\n\nclass Receipt: ...\n"}
RULE = Rule(
    code="ARC108",
    name="door-name-removed",
    severity="error",
    summary="A public name was removed from a module's door, compared with the base branch.",
    why=(
        "The door is the module's promise: connectors, other modules and branches that are not merged yet import from "
        "it. A name that disappears breaks them all at import, and a renamed one did disappear."
    ),
    hint="keep the name in `__all__` (an alias is enough), or change every user and suppress this with the reason",
    check=check,
    decides=(
        "Only a run against another branch can tell. Names of `__all__` are compared, without one the public names of "
        "the door. A module that is gone is reported where somebody still imports it, and nowhere else."
    ),
    bad=(
        Example(
            "a name gone, and a connector that still imports it",
            {
                f"@base/{_DOOR}": _BEFORE,
                _DOOR: """\
from shop.modules.orders.service import OrdersService

__all__ = ["OrdersService"]  # error: ARC108
""",
                _CONNECTOR: "from shop.modules.orders import Receipt\n",
                **_SERVICE,
            },
        ),
        Example(
            "a rename, with the old name left in a comment, a string and a private spelling",
            {
                f"@base/{_DOOR}": _BEFORE,
                _DOOR: """\
from shop.modules.orders.service import OrdersService, Receipt as Bill, Receipt as _Receipt

# Receipt
TITLE = "Receipt"
__all__ = ["Bill", "OrdersService"]  # error: ARC108
""",
                **_SERVICE,
            },
        ),
        Example(
            "a door without `__all__` that lost a function",
            {
                f"@base/{_DOOR}": "def register_orders(kernel): ...\n\ndef close(order): ...\n",
                _DOOR: "def register_orders(kernel): ...  # error: ARC108\n",
            },
        ),
        Example(
            "a module that is gone and missed",
            {
                f"@base/{_DOOR}": _BEFORE,
                "src/shop/modules/__init__.py": "",
                _CONNECTOR: """\
from shop.modules.orders import OrdersService  # error: ARC108
from shop.modules import orders as anything  # error: ARC108
from shop.modules.orders.service import Receipt  # error: ARC108
""",
            },
        ),
    ),
    good=(
        Example(
            "moved to another file, renamed under an alias, and a new name",
            {
                f"@base/{_DOOR}": _BEFORE,
                _DOOR: """\
from shop.modules.orders.receipts import Bill as Receipt, Paper
from shop.modules.orders.service import OrdersService

__all__ = ["OrdersService", "Paper", "Receipt"]
""",
                **_SERVICE,
            },
        ),
        Example(
            "a module destroyed with all its users",
            {
                f"@base/{_DOOR}": _BEFORE,
                f"@base/{_CONNECTOR}": "from shop.modules.orders import OrdersService\n",
                "src/shop/modules/customers/__init__.py": "",
            },
        ),
        Example(
            "an internal name, a library's name, and no branch to compare with",
            {
                f"@base/{_DOOR}": """\
from uuid import UUID
from .service import _secret

def register_orders(kernel): ...
""",
                _DOOR: "def register_orders(kernel): ...\n",
                "src/shop/modules/customers/__init__.py": "__all__ = []\n",
            },
        ),
        Example(
            "names that a door computes",
            {
                f"@base/{_DOOR}": _BEFORE,
                _DOOR: "def __getattr__(name): ...\n",
            },
        ),
    ),
)
