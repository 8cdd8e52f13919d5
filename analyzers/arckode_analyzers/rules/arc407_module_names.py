"""ARC407: a module folder that cannot be imported, or hides a part of the project."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

from arckode_analyzers.model.sinks import words
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*$")
# Folders, files and routes that every generated project has.
TAKEN = words(
    "app composition_root connector connectors docs health kernel main migration migrations module modules openapi"
    " ready redoc seed seeds setting settings test tests"
)


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report the names of module folders, each once, at the module's door."""
    module = analysis.modules.named.get(source.path)
    problem = "" if module is None else _problem(module.name, is_composed=analysis.modules.is_composed)
    if module is not None and problem:
        yield Spot(source, 1, 0, source.module, f"the module folder '{module.name}' {problem}", module.name)


def _problem(name: str, *, is_composed: bool) -> str:
    if keyword.iskeyword(name):
        return "is a keyword of Python: `import` cannot name it"
    if not name.isidentifier():
        return "cannot be imported: it is no name in Python"
    if not _SNAKE.match(name):
        return "is not in snake_case"
    return "is called like a part of every project" if is_composed and name in TAKEN else ""


_DOOR = 'NAME = "orders"'
_ROOT = {"src/shop/composition_root.py": "def compose(settings): ...\n"}
RULE = Rule(
    code="ARC407",
    name="module-names",
    severity="warning",
    summary="A module folder is not named in snake_case, cannot be imported, or hides a part of the project.",
    why=(
        "The folder's name is the package, the prefix of its events and the start of its routes. `order-items` cannot "
        "be imported, `OrderItems` differs from itself on a file system that ignores case, and a module `health` "
        "takes the route of the health check."
    ),
    hint="rename the folder to a snake_case name of its own, such as `order_items`",
    check=check,
    layers=("modules",),
    decides="Names of the standard library are legal: inside the package `modules` a folder hides none of them.",
    bad=(
        Example(
            "a hyphen, capitals, and a keyword",
            {
                "src/shop/modules/order-items/__init__.py": f"{_DOOR}  # error: ARC407\n",
                "src/shop/modules/OrderItems/__init__.py": f"{_DOOR}  # error: ARC407\n",
                "src/shop/modules/import/__init__.py": f"{_DOOR}  # error: ARC407\n",
            },
        ),
        Example(
            "the name of a part of the project, without a door, and the right word in a string",
            {
                **_ROOT,
                "src/shop/modules/settings/service.py": f"{_DOOR}  # not settings  # error: ARC407\n",
                "src/shop/modules/kernel/__init__.py": f"{_DOOR}  # error: ARC407\n",
                "src/shop/modules/orders/__init__.py": "",
            },
        ),
    ),
    good=(
        Example(
            "snake_case, also with digits, and names of the standard library",
            {
                **_ROOT,
                "src/shop/modules/order_items/__init__.py": _DOOR,
                "src/shop/modules/v2_orders/__init__.py": _DOOR,
                "src/shop/modules/calendar/__init__.py": _DOOR,
                "src/shop/modules/order_items/OrderItems/__init__.py": _DOOR,
            },
        ),
        Example(
            "folders of somebody else's that may be called like ours",
            {"src/site/modules/health/__init__.py": _DOOR, "src/site/Orders/__init__.py": _DOOR},
        ),
    ),
)
