"""A generated project is clean, and one line of damage makes it dirty."""

from __future__ import annotations

from pathlib import Path

import pytest

from arckode_analyzers import engine, meta, suppressions
from arckode_analyzers.config import load
from arckode_analyzers.files import read_project, read_tests

KERNEL = Path(__file__).parents[2] / "templates" / "kernel"
PACKAGE = "src/shop/"
SERVICE = "modules/orders/service.py"
SCHEMAS = "modules/orders/schemas.py"
IMPORTED = "import OrderStatus\nfrom shop.modules.orders.model import Order"
CONTROLLER = "modules/orders/controller.py"


def judged(root: Path, path: str = "", old: str = "", new: str = "") -> engine.Verdict:
    config = load(root)
    files = dict(read_project(root, config))
    if path:
        text = files[PACKAGE + path].decode()
        assert old in text
        files[PACKAGE + path] = text.replace(old, new, 1).encode()
    return engine.judge(files, config, tests=read_tests(root, config))


def test_a_generated_project_has_no_findings(everything: Path) -> None:
    verdict = judged(everything)
    left = suppressions.apply(verdict.findings, verdict.suppressions, "2026-11-22", suppressions.Rules(meta.codes))
    assert left.findings == ()
    assert verdict.incomplete == ()


def test_what_a_generated_project_suppresses_is_the_check_that_a_family_cannot_add_otherwise(everything: Path) -> None:
    verdict = judged(everything)
    assert {(each.code, each.callee) for each in verdict.findings} == {("ARC207", "check-copy")}


def test_the_runtime_by_itself_has_no_findings() -> None:
    verdict = judged(KERNEL)
    assert verdict.files > 20
    assert (verdict.findings, verdict.incomplete) == ((), ())


def test_almost_every_call_of_a_generated_project_is_understood(everything: Path) -> None:
    verdict = judged(everything)
    assert verdict.unresolved <= verdict.calls // 50


@pytest.mark.generates
@pytest.mark.parametrize(
    ("code", "path", "old", "new"),
    [
        pytest.param("ARC105", "composition_root.py", "    register_orders(kernel)\n", "", id="a call left out"),
        pytest.param("ARC107", SCHEMAS, "import OrderStatus", IMPORTED, id="the model in a schema"),
        pytest.param("ARC301", CONTROLLER, "body: OrderCreate", "body: dict", id="a body without a schema"),
        pytest.param("ARC402", CONTROLLER, "self.index", "self.update", id="an action under the wrong route"),
        pytest.param("ARC403", "modules/orders/model.py", '"orders"', '"Orders"', id="a table in capitals"),
        pytest.param(
            "ARC103",
            SERVICE,
            "\n\nclass",
            "\nfrom shop.modules.customers.repository import CustomersRepository\n\n\nclass",
            id="another module's repository",
        ),
        pytest.param(
            "ARC201",
            SERVICE,
            "    async def get_by_id",
            "    async def names(self, keys):\n"
            "        return [await self.customers.get().exists(key) for key in keys]\n\n"
            "    async def get_by_id",
            id="a query per row, behind a port, a connector and another module's service",
        ),
    ],
)
def test_one_change_is_found(everything: Path, code: str, path: str, old: str, new: str) -> None:
    assert code in {finding.code for finding in judged(everything, path, old, new).findings}
