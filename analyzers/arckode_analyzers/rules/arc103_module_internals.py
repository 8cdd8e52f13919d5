"""ARC103: importing what another module keeps to itself."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from arckode_analyzers.facts.records import Binding, Call, Class, Function, Import, Parameter, Result
from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.constants import text_of
from arckode_analyzers.rule import Edit, Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source

_Row: TypeAlias = Binding | Call | Class | Function | Import | Parameter | Result
_PLACE = re.compile(r"(?P<door>(?:.*\.)?modules\.(?P<unit>[^.]+))(?:\.(?P<inside>.+))?$")
_DYNAMIC = frozenset({"importlib.import_module", "builtins.__import__"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report imports that pass another module's door, and names its door does not offer."""
    doors = _doors(analysis)
    for row in source.facts.imports:
        target = source.target(row)
        inside = _inside(analysis, doors, source.unit, target, row)
        if inside:
            yield _spot(source, row, target, inside)
    for call in analysis.calls(source):
        value = analysis.callee(call)
        if value is not None and value.name in _DYNAMIC and call.record.args:
            target = _named(analysis, source, call)
            match = _PLACE.match(target)
            if match and match["inside"] and match["door"] in doors and match["unit"] != source.unit:
                yield _spot(source, call.record, target, match["inside"])
    yield from _through_doors(analysis, source, doors)


def _doors(analysis: Analysis) -> Mapping[str, Source]:
    """Return the modules' packages by dotted name."""
    return analysis.doors


def _inside(analysis: Analysis, doors: Mapping[str, Source], unit: str, target: str, row: Import) -> str:
    """Return what an import takes from behind a door, or an empty string."""
    match = _PLACE.match(target)
    if match is None or match["unit"] == unit or match["door"] not in doors:
        return ""
    if match["inside"]:
        return match["inside"]
    if row.name and f"{target}.{row.name}" in analysis.project.modules:
        return row.name
    offered = _offered(doors[match["door"]])
    is_own = row.name in {"", "*"} or row.name.startswith("__")
    return row.name if offered and not is_own and row.name not in offered else ""


def _offered(door: Source) -> frozenset[str]:
    """Return the names in a door's `__all__`; empty when it has none that can be read."""
    for binding in door.facts.bindings:
        if binding.function == 0 and binding.target == ("name", "__all__") and binding.value is not None:
            match binding.value:
                case ("display", _, tuple(elements)):
                    return frozenset(_text(element) for element in elements)
    return frozenset()


def _named(analysis: Analysis, source: Source, call: CallAt) -> str:
    """Return the module a dynamic import names, a relative one from where it is written."""
    text = text_of(analysis.project, source, call.record.function, call.record.args[0]) or ""
    name = text.lstrip(".")
    return ".".join(part for part in (source.package(len(text) - len(name)), name) if part) if name != text else text


def _through_doors(analysis: Analysis, source: Source, doors: Mapping[str, Source]) -> Iterator[Spot]:
    """Report `customers.repository.X`, which imports nothing and reaches inside all the same."""
    if not any(_reaches(source.target(row), row, analysis.door_packages) for row in source.facts.imports):
        return  # nothing here is a module that a door is in
    seen: set[tuple[int, str]] = set()
    for function, shape, row in _expressions(source):
        for base in within(shape):
            match base:
                case ("attr", tuple(inner), str(name)) if name in analysis.names_inside:
                    value = analysis.value(source, function, inner)
                    door = doors.get(value.name) if value is not None and value.kind == "module" else None
                    if door is None or door.unit == source.unit or (row.line, name) in seen:
                        continue
                    if f"{door.module}.{name}" in analysis.project.modules:
                        seen.add((row.line, name))
                        yield _spot(source, row, door.module, name)


def _reaches(target: str, row: Import, roots: frozenset[str]) -> bool:
    return target in roots or f"{target}.{row.name}" in roots or row.name == "*"


def _expressions(source: Source) -> Iterator[tuple[int, Shape, _Row]]:
    """Yield every expression of a file that may reach through a module, outermost only."""
    facts = source.facts
    rows: Iterator[tuple[int, tuple[Shape | None, ...], _Row]] = chain(
        ((row.function, (row.func,), row) for row in facts.calls),
        ((row.function, (row.annotation, row.value), row) for row in facts.bindings),
        ((0, (row.annotation, row.default), row) for row in facts.parameters),
        ((row.function, row.bases, row) for row in facts.classes),
        ((max(row.parent, 0), (row.returns, *row.decorators), row) for row in facts.functions),
        ((row.function, (row.value,), row) for row in facts.results),
    )
    return ((function, part, row) for function, parts, row in rows for part in parts if part is not None)


def _text(shape: Shape) -> str:
    return shape[1] if shape[0] == "const" and isinstance(shape[1], str) else ""


