"""ARC401: a service method with a name of its own for what has one already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.data_access import is_repository
from arckode_analyzers.model.sinks import words
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import ClassAt, FunctionAt
    from arckode_analyzers.model.source import Source

# Names that mean exactly this, and nothing else, on a service.
_PLAIN = {
    "list": words("get_all find_all list_all fetch_all find_many all"),
    "get_by_id": words("find_by_id get_one find_one fetch_by_id retrieve"),
    "create": words("create_one insert"),
    "update": words("update_one update_by_id"),
    "delete": words("delete_by_id delete_one destroy"),
}
# Names that mean it only when the method hands over to the repository's method of that kind.
_WHEN_IT_DOES = {
    "list": words("find search index browse"),
    "get_by_id": words("get find fetch read show"),
    "create": words("add store save new make"),
    "update": words("edit modify patch change save"),
    "delete": words("remove erase drop"),
}
_DOES = {
    "list": frozenset({"find_many", "paginate", "find_page"}),
    "get_by_id": frozenset({"find_by_id"}),
    "create": frozenset({"create"}),
    "update": frozenset({"update"}),
    "delete": frozenset({"delete"}),
}


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report public methods of services on a repository that go by a synonym."""
    if "services" not in source.layers:
        return
    for klass in analysis.project.classes_of(source):
        if not _has_repository(analysis, klass):
            continue
        methods = dict(analysis.project.methods(klass))
        for name, method in methods.items():
            meant = _meaning(analysis, name, method)
            if meant and meant not in methods:
                record = method.record
                message = f"`{klass.record.name}.{name}` is what every other service calls `{meant}`"
                hint = f"rename it to `{meant}`"
                yield Spot(source, record.line, record.column, method.symbol, message, name, hint)


def _has_repository(analysis: Analysis, klass: ClassAt) -> bool:
    """Tell whether a class keeps a repository: one it is given, a field it declares, or one it makes itself."""
    resolver = analysis.resolver
    made = analysis.class_value(klass.source, klass.index)
    found = resolver.attribute(made, "__init__")
    init = None if found is None else analysis.graph.function_of(found)
    rows = [] if init is None else init.source.parameters_of.get(init.index, ())
    if init is not None and any(is_repository(analysis, resolver.parameter(init.source, row)) for row in rows[1:]):
        return True
    fields = {
        str(row.target[1])
        for row in klass.source.facts.bindings
        if row.owner == klass.index and row.target[0] == "name" and row.annotation is not None
    }
    fields |= set(analysis.project.attributes_of.get(klass.symbol, ()))
    return any(is_repository(analysis, resolver.attribute(made, name)) for name in sorted(fields))


def _meaning(analysis: Analysis, name: str, method: FunctionAt) -> str:
    """Return the law's word for a method, or an empty string when the method has a right to its own."""
    for meant, names in _PLAIN.items():
        if name in names:
            return meant
    called = {
        target.method
        for call in analysis.calls(method.source)
        if call.record.function == method.index
        for target in analysis.reached(call)
        if target.method and target.owner.startswith("kernel.")
    }
    return next((meant for meant, names in _WHEN_IT_DOES.items() if name in names and called & _DOES[meant]), "")


_SERVICE = "src/shop/modules/orders/service.py"
_START = """\
from shop.kernel.repository import RepositoryAdapter

class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

"""
RULE = Rule(
    code="ARC401",
    name="service-names",
    severity="warning",
    summary="A service's CRUD method has another name than `list get_by_id create update delete`.",
    why=(
        "When every service answers to the same five names, a controller, a connector and a reader know a module "
        "before they open it. A synonym is a detour for all of them; a verb of the business is not, and stays free."
    ),
    hint="use list, get_by_id, create, update or delete",
    decides=(
        "Judged are classes of service files that hold a repository, and only public methods named like one "
        "of the known synonyms of a CRUD verb; what a method does is not read."
    ),
    check=check,
    bad=(
        Example(
            "the usual synonyms",
            {
                _SERVICE: _START
                + """\
    async def get_all(self):  # error: ARC401
        return await self._orders.find_many({})

    async def destroy(self, order_id):  # error: ARC401
        await self._orders.delete(order_id)
"""
            },
        ),
        Example(
            "a vague verb that does what the law has a word for, in a class of any name",
            {
                _SERVICE: """\
from shop.kernel.repository import RepositoryAdapter as Rows

class Anything:
    def __init__(self, orders: Rows["Order"]) -> None:
        self._orders = orders

    async def remove(self, order_id):  # error: ARC401
        gone = self._orders.delete
        await gone(order_id)

    async def find(self, order_id):  # error: ARC401
        return await self._orders.find_by_id(order_id)
"""
            },
        ),
    ),
    good=(
        Example(
            "the five names and verbs of the business",
            {
                _SERVICE: _START
                + """\
    async def list(self):
        return await self._orders.find_many({})

    async def get_by_id(self, order_id):
        return await self._orders.find_by_id(order_id)

    async def cancel(self, order_id):
        return await self._orders.update(order_id, {"status": "cancelled"})

    async def search(self, words):
        return words

    def _find(self):
        return "def get_all(self)"
"""
            },
        ),
        Example(
            "a verb that only looks like a synonym: it takes a line off an order",
            {
                _SERVICE: _START
                + """\
    async def remove(self, order_id, line):
        return await self._orders.update(order_id, {"lines": line})
"""
            },
        ),
        Example(
            "a class in the same file that keeps no rows",
            {_SERVICE: "class Basket:\n    def get_all(self):\n        return []\n"},
        ),
    ),
)
