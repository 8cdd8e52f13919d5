"""ARC502: a controller that decides what a service should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.conditions import (
    Condition,
    asked_calls,
    atoms,
    conditions,
    holder,
    inner_calls,
    is_presence,
    spelt,
    subject,
)
from arckode_analyzers.model.given_by_caller import is_callers
from arckode_analyzers.model.project import FunctionAt, receiver_name
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source

_ELSEWHERE = frozenset({"services", "repositories", "kernel", "schemas", "models", "adapters", "connectors"})
_SCHEMAS = frozenset({"kernel.ApiModel", "pydantic.BaseModel", "sqlalchemy.SQLModel"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report branches of a controller on what a service answered or a body says, also in helpers it calls."""
    if "controllers" not in source.layers:
        return
    seen: set[tuple[int, str]] = set()
    for condition, atom in _decisions(analysis, source):
        text = spelt(subject(atom))
        if (condition.line, text) not in seen:
            seen.add((condition.line, text))
            symbol = source.symbol(condition.function)
            message = f"a controller decides on `{text}`"
            yield Spot(source, condition.line, condition.column, symbol, message, text)
    for call in analysis.calls(source):
        found = _in_helper(analysis, call)
        if found is not None:
            helper, line, text = found
            message = f"a controller decides on `{text}` in `{helper.record.name}`"
            chain = ((source, call.record.line), (helper.source, line))
            yield Spot(source, call.record.line, call.record.column, call.caller, message, text, chain=chain)


def _decisions(analysis: Analysis, source: Source) -> Iterator[tuple[Condition, Shape]]:
    for condition in conditions(source):
        if condition.kind == "then" and _is_shown(source, condition):
            continue
        for atom in _questions(analysis, source, condition):
            if _decides(analysis, source, condition, atom):
                yield condition, atom


def _is_shown(source: Source, condition: Condition) -> bool:
    """Tell whether a value is chosen for the answer alone, which is mapping: the statement around it returns."""
    facts, function = source.facts, condition.function
    starts = [(row.line, True) for row in source.results_of.get(function, ())]
    starts += [(row.line, False) for row in facts.bindings if row.function == function]
    starts += [(row.line, False) for row in facts.raises if row.function == function]
    starts += [(row.line, False) for row in source.calls_of.get(function, ()) if row.discarded]
    return max((start for start in starts if start[0] <= condition.line), default=(0, False))[1]


def _questions(analysis: Analysis, source: Source, condition: Condition) -> Iterator[Shape]:
    match condition:
        case Condition(kind="case", test=("other", (tuple(matched), *values))):
            yield from ((("compare", ("==",), (matched, values[0])),) if values else ())
        case _:
            yield from atoms(analysis, source, condition.function, condition.test)


def _decides(analysis: Analysis, source: Source, condition: Condition, atom: Shape) -> bool:
    if is_presence(atom):
        return False
    function = condition.function
    match atom:
        case ("compare", _, tuple(operands)):
            if any(_is_allowed(analysis, source, function, part) for part in operands):
                return False
            if any(_is_business(analysis, source, function, part) for part in operands):
                return True
            is_row = any(_is_row(analysis, source, function, part) for part in operands)
            return is_row and _acts(analysis, source, condition)
        case ("attr", _, _):
            value = analysis.value(source, function, atom)
            is_flag = value is not None and value.name == "builtins.bool"
            return is_flag and _is_answered(analysis, source, function, atom)
    asked = asked_calls(analysis, source, function, atom)
    return any(_serves(analysis, call) for call in asked) and any(
        _serves(analysis, call) for call in inner_calls(analysis, source, condition)
    )


def _is_allowed(analysis: Analysis, source: Source, function: int, operand: Shape) -> bool:
    """Tell whether a comparison with this is one of identities, or with who is calling."""
    value = analysis.value(source, function, operand)
    if value is not None and value.name == "uuid.UUID":
        return True
    parts = (part for part in within(operand) if part[0] in {"name", "attr"})
    return any(is_callers(analysis, source, function, part) for part in parts)


