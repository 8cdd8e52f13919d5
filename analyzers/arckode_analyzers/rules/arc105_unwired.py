"""ARC105: something that exists in the source and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Registration, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Import
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source

_PREFIXES = {"module": ("register",), "connector": ("connect",), "adapter": ("use_", "register", "connect")}


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report parts that the composition root does not call, beside their own code or beside the idle import."""
    roots = analysis.wiring.roots
    if not roots:
        return
    if source in roots:
        yield from _idle_imports(analysis, source)
        return
    kind = _kind(source)
    if not kind or _is_wired(analysis, source, kind):
        return
    entries = analysis.wiring.entries(source, _PREFIXES[kind])
    if any(_import_of(analysis, root, source, entries) for root in roots):
        return
    name = source.unit or source.module.rpartition(".")[2]
    function = analysis.project.functions.get(entries[0]) if entries else None
    what = entries[0].rpartition(".")[2] if entries else "a function that registers it"
    hint = f"call `{what}(kernel)` in {roots[0].path}" if entries else f"write {what}, and call it in {roots[0].path}"
    own = function is not None and function.source is source
    line, column = (function.record.line, function.record.column) if function is not None and own else (1, 0)
    message = f"the {kind} '{name}' is not wired by the composition root, so it does not exist at run time"
    yield Spot(source, line, column, entries[0] if entries else source.module, message, name, hint)


def _kind(source: Source) -> str:
    if source.unit and source.is_package and source.module.endswith(f"modules.{source.unit}"):
        return "module"
    if source.is_package or source.unit:
        return ""
    return "connector" if "connectors" in source.layers else "adapter" if "adapters" in source.layers else ""


def _is_wired(analysis: Analysis, source: Source, kind: str) -> bool:
    """Tell whether an entry is reached; without one, whether anything of it is."""
    entries = analysis.wiring.entries(source, _PREFIXES[kind])
    if entries:
        return any(entry in analysis.wiring.used for entry in entries)
    if kind == "module":
        parts = [other for other in analysis.project.sources.values() if other.unit == source.unit]
        if not any(part.layers & {"controllers", "services"} for part in parts):
            return True
        return any(symbol.startswith(f"{source.module}.") for symbol in analysis.wiring.used)
    return _is_imported(analysis, source)


def _is_imported(analysis: Analysis, source: Source) -> bool:
    return any(
        source.module in {other.target(row), f"{other.target(row)}.{row.name}"}
        for other in analysis.project.sources.values()
        if other is not source
        for row in other.facts.imports
    )


def _import_of(analysis: Analysis, root: Source, source: Source, entries: tuple[str, ...]) -> Import | None:
    """Return the root's import of a part, or of what registers it."""
    for row in root.facts.imports:
        value = analysis.resolver.dotted(root.target(row), row.name) if row.name else None
        if value is not None and (value.name in entries or value.name == source.module):
            return row
    return None


def _idle_imports(analysis: Analysis, root: Source) -> Iterator[Spot]:
    for source in analysis.project.judged():
        kind = _kind(source)
        if not kind or _is_wired(analysis, source, kind):
            continue
        entries = analysis.wiring.entries(source, _PREFIXES[kind])
        row = _import_of(analysis, root, source, entries)
        if row is not None:
            name = source.unit or source.module.rpartition(".")[2]
            message = f"the {kind} '{name}' is imported here and never registered"
            hint = f"call `{row.local}(kernel)`, or remove the import and the {kind}"
            yield Spot(root, row.line, row.column, root.module, message, name, hint)


def fix(analysis: Analysis, spot: Spot) -> Iterator[Registration]:
    """Register the part where its siblings are, when all its entry asks for is the kernel."""
    roots = analysis.wiring.roots
    entry = _entry(analysis, spot)
    if entry is None or len(roots) != 1:
        return
    compose = _composing(analysis, roots[0])
    door = analysis.project.modules.get(entry.symbol.rpartition(".")[0])
    if compose and door is not None:
        package = spot.source.module if spot.source is not roots[0] else door.module
        yield Registration(roots[0].path, compose, package, entry.record.name)


