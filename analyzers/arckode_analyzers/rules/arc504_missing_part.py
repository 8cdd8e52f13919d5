"""ARC504: a module, or the project, without a part that all others have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.data_access import is_repository
from arckode_analyzers.model.modules import is_computed
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.modules import Module
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source

_ADD = "kernel.Kernel.add_module"


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report what a module lacks, at its door, and a composition root that is missing or empty."""
    modules = analysis.modules
    if not modules.is_composed:
        return
    if not modules.roots and source is modules.all[0].front:
        message = "no composition root: nothing says which modules the application is made of"
        hint = "add `composition_root.py` beside the modules with a `compose(settings)` that registers each of them"
        yield Spot(source, 1, 0, source.module, message, "composition_root", hint)
    if source in modules.roots and not source.facts.calls:
        message = "the composition root composes nothing: it calls no module's registration"
        yield Spot(source, 1, 0, source.module, message, "composition_root")
    module = modules.reported_in(source)
    lacking = [] if module is None else list(_lacking(analysis, module))
    if module is not None and lacking:
        message = f"the module '{module.name}' lacks {' and '.join(lacking)}"
        yield Spot(source, 1, 0, source.module, message, module.name)


def _lacking(analysis: Analysis, module: Module) -> Iterator[str]:
    if module.door is None:
        yield "its door, `__init__.py`"
    elif not _is_registered(analysis, module, module.door):
        yield f"a `register_{module.name}(kernel)` that adds it to the kernel"
    if not _has_service(analysis, module):
        yield "a service"
    tables = [table.name for source in module.sources for table in analysis.tables.of(source)]
    if tables and not _has_repository(analysis, module):
        yield f"a repository for its table '{tables[0]}'"


def _is_registered(analysis: Analysis, module: Module, door: Source) -> bool:
    """Tell whether the door offers a function that does something with the kernel, or the root adds the module."""
    entries = (analysis.project.functions[symbol] for symbol in analysis.wiring.entries(door, ("register",)))
    if any(_uses_kernel(entry) for entry in entries) or is_computed(door):
        return True
    return any(_adds(analysis, root, module.name) for root in analysis.modules.roots)


def _uses_kernel(entry: FunctionAt) -> bool:
    """Tell whether a function calls something of what it was given, or hands it on."""
    given = [("name", row.name) for row in entry.source.parameters_of.get(entry.index, ())]
    return any(
        (call.func[0] == "attr" and call.func[1] in given)
        or any(shape in given for shape in (*call.args, *(value for _, value in call.keywords)))
        for call in entry.source.calls_of.get(entry.index, ())
    )


def _adds(analysis: Analysis, root: Source, name: str) -> bool:
    for call in analysis.calls(root):
        value = analysis.callee(call)
        if value is not None and value.name == _ADD:
            args = call.record.args
            shape = args[0] if args else dict(call.record.keywords).get("name")
            if analysis.tables.text(root, shape, call.record.function) in {name, None}:
                return True
    return False


def _has_service(analysis: Analysis, module: Module) -> bool:
    written = any(source.facts.classes or len(source.facts.functions) > 1 for source in module.of("services"))
    return written or any(_gives_service(analysis, source, module) for source in module.sources)


def _gives_service(analysis: Analysis, source: Source, module: Module) -> bool:
    """Tell whether a class in a file of another name is what the module registers as its service."""
    for call in source.facts.calls:
        shape = dict(call.keywords).get("service")
        value = None if shape is None else analysis.value(source, call.function, shape)
        klass = None if value is None else analysis.project.classes.get(value.name)
        if klass is not None and klass.source in module.sources:
            return True
    return False


def _has_repository(analysis: Analysis, module: Module) -> bool:
    classes = (
        analysis.class_value(source, index) for source in module.sources for index in range(len(source.facts.classes))
    )
    if any(is_repository(analysis, value) for value in classes):
        return True
    calls = (call for source in module.sources for call in analysis.calls(source))
    return any(is_repository(analysis, analysis.callee(call)) for call in calls)