def _acts(analysis: Analysis, source: Source, condition: Condition) -> bool:
    """Tell whether more than the answer depends on a condition: it refuses, or asks a service for something."""
    refuses = any(condition.block in row.blocks for row in source.facts.raises)
    return refuses or any(_serves(analysis, call) for call in inner_calls(analysis, source, condition))


def _is_row(analysis: Analysis, source: Source, function: int, operand: Shape) -> bool:
    """Tell whether a value is a field of a row that another function of the controller passes on."""
    root = holder(operand)
    value = analysis.value(source, function, root)
    is_given = any(("name", row.name) == root for row in source.parameters_of.get(function, ()))
    is_self = root == ("name", receiver_name(source, function))
    if operand[0] != "attr" or not is_given or is_self or value is None or value.kind != "instance":
        return False
    klass = analysis.project.classes.get(value.name)
    is_handler = source.symbol(function) in analysis.routes.handlers
    return klass is not None and not is_handler and (analysis.tables.is_model(value) or bool(klass.source.unit))


def _is_business(analysis: Analysis, source: Source, function: int, operand: Shape) -> bool:
    """Tell whether a value is data: a field of a body or an answer, or what a service counted."""
    if operand[0] == "name":
        return _is_counted(analysis, source, function, operand)
    match operand:
        case ("call", ("name", "len"), (tuple(inner),), _):
            return _is_answered(analysis, source, function, inner) and inner[0] == "attr"
        case ("attr" | "item", _, _) | ("call", ("attr", _, _), _, _):
            return _is_answered(analysis, source, function, operand) or _is_sent(analysis, source, function, operand)
    return False


def _is_counted(analysis: Analysis, source: Source, function: int, operand: Shape) -> bool:
    value = analysis.value(source, function, operand)
    is_number = value is not None and value.name in {"builtins.int", "builtins.float", "decimal.Decimal"}
    return is_number and _is_answered(analysis, source, function, operand)


def _is_answered(analysis: Analysis, source: Source, function: int, shape: Shape) -> bool:
    """Tell whether a value comes from what the project's services answered."""
    for made in _makers(source, function, holder(shape)):
        for call in asked_calls(analysis, source, function, made):
            if _serves(analysis, call):
                return True
    return False


def _makers(source: Source, function: int, root: Shape) -> Iterator[Shape]:
    """Yield the expressions that give a local name its value, also through names that stand for one another."""
    given = _given(source, function)
    pending, seen = [root], {root}
    while pending:
        for value in given.get(pending.pop(), ()):
            yield value
            behind = holder(value)
            if value[0] in {"name", "attr"} and behind not in seen:
                seen.add(behind)
                pending.append(behind)


def _given(source: Source, function: int) -> dict[Shape, list[Shape]]:
    """Return what each name of a function is given."""
    found: dict[Shape, list[Shape]] = {}
    for binding in source.facts.bindings:
        if binding.function == function and binding.value is not None:
            found.setdefault(binding.target, []).append(binding.value)
    return found


def _is_sent(analysis: Analysis, source: Source, function: int, operand: Shape) -> bool:
    """Tell whether a value is part of a body or a row that a parameter holds, or of what is made of it."""
    given = _given(source, function)
    pending, seen = [holder(operand)], {holder(operand)}
    while pending:
        root = pending.pop()
        if _holds_body(analysis, source, function, root):
            return True
        made = list(dict.fromkeys(map(holder, given.get(root, ()))))
        pending += [each for each in made if each not in seen]
        seen.update(made)
    return False


def _holds_body(analysis: Analysis, source: Source, function: int, root: Shape) -> bool:
    if not any(("name", row.name) == root for row in source.parameters_of.get(function, ())):
        return False
    value = analysis.value(source, function, root)
    if value is None or value.kind != "instance" or value.name not in analysis.project.classes:
        return False
    names = {ancestor.name for ancestor in analysis.resolver.ancestors(value)}
    return bool(names & _SCHEMAS) and root != ("name", receiver_name(source, function))


