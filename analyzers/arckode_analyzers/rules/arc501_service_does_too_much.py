"""ARC501: a service that is several services in one class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.cohesion import Cohesion, Group
from arckode_analyzers.model.project import ClassAt
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_FEWEST = 2
_MANY = 8


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report services whose methods fall into groups that share nothing, and those that hold too many others."""
    if "services" not in source.layers or "controllers" in source.layers:
        return
    for index, record in enumerate(source.facts.classes):
        cohesion = Cohesion(analysis, ClassAt(source, index))
        symbol = source.class_symbols[index]
        problem = _apart(cohesion) or _crowded(record.name, cohesion)
        if problem:
            yield Spot(source, record.line, record.column, symbol, f"`{record.name}` {problem}", record.name)


def _apart(cohesion: Cohesion) -> str:
    """Say which groups a class falls into; a group of one method, or that only hands on, proves nothing."""
    groups = [group for group in cohesion.groups() if _weighs(cohesion, group)]
    if len(groups) < _FEWEST or all(cohesion.delegates(group) for group in groups):
        return ""
    said = "; ".join(f"{_listed(group.methods)} with {_listed(group.attributes)}" for group in groups)
    return f"is {len(groups)} services that share nothing: {said}"


def _weighs(cohesion: Cohesion, group: Group) -> bool:
    is_held = any(name in cohesion.collaborators for name in group.attributes)
    return is_held and sum(not name.startswith("_") for name in group.methods) >= _FEWEST


def _crowded(name: str, cohesion: Cohesion) -> str:
    held = cohesion.collaborators
    return f"depends on {len(held)} others: {_listed(held, len(held))}" if name and len(held) >= _MANY else ""


def _listed(names: tuple[str, ...], most: int = 4) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