_DOOR = "src/shop/modules/orders/__init__.py"
_SERVICE = "src/shop/modules/orders/service.py"
_ROOT = {
    "src/shop/composition_root.py": """\
from shop.kernel.app import Kernel
from shop.modules.orders import register_orders

def compose(settings):
    kernel = Kernel(settings)
    register_orders(kernel)
    return kernel
"""
}
_GOOD_DOOR = """\
from shop.kernel.app import Kernel
from shop.modules.orders.service import OrdersService

def register_orders(kernel: Kernel) -> None:
    kernel.add_module("orders", service=OrdersService())
"""
_MODEL = {
    "src/shop/modules/orders/model.py": """\
from shop.kernel.model import Entity

class Order(Entity):
    __tablename__ = "orders"
"""
}
RULE = Rule(
    code="ARC504",
    name="missing-part",
    severity="error",
    summary="A module lacks its door, registration, service or repository, or the project its composition root.",
    why=(
        "Every module is found, wired and tested the same way: by its door, its registration and its service. One "
        "without them is code that nobody runs, or that is reached by going round the rules."
    ),
    hint="add what is missing as in a generated module (`arckode make:module` writes all of it), or remove the folder",
    check=check,
    decides=(
        "Judged are projects with modules and a kernel or composition root. A module needs a door, a registration that "
        "uses the kernel it is given, and a service; one with a table needs a repository. Controllers, schemas and "
        "events are optional; what a class called a repository is made of is not judged."
    ),
    bad=(
        Example(
            "no door and no service, only a model",
            {
                **_ROOT,
                **{path: text.replace("Entity\n\n", "Entity  # error: ARC504\n\n") for path, text in _MODEL.items()},
            },
        ),
        Example(
            "a door whose registration does nothing, a service that is empty, a table without a repository",
            {
                **_ROOT,
                **_MODEL,
                _DOOR: """\
def register_orders(kernel):  # error: ARC504
    # kernel.add_module("orders", service=OrdersService())
    return "kernel.add_module"
""",
                _SERVICE: '"""class OrdersService"""\n',
            },
        ),
        Example(
            "no composition root",
            {
                "src/shop/kernel/app.py": "class Kernel:\n    def add_module(self, name, *, service): ...\n",
                _DOOR: _GOOD_DOOR.replace("import Kernel\n", "import Kernel  # error: ARC504\n", 1),
                _SERVICE: "class OrdersService: ...\n",
            },
        ),
        Example(
            "a composition root that only imports",
            {
                "src/shop/composition_root.py": "from shop.modules.orders import register_orders  # error: ARC504\n",
                _DOOR: _GOOD_DOOR,
                _SERVICE: "class OrdersService: ...\n",
            },
        ),
    ),
    good=(
        Example(
            "a module without tables and routes",
            {**_ROOT, _DOOR: _GOOD_DOOR, _SERVICE: "class OrdersService: ...\n"},
        ),
        Example(
            "a module with a table; its registration in another file, under another name",
            {
                **_ROOT,
                **_MODEL,
                _DOOR: "from shop.modules.orders.wiring import register_orders\n",
                "src/shop/modules/orders/wiring.py": """\
from shop.kernel.app import Kernel as Anything
from shop.modules.orders.work import Work

def register_orders(it: Anything) -> None:
    it.add_module("orders", service=Work())
""",
                "src/shop/modules/orders/work.py": "class Work: ...\n",
                "src/shop/modules/orders/rows.py": """\
from shop.kernel.repository_sql import SqlRepository
from shop.modules.orders.model import Order

class Rows(SqlRepository[Order]):
    model = Order
""",
            },
        ),
        Example(
            "a folder called modules in a project of another kind",
            {"src/site/modules/blog/views.py": "def index(): ...\n"},
        ),
    ),
)