def _serves(analysis: Analysis, call: CallAt) -> bool:
    """Tell whether a call asks a service, or a query where a controller has none."""
    functions = (analysis.project.functions.get(target.symbol) for target in analysis.reached(call))
    return any(
        function is not None and bool(function.source.layers & {"services", "repositories"}) for function in functions
    )


def _in_helper(analysis: Analysis, call: CallAt) -> tuple[FunctionAt, int, str] | None:
    """Return where a function of another file, which only controllers call, decides on what it is given."""
    for target in analysis.reached(call):
        helper = analysis.project.functions.get(target.symbol)
        if helper is None or not _is_helper(analysis, helper):
            continue
        for condition in conditions(helper.source):
            if condition.function != helper.index:
                continue
            for atom in _questions(analysis, helper.source, condition):
                if _acts(analysis, helper.source, condition) and _judges(analysis, helper, atom):
                    return helper, condition.line, spelt(subject(atom))
    return None


def _is_helper(analysis: Analysis, helper: FunctionAt) -> bool:
    source = helper.source
    if source.layers & (_ELSEWHERE | {"controllers"}) or helper.record.owner >= 0:
        return False
    return all("controllers" in caller.source.layers for caller in analysis.callers.get(helper.symbol, ()))


def _judges(analysis: Analysis, helper: FunctionAt, atom: Shape) -> bool:
    """Tell whether a helper compares a field of a row or a body that it is given with something written down."""
    if is_presence(atom) or atom[0] != "compare":
        return False
    operand = subject(atom)
    root = holder(operand)
    value = analysis.value(helper.source, helper.index, root)
    is_data = value is not None and value.kind == "instance" and value.name in analysis.project.classes
    is_given = any(("name", row.name) == root for row in helper.source.parameters_of.get(helper.index, ()))
    is_allowed = any(_is_allowed(analysis, helper.source, helper.index, part) for part in _operands(atom))
    return operand[0] == "attr" and is_given and is_data and not is_allowed


def _operands(atom: Shape) -> tuple[Shape, ...]:
    match atom:
        case ("compare", _, tuple(operands)):
            return operands
    return ()