_SERVICE = "src/shop/modules/orders/service.py"
_START = """\
from shop.kernel.repository import RepositoryAdapter

"""
_MANY_NAMES = ("lines", "prices", "stock", "taxes", "parcels", "coupons", "invoices", "refunds")
_MANY_PARAMETERS = "".join(f'        {name}: RepositoryAdapter["{name.title()}"],\n' for name in _MANY_NAMES)
_MANY_ASSIGNED = "".join(f"        self._{name} = {name}\n" for name in _MANY_NAMES)
_MANY_CALLS = "".join(f"        await self._{name}.find_by_id(key)\n" for name in _MANY_NAMES)
RULE = Rule(
    code="ARC501",
    name="service-does-too-much",
    severity="warning",
    summary="A service does too much: its methods share nothing, or it depends on too many others.",
    why=(
        "Methods that share neither state nor a collaborator are in one class by accident: every change of one half "
        "touches the tests of the other, and nobody finds either by the name. Lines are not counted: a long service "
        "about one thing is fine, and a short one about two is not."
    ),
    hint="split the class along the groups, one service for each, and let the module register them",
    check=check,
    decides=(
        "Groups are methods connected by an attribute they use or a method they call; a logger, the clock, the "
        "database, settings and helpers without state connect nothing. Reported are two or more groups of at least two "
        f"public methods with a collaborator of their own, and {_MANY} or more collaborators. A facade whose methods "
        "only hand on is legal. Services written as functions are not judged."
    ),
    bad=(
        Example(
            "two repositories that never meet, joined only by a helper and a clock",
            {
                _SERVICE: """\
from shop.kernel.clock import Clock
from shop.kernel.repository import RepositoryAdapter

class OrdersService:  # error: ARC501
    def __init__(
        self, orders: RepositoryAdapter["Order"], letters: RepositoryAdapter["Letter"], clock: Clock
    ) -> None:
        self._orders = orders
        self._letters = letters
        self._clock = clock

    async def find(self, key):
        return self._same(await self._orders.find_by_id(key))

    async def close(self, key):
        return self._same(await self._orders.update(key, {"closed": self._clock.now()}))

    async def write(self, text):
        return self._same(await self._letters.create({"text": text, "at": self._clock.now()}))

    async def send(self, key):
        letter = await self._letters.find_by_id(key)
        return self._same(letter)

    def _same(self, row):
        return row
"""
            },
        ),
        Example(
            "three groups under names that do not tell, short enough for any limit of lines",
            {
                "src/shop/modules/orders/usecases/everything.py": _START
                + """\
class OneThing:  # error: ARC501
    a: RepositoryAdapter["A"]
    b: RepositoryAdapter["B"]
    c: RepositoryAdapter["C"]
    async def a1(self, key): return [await self.a.find_by_id(key)]
    async def a2(self, key): return [await self.a.delete(key)]
    async def b1(self, key): return [await self.b.find_by_id(key)]
    async def b2(self, key): return [await self._b(key), key]
    async def _b(self, key): return await self.b.delete(key)
    async def c1(self, key): return [await self.c.find_by_id(key), key]
    async def c2(self, key): return [await self.c.delete(key), key]
"""
            },
        ),
        Example(
            "too many collaborators, used together",
            {
                _SERVICE: _START
                + f"""\
class OrdersService:  # error: ARC501
    def __init__(
        self,
{_MANY_PARAMETERS}    ) -> None:
{_MANY_ASSIGNED}
    async def load(self, key):
{_MANY_CALLS}"""
            },
        ),
    ),
    good=(
        Example(
            "a long service about one repository, with helpers and a clock",
            {
                _SERVICE: """\
from shop.kernel.clock import Clock
from shop.kernel.repository import RepositoryAdapter

class OrdersService:
    # two services: find and send
    def __init__(self, orders: RepositoryAdapter["Order"], clock: Clock) -> None:
        self._orders = orders
        self._clock = clock

    async def list(self, query):
        return await self._orders.paginate(query)

    async def find(self, key):
        return await self._orders.find_by_id(key)

    async def create(self, values):
        self._check(values)
        return await self._orders.create({**values, "at": self.now()})

    async def delete(self, key):
        return await self._orders.delete(key)

    def now(self):
        return self._clock.now()

    def today(self):
        return self._clock.now().date()

    def _check(self, values):
        if not values:
            raise ValueError
"""
            },
        ),
        Example(
            "two repositories that one method brings together",
            {
                _SERVICE: _START
                + """\
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"], lines: RepositoryAdapter["Line"]) -> None:
        self._orders = orders
        self._lines = lines

    async def find(self, key):
        return [await self._orders.find_by_id(key)]

    async def close(self, key):
        await self._orders.update(key, {})
        await self._touch(key)

    async def line(self, key):
        return [await self._lines.find_by_id(key)]

    async def _touch(self, key):
        await self._lines.update(key, {})
"""
            },
        ),
        Example(
            "a facade that only hands on, and one look-up beside the main thing",
            {
                _SERVICE: _START
                + """\
class Facade:
    def __init__(self, orders: RepositoryAdapter["Order"], lines: RepositoryAdapter["Line"]) -> None:
        self._orders = orders
        self._lines = lines

    async def find(self, key):
        return await self._orders.find_by_id(key)

    async def drop(self, key):
        return await self._orders.delete(key)

    async def line(self, key):
        return await self._lines.find_by_id(key)

    async def drop_line(self, key):
        return await self._lines.delete(key)

class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"], rates: RepositoryAdapter["Rate"]) -> None:
        self._orders = orders
        self._rates = rates

    async def find(self, key):
        return [await self._orders.find_by_id(key)]

    async def drop(self, key):
        return [await self._orders.delete(key)]

    async def rate(self, key):
        return [await self._rates.find_by_id(key)]
"""
            },
        ),
        Example(
            "state without a collaborator, and a class that is no service",
            {
                "src/shop/modules/orders/parts.py": """\
class Parts:
    def __init__(self, left: "Left", right: "Right"):
        self.left, self.right = left, right
    def a(self): return [self.left.a()]
    def b(self): return [self.left.b()]
    def c(self): return [self.right.a()]
    def d(self): return [self.right.b()]
""",
                _SERVICE: """\
class Counter:
    def __init__(self):
        self.up, self.down = 0, 0
    def a(self): self.up += 1
    def b(self): return self.up
    def c(self): self.down -= 1
    def d(self): return self.down
""",
            },
        ),
    ),
)
