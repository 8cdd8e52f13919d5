"""`analyze --fix`: what is repaired is repaired rightly, the rest is left and named, and all of it can be undone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers.config import Config
from arckode_analyzers.fixes import fixable, proposals
from arckode_analyzers.rule import Edit, Finding
from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import Memory
from arckode_gen.engine.repairs import repair
from tests.generated import arckode
from tests.rules.projects import findings, plant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROOT = "src/shop/composition_root.py"
ORDERS = "src/shop/modules/orders/__init__.py"
CUSTOMERS = "src/shop/modules/customers/__init__.py"
REPORT = "src/shop/shared/report.py"

COMPOSE = """\
from shop.kernel.app import Kernel
from shop.modules.customers import register_customers


def compose(settings) -> Kernel:
    kernel = Kernel(settings)
    register_customers(kernel)
    return kernel
"""
DOOR = """\
from shop.kernel.app import Kernel
from shop.modules.{0}.service import {1}Service

__all__ = ["{1}Service", "register_{0}"]


def register_{0}(kernel: Kernel) -> None:
    kernel.add_module("{0}", service={1}Service())
"""
PROJECT = {
    ROOT: COMPOSE,
    ORDERS: DOOR.format("orders", "Orders"),
    "src/shop/modules/orders/service.py": "class OrdersService:\n    pass\n",
    CUSTOMERS: DOOR.format("customers", "Customers"),
    "src/shop/modules/customers/service.py": "class CustomersService:\n    pass\n",
}
WIRED = COMPOSE.replace(
    "import register_customers\n", "import register_customers\nfrom shop.modules.orders import register_orders\n"
).replace("    register_customers(kernel)\n", "    register_customers(kernel)\n    register_orders(kernel)\n")
INSIDE = "from shop.modules.customers.service import CustomersService  # why\n\nprint(CustomersService)\n"

Fixed = dict[str, str]
CASES: dict[str, tuple[str, dict[str, str], Fixed]] = {
    "a module that the root forgot is imported and called among its siblings": ("ARC105", PROJECT, {ROOT: WIRED}),
    "an import that was never called gets its call": (
        "ARC105",
        {**PROJECT, ROOT: WIRED.replace("    register_orders(kernel)\n", "")},
        {ROOT: WIRED},
    ),
    "an import of internals that the door offers goes through the door": (
        "ARC103",
        {**PROJECT, REPORT: INSIDE},
        {REPORT: INSIDE.replace("customers.service", "customers")},
    ),
    "the line ends of a file stay": (
        "ARC103",
        {**PROJECT, REPORT: INSIDE.replace("\n", "\r\n")},
        {REPORT: INSIDE.replace("customers.service", "customers").replace("\n", "\r\n")},
    ),
}
LEFT: dict[str, tuple[str, dict[str, str]]] = {
    "a registration that needs more than the kernel": (
        "ARC105",
        {**PROJECT, ORDERS: PROJECT[ORDERS].replace("kernel: Kernel)", "kernel: Kernel, limit: int)")},
    ),
    "internals that the door does not offer": (
        "ARC103",
        {**PROJECT, CUSTOMERS: PROJECT[CUSTOMERS].replace('"CustomersService", ', ""), REPORT: INSIDE},
    ),
    "an import inside another module, whose doors could come to need each other": (
        "ARC103",
        {**PROJECT, "src/shop/modules/orders/report.py": INSIDE},
    ),
}


def fixed(files: Mapping[str, str], code: str) -> Fixed:
    content = {path: text.encode() for path, text in files.items()}
    proposed = proposals(content, Config(), findings(files, code), ())
    plan = repair(Memory({path: FileState(each) for path, each in content.items()}), proposed).plan
    return {change.path: change.after.text for change in plan.changes if change.after is not None}


@pytest.mark.parametrize(("code", "files", "wanted"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_a_finding_is_repaired_and_gone(code: str, files: dict[str, str], wanted: Fixed) -> None:
    assert findings(files, code)
    assert fixed(files, code) == wanted
    assert findings({**files, **wanted}, code) == ()


@pytest.mark.parametrize(("code", "files"), [pytest.param(*case, id=name) for name, case in LEFT.items()])
def test_what_needs_a_decision_is_left(code: str, files: dict[str, str]) -> None:
    assert findings(files, code)
    assert fixed(files, code) == {}


def test_two_repairs_of_one_line_are_carried_out_one_at_a_time() -> None:
    from arckode_analyzers.fixes import Proposal

    files = Memory({"a.py": FileState(b"x = 1\ny = 2\n")})
    both = [
        Proposal(Finding("ARC999", "error", "a.py", 1, 1, "", name, ""), (Edit("a.py", 1, 1, f"x = {name}"),))
        for name in ("first", "second")
    ]
    found = repair(files, both)
    assert found.done == 1
    assert found.left == ("a.py:1: ARC999 meets another repair on its lines; run --fix again",)


def test_a_repair_that_breaks_its_file_is_refused() -> None:
    from arckode_analyzers.fixes import Proposal

    files = Memory({"a.py": FileState(b"x = 1\n")})
    bad = Proposal(Finding("ARC999", "error", "a.py", 1, 1, "", "m", ""), (Edit("a.py", 1, 1, "x = ("),))
    found = repair(files, [bad])
    assert found.plan.is_noop
    assert found.left == ("a.py:1: ARC999 would leave something that is not Python",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # arckode: ignore[ARC201] once it queried\n", "x = 1\n"),
        ("# arckode: ignore[ARC201] once it queried\nx = 1\n", "x = 1\n"),
        ('x = "#"  # arckode: ignore[ARC201] once\r\n', 'x = "#"\r\n'),
    ],
)
def test_a_suppression_that_silences_nothing_is_taken_out_and_comes_back_with_undo(
    tmp_path: Path, before: str, after: str
) -> None:
    plant(tmp_path, {"pyproject.toml": "", "src/a.py": before})
    shown = arckode(tmp_path, "analyze", "--fix", "--dry-run", "--diff")
    assert "-" in shown.stdout
    assert (tmp_path / "src/a.py").read_bytes() == before.encode()
    run = arckode(tmp_path, "analyze", "--fix")
    assert run.code == 0, run.stderr
    assert "1 of 1 findings can be fixed by a machine" in run.stderr
    assert (tmp_path / "src/a.py").read_bytes() == after.encode()
    assert arckode(tmp_path, "analyze").code == 0
    assert arckode(tmp_path, "undo").code == 0
    assert (tmp_path / "src/a.py").read_bytes() == before.encode()


def test_what_is_left_is_said_and_the_exit_code_tells(tmp_path: Path) -> None:
    code, files = LEFT["internals that the door does not offer"]
    plant(tmp_path, {"pyproject.toml": "", **files})
    run = arckode(tmp_path, "analyze", "--fix", "--select", code, "--json")
    assert run.code == 1
    assert json.loads(run.stdout)["changes"] == []


def test_the_flags_of_a_fix_mean_nothing_without_it(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "", "src/a.py": ""})
    run = arckode(tmp_path, "analyze", "--diff")
    assert run.code == 2
    assert "--diff only means something with --fix" in run.stderr


def test_every_fix_that_is_advertised_has_a_case() -> None:
    assert fixable() == {"ARC002", *(code for code, _, _ in CASES.values())}