_CONTROLLER = "src/shop/modules/orders/controller.py"
_SERVICE = {
    "src/shop/modules/orders/service.py": """\
from dataclasses import dataclass
from uuid import UUID

@dataclass
class Order:
    status: str
    total: int
    is_open: bool
    note: str | None

class OrdersService:
    async def get(self, key: UUID) -> Order:
        return self.rows[key]
    async def find(self, key: UUID) -> Order | None:
        return self.rows.get(key)
    async def count(self) -> int:
        return len(self.rows)
    async def is_paid(self, key: UUID) -> bool:
        return self.rows[key].status == "paid"
    async def create(self, values) -> Order:
        return Order(**values)
    async def close(self, key: UUID) -> None:
        self.rows[key].status = "closed"
"""
}
_START = """\
from fastapi import HTTPException, Request
from pydantic import BaseModel
from shop.modules.orders.service import Order, OrdersService

class OrderIn(BaseModel):
    total: int

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

"""
RULE = Rule(
    code="ARC502",
    name="controller-decides",
    severity="warning",
    summary="A controller decides: it branches on data instead of mapping it.",
    why=(
        "A rule in a controller holds for HTTP alone: the job, the command and the other module that call the service "
        "do without it, and its test needs a server. A controller says what was sent and shows what came back."
    ),
    hint="move the branch into a method of the service, and let the controller call that and map the answer",
    check=check,
    decides=(
        "Branches on fields of a body and of what a service answered are found, and those of a helper that only "
        "controllers call when it refuses or calls a service. Legal are `None` to 404, identities, guards against the "
        "caller, settings, pagination, the request itself, and a value that is chosen for the answer. A branch on "
        "presence that acts is not decided."
    ),
    bad=(
        Example(
            "branches on an answer, a flag, a number and a body",
            {
                **_SERVICE,
                _CONTROLLER: _START
                + """\
    async def pay(self, key):
        order = await self._service.get(key)
        if order.status == "draft":  # error: ARC502
            raise HTTPException(409)
        if not order.is_open:  # error: ARC502
            raise HTTPException(409)

    async def store(self, body: OrderIn):
        if await self._service.count() and body.total > 1000:  # error: ARC502
            raise HTTPException(422)
        known = await self._service.count()
        if known > 10:  # error: ARC502
            raise HTTPException(409)

    async def close(self, key):
        if await self._service.is_paid(key):  # error: ARC502
            await self._service.close(key)
""",
            },
        ),
        Example(
            "the branch behind a name, in a match, in a filter and in a private method",
            {
                **_SERVICE,
                _CONTROLLER: _START
                + """\
    async def pay(self, key):
        order = await self._service.get(key)
        exists = order.total > 0
        if exists:  # error: ARC502
            await self._service.close(key)
        match order.status:
            case "paid":  # error: ARC502
                return None
        again = order
        while again.total < 5:  # error: ARC502
            await self._service.close(key)

    async def _require(self, body: OrderIn):
        state = "big" if body.total > 100 else "small"  # error: ARC502
        return await self._service.create({"state": state})
""",
            },
        ),
        Example(
            "a helper in another file, called like a mapper",
            {
                **_SERVICE,
                "src/shop/modules/orders/mapping.py": """\
from shop.modules.orders.service import Order

def to_response(order: Order):
    if order.status == "late":
        raise ValueError("too late")
    return {"fee": 0, "state": "old" if order.total == 1 else "new"}
""",
                _CONTROLLER: """\
from shop.modules.orders.mapping import to_response as shown
"""
                + _START
                + """\
    async def show(self, key):
        order = await self._service.get(key)
        return shown(order)  # error: ARC502
""",
            },
        ),
    ),
    good=(
        Example(
            "mapping: nothing found, defaults, pages and the kind of answer",
            {
                **_SERVICE,
                _CONTROLLER: _START
                + """\
    async def show(self, key, request: Request, format: str = "json", page: int = 1):
        # if order.status == "draft": the service decides
        order = await self._service.find(key)
        if order is None:
            raise HTTPException(404, "status == 'draft'")
        if page < 1:
            page = 1
        if format == "csv" or request.headers.get("accept") == "text/csv":
            return "csv"
        if not await self._service.is_paid(key):
            raise HTTPException(402)
        return {
            "note": order.note if order.note else "",
            "label": "open" if order.is_open else "closed",
        }

    async def list(self):
        orders = [await self._service.find(key) for key in ()]
        return [order for order in orders if order is not None]
""",
            },
        ),
        Example(
            "who is calling, and how the program is set up",
            {
                **_SERVICE,
                "src/shop/settings.py": """\
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    stage: str
""",
                _CONTROLLER: """\
from typing import Annotated
from fastapi import Depends
from shop.kernel.access import Principal
from shop.settings import Settings

Caller = Annotated[dict, Depends(dict)]
"""
                + _START
                + """\
    async def show(self, key, principal: Principal, user: Caller, settings: Settings):
        order = await self._service.get(key)
        if order.owner_id != principal.id or order.owner_id != user.id:
            raise HTTPException(403)
        if settings.stage == "test":
            return None
        return order
""",
            },
        ),
        Example(
            "the decision in the service",
            {
                "src/shop/modules/orders/service.py": """\
class OrdersService:
    async def pay(self, order):
        if order.status == "draft":
            raise ValueError(order.status)
        return order
""",
                _CONTROLLER: """\
from shop.modules.orders.service import OrdersService

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

    async def pay(self, body):
        return await self._service.pay(body)
""",
            },
        ),
    ),
)
