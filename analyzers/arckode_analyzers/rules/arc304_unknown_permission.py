"""ARC304: a permission that cannot be had."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.permissions import Named, Permissions
    from arckode_analyzers.model.source import Source

_KERNEL = "system"


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report each place that names a permission nobody declares, or one that no role holds."""
    known = analysis.permissions
    for named in known.demanded:
        if named.source is source:
            yield from _demanded(analysis, known, named)
    for named in known.declared:
        if named.source is source and known.has_roles and known.knows_roles and not known.holds(named.name):
            message = f"no role holds the permission `{named.name}`: nobody will ever pass where it is demanded"
            hint = f'add "{named.name}" to a role, or remove the permission'
            yield _spot(named, message, hint)


def _demanded(analysis: Analysis, known: Permissions, named: Named) -> Iterator[Spot]:
    if named.what == "scope":
        if known.has_scopes and known.knows_scopes and named.name not in known.scopes:
            yield _spot(named, f"no OAuth2 scheme declares the scope `{named.name}`", _nearest(named, known.scopes))
        return
    declared = {each.name for each in known.declared}
    if declared and named.name not in declared:
        yield _spot(named, f"nobody declares the permission `{named.name}`", _nearest(named, declared))
        return
    module = named.name.partition(":")[0]
    units = {each.unit for each in analysis.project.sources.values() if each.unit} - {_KERNEL}
    if not declared and units and module not in units | {_KERNEL}:
        message = f"the permission `{named.name}` belongs to no module: there is no `{module}`"
        names = {f"{unit}:{named.name.partition(':')[2]}" for unit in units}
        yield _spot(named, message, _nearest(named, names))
    elif not declared and known.has_roles and known.knows_roles and not known.holds(named.name):
        message = f"no role holds the permission `{named.name}`: nobody passes here"
        yield _spot(named, message, f'add "{named.name}" to a role, or demand another permission')


def _nearest(named: Named, names: set[str]) -> str:
    near = difflib.get_close_matches(named.name, sorted(names), 1)
    return f"declare it, or did you mean `{near[0]}`?" if near else "declare it, or demand one that exists"


def _spot(named: Named, message: str, hint: str) -> Spot:
    return Spot(named.source, named.line, named.column, named.source.symbol(named.function), message, named.name, hint)


_CONTROLLER = "src/shop/modules/orders/controller.py"
_ROUTES = """\
from shop.kernel.access import PUBLIC, require
from shop.kernel.http.routing import ModuleRouter
from shop.modules.orders.permissions import READ

class OrdersController:
    def router(self):
        routes = ModuleRouter("orders")
"""
_DECLARED = {
    "src/shop/modules/orders/permissions.py": """\
from shop.kernel.access import Permission

READ = Permission("orders:read", "See orders")
WRITE = Permission("orders:write", "Change orders")
"""
}
RULE = Rule(
    code="ARC304",
    name="unknown-permission",
    severity="error",
    summary="A guard names a permission that nobody declares, or a permission that no role holds.",
    why=(
        "Permissions meet by their names only. One that is misspelt, or that belongs to a module that was renamed, "
        "locks everybody out; one that no role holds is a door without a key, and people take the guard off to pass."
    ),
    hint="declare the permission in its module and give it to a role",
    check=check,
    decides=(
        "Found: names in `require(...)` and in conditions on `principal.permissions`, against `Permission(...)`, "
        "`Role(..., permissions=...)` and the modules there are; scopes in `Security(...)` against those of the OAuth2 "
        "schemes. Silent about names that are computed, and about roles when one of them computes what it holds."
    ),
    bad=(
        Example(
            "a misspelt permission, and a comment and a string that have it right",
            {
                _CONTROLLER: _ROUTES
                + """\
        routes.get("", self.index, access=require("orders:raed"))  # error: ARC304
        routes.delete("", self.index, access=require("orders:delete"))  # error: ARC304
        return "orders:delete"  # Permission("orders:delete")

    async def index(self): ...
""",
                **_DECLARED,
            },
        ),
        Example(
            "a permission that no role holds, though a role is named after it",
            {
                "src/shop/modules/orders/permissions.py": """\
from shop.kernel.access import Permission

READ = Permission("orders:read", "See orders")
WRITE = Permission("orders:write", "Change orders")  # error: ARC304
""",
                "src/shop/roles.py": """\
from shop.kernel.access import Role
from shop.modules.orders.permissions import READ

WRITE = Role("orders:write", permissions=(READ,))
""",
            },
        ),
        Example(
            "the module was renamed, and the condition was not",
            {
                _CONTROLLER: """\
from shop.kernel.access import Principal, require as demand

SEE = "order:read"

def route():
    return demand(SEE)  # error: ARC304

def may(principal: Principal) -> bool:
    if "sales:read" in principal.permissions:  # error: ARC304
        return True
    return False
"""
            },
        ),
        Example(
            "a scope that the scheme does not offer",
            {
                "app/main.py": """\
from fastapi import FastAPI, Security
from fastapi.security import OAuth2PasswordBearer

scheme = OAuth2PasswordBearer(tokenUrl="token", scopes={"items": "See items"})
app = FastAPI()

@app.get("/items")
def index(token: str = Security(scheme, scopes=["item"])):  # error: ARC304
    return token
"""
            },
        ),
    ),
    good=(
        Example(
            "declared, held and demanded, by constants and by name",
            {
                _CONTROLLER: _ROUTES
                + """\
        routes.get("", self.index, access=require(READ))
        routes.delete("", self.index, access=require("orders:write"))

    async def index(self): ...
""",
                **_DECLARED,
                "src/shop/roles.py": """\
from shop.kernel.access import Role
from shop.modules.orders import permissions

READERS = frozenset({permissions.READ})
CLERK = Role("clerk", permissions=[*READERS, "orders:write"])
""",
            },
        ),
        Example(
            "a role that holds all of a module, and one that computes what it holds",
            {
                **_DECLARED,
                "src/shop/roles.py": """\
from shop.kernel.access import Role
from shop.settings import load

ADMIN = Role("admin", permissions=("*",))
OTHER = Role("other", permissions=load())
""",
            },
        ),
        Example(
            "a project that declares nothing yet, and names that are computed",
            {
                _CONTROLLER: """\
from shop.kernel.access import require

def route(action):
    return [require("orders:read"), require(f"orders:{action}"), require("system:health")]
"""
            },
        ),
        Example(
            "scopes that the scheme offers",
            {
                "app/main.py": """\
from fastapi import FastAPI, Security
from fastapi.security import OAuth2PasswordBearer

scheme = OAuth2PasswordBearer(tokenUrl="token", scopes={"items": "See items"})
app = FastAPI()

@app.get("/items")
def index(token: str = Security(scheme, scopes=["items"])):
    return token
"""
            },
        ),
    ),
)