def _spot(source: Source, row: _Row, target: str, inside: str) -> Spot:
    match = _PLACE.match(target)
    unit = match["unit"] if match else target
    message = f"`{inside}` is internal to the module '{unit}'"
    hint = f"import from `{match['door'] if match else target}`, or let a connector join the two modules"
    function = row.parent if isinstance(row, Function) else row.function
    return Spot(source, row.line, row.column, source.symbol(max(function, 0)), message, f"{unit}.{inside}", hint)


def fix(analysis: Analysis, spot: Spot) -> Iterator[Edit]:
    """Import from the door what the door offers; not inside modules, where two doors could come to need each other."""
    source = spot.source
    rows = [row for row in source.facts.imports if row.line == spot.line and row.name]
    matches = [match for row in rows if (match := _PLACE.match(source.target(row))) and match["inside"]]
    if source.unit or not rows or len(matches) != len(rows) or len({match["door"] for match in matches}) != 1:
        return
    door = _doors(analysis).get(matches[0]["door"])
    if door is None or any(row.name not in _offered(door) for row in rows):
        return
    line, said = source.line(spot.line), f"from {'.' * rows[0].level}{rows[0].module} import "
    if all(_is_same(analysis, source, row, door) for row in rows) and line.isascii() and line.count(said) == 1:
        yield Edit(source.path, spot.line, spot.line, line.replace(said, f"from {door.module} import "))


def _is_same(analysis: Analysis, source: Source, row: Import, door: Source) -> bool:
    resolver = analysis.resolver
    return resolver.dotted(source.target(row), row.name) == resolver.dotted(door.module, row.name) is not None


_DOOR = """\
from shop.modules.customers.repository import CustomersRepository
from shop.modules.customers.service import CustomersService

__all__ = ["CustomersService"]
"""
_CUSTOMERS = {
    "src/shop/modules/customers/__init__.py": _DOOR,
    "src/shop/modules/customers/service.py": "class CustomersService: ...\n",
    "src/shop/modules/customers/repository.py": "class CustomersRepository: ...\n",
}
_SERVICE = "src/shop/modules/orders/service.py"
RULE = Rule(
    code="ARC103",
    name="module-internals",
    severity="error",
    summary="A module, a connector or the composition root imports another module's internals.",
    why=(
        "A module can be changed as long as others know only its door, the package itself. An import of its model or "
        "repository makes every refactoring of one module a change of two, and its tables writable by anyone."
    ),
    hint="import from the module's package, or let a connector join the two modules",
    decides=(
        "Found: imports of any spelling past a module's door, lazy ones, those for types, `importlib` with a "
        "written name, and attributes of an imported package. Not decided: module names that are computed."
    ),
    check=check,
    fix=fix,
    bad=(
        Example(
            "another module's repository, under an alias",
            {
                **_CUSTOMERS,
                _SERVICE: """\
from shop.modules.customers.repository import CustomersRepository as Mine  # error: ARC103
""",
            },
        ),
        Example(
            "relative, lazy, by submodule, past `__all__`, by attribute and by string",
            {
                **_CUSTOMERS,
                _SERVICE: """\
import importlib
from ..customers import service  # error: ARC103
from shop.modules.customers import CustomersRepository  # error: ARC103
from shop.modules import customers

def find():
    import shop.modules.customers.repository as rows  # error: ARC103
    customers.repository.CustomersRepository()  # error: ARC103
    return importlib.import_module("shop.modules.customers.service")  # error: ARC103
""",
            },
        ),
        Example(
            "a connector that goes past the door",
            {
                **_CUSTOMERS,
                "src/shop/connectors/orders_customers.py": """\
from shop.modules.customers.service import CustomersService  # error: ARC103
""",
            },
        ),
        Example(
            "shared code that hands the internals on",
            {
                **_CUSTOMERS,
                "src/shop/shared/customers.py": """\
from shop.modules.customers.repository import CustomersRepository  # error: ARC103
""",
            },
        ),
    ),
    good=(
        Example(
            "connectors and the composition root import doors",
            {
                **_CUSTOMERS,
                "src/shop/connectors/orders_customers.py": "from shop.modules.customers import CustomersService\n",
                "src/shop/composition_root.py": "from shop.modules.customers import CustomersService\n",
            },
        ),
        Example(
            "a module's own parts, and the words in comments and strings",
            {
                **_CUSTOMERS,
                "src/shop/modules/customers/controller.py": """\
from shop.modules.customers.service import CustomersService
from .repository import CustomersRepository
""",
                _SERVICE: """\
# from shop.modules.customers.repository import CustomersRepository
ADVICE = "shop.modules.customers.repository"
""",
            },
        ),
        Example(
            "a folder called modules that belongs to somebody else",
            {_SERVICE: "from vendor.modules.customers.repository import CustomersRepository\n"},
        ),
    ),
)