def _entry(analysis: Analysis, spot: Spot) -> FunctionAt | None:
    """Return the function to call: the only one, with the kernel as the only thing it needs."""
    for source in analysis.project.judged():
        kind = _kind(source)
        name = source.unit or source.module.rpartition(".")[2]
        if not kind or name != spot.callee:
            continue
        entries = analysis.wiring.entries(source, _PREFIXES[kind])
        function = analysis.project.functions.get(entries[0]) if len(entries) == 1 else None
        needed = [] if function is None else function.source.parameters_of.get(function.index, ())
        needed = [row for row in needed if row.default is None]
        if function is not None and len(needed) == 1:
            value = analysis.resolver.parameter(function.source, needed[0])
            return function if value is not None and value.name == "kernel.Kernel" else None
    return None


def _composing(analysis: Analysis, root: Source) -> str:
    """Return the function of the root that makes or takes the kernel."""
    for index, record in enumerate(root.facts.functions):
        made = (analysis.resolver.value(root, index, row.func) for row in root.calls_of.get(index, ()))
        taken = (analysis.resolver.parameter(root, row) for row in root.parameters_of.get(index, ()))
        if index and any(value is not None and value.name == "kernel.Kernel" for value in (*made, *taken)):
            return record.name
    return ""


_ROOT = "src/shop/composition_root.py"
_ORDERS = {
    "src/shop/modules/orders/__init__.py": """\
from shop.kernel.app import Kernel
from shop.modules.orders.service import OrdersService

def register_orders(kernel: Kernel) -> None:
    kernel.add_module("orders", service=OrdersService())
""",
    "src/shop/modules/orders/service.py": "class OrdersService: ...\n",
}
_UNWIRED = {
    **_ORDERS,
    "src/shop/modules/orders/__init__.py": _ORDERS["src/shop/modules/orders/__init__.py"].replace(
        "-> None:", "-> None:  # error: ARC105"
    ),
}
RULE = Rule(
    code="ARC105",
    name="unwired",
    severity="error",
    summary="A module, connector or adapter is not wired by the composition root, or imported and never called.",
    why=(
        "What the composition root does not call does not exist: its routes answer 404 and its ports stay empty, while "
        "its tests are green. An import alone looks like wiring and is none."
    ),
    hint="call its registration in the composition root",
    decides=(
        "A registration counts when the composition root can reach its call: conditions on settings count as "
        "reached, those that are never true do not. Not decided: registrations behind names that are "
        "computed."
    ),
    check=check,
    fix=fix,
    bad=(
        Example(
            "a module nobody registers, and a comment that says otherwise",
            {**_UNWIRED, _ROOT: "def compose(settings):\n    # register_orders(kernel)\n    return settings\n"},
        ),
        Example(
            "an import that is never called, only mentioned where nothing runs",
            {
                **_ORDERS,
                _ROOT: """\
from shop.modules.orders import register_orders  # error: ARC105

def compose(kernel):
    if False:
        register_orders(kernel)
    return kernel
    register_orders(kernel)
""",
            },
        ),
        Example(
            "a registration in a function of the root that main never calls",
            {
                **_ORDERS,
                _ROOT: """\
from shop.modules.orders import register_orders as anything  # error: ARC105

def compose(kernel):
    return kernel

def old(kernel):
    anything(kernel)
""",
                "src/shop/main.py": "from shop.composition_root import compose\n\napp = compose(None)\n",
            },
        ),
        Example(
            "a connector without its connection",
            {
                "src/shop/connectors/orders_customers.py": """\
from shop.kernel.app import Kernel

def connect_orders_customers(kernel: Kernel) -> None:  # error: ARC105
    kernel.resolve(object)
""",
                _ROOT: "def compose(kernel):\n    return kernel\n",
            },
        ),
    ),
    good=(
        Example(
            "registered under another name, in a helper the root calls",
            {
                **_ORDERS,
                _ROOT: """\
from shop.wiring import everything

def compose(kernel):
    everything(kernel)
    return kernel
""",
                "src/shop/wiring.py": """\
from shop.modules.orders import register_orders as add

def everything(kernel):
    add(kernel)
""",
            },
        ),
        Example(
            "registered in a loop over a list",
            {
                **_ORDERS,
                _ROOT: """\
from shop.modules import orders

MODULES = [orders.register_orders]

def compose(kernel):
    for register in MODULES:
        register(kernel)
    return kernel
""",
            },
        ),
        Example("a project without a composition root", _ORDERS),
        Example(
            "a package of modules that holds only shared types",
            {
                "src/shop/modules/money/__init__.py": "class Money: ...\n",
                _ROOT: "def compose(kernel):\n    return kernel\n",
            },
        ),
    ),
)
