from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, cast

import pytest

from arckode_gen.errors import UsageError
from tests.commands.calls import arckode, call, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_gen.engine.project_map import ProjectMap

MAP = ".arckode/map.json"
ROOT = "src/shop/composition_root.py"
INVOICES = """
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.kernel.model import Entity, SoftDeleted
from shop.modules.invoices.lines import Line

TABLE = "bills"


class Invoice(SoftDeleted, Entity):
    __tablename__ = TABLE

    number: Mapped[int] = mapped_column(unique=True)
    note: Mapped[Optional[str]]
    meta_: Mapped[dict[str, int]] = mapped_column("metadata", nullable=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    legacy = Column(Integer)
    lines: Mapped[list[Line]] = relationship()
    PAGE: ClassVar[int] = 5
    limit = 3
"""


def drawn(shop: Path) -> ProjectMap:
    return cast("ProjectMap", json.loads(call(shop, "map", "--json").out))


def test_the_map_of_a_generated_project(generated: Path) -> None:
    found = drawn(generated)
    assert (found["version"], found["name"], found["package"], found["findings"]) == (1, "shop", "shop", {})
    orders = found["modules"][1]
    assert (orders["name"], orders["wired"], orders["missing"], orders["asks"]) == ("orders", True, [], ["customers"])
    assert list(orders["parts"]) == ["controller", "service", "repository", "model", "schemas", "enums"]
    assert orders["tests"] == ["tests/modules/orders/test_api.py", "tests/modules/orders/test_service.py"]
    assert orders["seed"] == "src/shop/seeds/orders.py"
    assert [path.rpartition("_create_")[2] for path in orders["migrations"]] == ["orders.py"]
    assert len(found["migrations"]) == 2
    assert found["seeds"][1] == {"name": "orders", "after": ["customers"], "path": "src/shop/seeds/orders.py"}
    assert found["connectors"] == [
        {
            "name": "orders_customers",
            "module": "orders",
            "asks": ["customers"],
            "wired": True,
            "path": "src/shop/connectors/orders_customers.py",
        }
    ]
    assert "make:module" in found["commands"]
    assert found["unreadable"] == []


def test_the_columns_are_those_of_the_database_mixins_included(generated: Path) -> None:
    table = drawn(generated)["tables"][1]
    columns = table["columns"]
    assert [column["name"] for column in columns] == [
        "id",
        "customer_id",
        "total",
        "status",
        "created_at",
        "updated_at",
    ]
    assert columns[1] == {
        "name": "customer_id",
        "type": "UUID",
        "null": False,
        "primary": False,
        "unique": False,
        "index": True,
        "references": "customers.id",
    }


def test_the_code_and_the_running_application_agree_on_the_routes(generated: Path) -> None:
    from_code = drawn(generated)["routes"]
    running = json.loads(call(generated, "routes", "--json").out)["routes"]
    composed = [route for route in running if route["module"] != "health"]
    assert sorted(from_code, key=str) == sorted(composed, key=str)


def test_a_prefix_that_differs_from_the_modules_name_is_read(shop: Path) -> None:
    controller = shop / "src/shop/modules/orders/controller.py"
    controller.write_text(controller.read_text().replace('prefix="/orders"', 'prefix="/line-items"'))
    assert {route["path"] for route in drawn(shop)["routes"] if route["module"] == "orders"} == {
        "/line-items",
        "/line-items/{order_id}",
    }


def test_the_text_says_the_same_in_lines(generated: Path) -> None:
    heard = call(generated, "map")
    assert heard.code == 0
    lines = heard.out.splitlines()
    assert lines[0] == "shop: 2 modules, 2 tables, 10 routes, 1 connector, 2 migrations, 2 seeds, 0 findings"
    assert (
        "  orders     controller service repository model schemas enums tests seed migration; asks customers" in lines
    )
    assert "  PATCH   /orders/{order_id}        public  orders_update" in lines
    assert "  orders_customers  orders asks customers" in lines
    assert "  orders     after customers" in lines
    assert any(line.split()[:4] == ["arckode", "make:module", "Add", "a"] for line in lines)
    assert "customer_id UUID -> customers.id, total Decimal" in heard.out


def test_the_project_is_never_run(shop: Path) -> None:
    for file in (shop / "src/shop").rglob("*.py"):
        file.write_text(f"{file.read_text()}\nopen('{shop}/ran', 'w').close()\nraise SystemExit(9)\n")
    assert len(drawn(shop)["routes"]) == 10
    assert not (shop / "ran").exists()


def test_a_second_run_changes_nothing(shop: Path) -> None:
    assert "1 record kept by arckode" in call(shop, "map", "--write").out
    first = (shop / MAP).read_bytes()
    assert call(shop, "map", "--write").out == "map --write: nothing to do, everything is there already"
    assert (shop / MAP).read_bytes() == first


def test_the_same_project_elsewhere_has_the_same_map_byte_for_byte(generated: Path, tmp_path: Path) -> None:
    places = [tmp_path / "a", tmp_path / "deeper" / "b c"]
    for place in places:
        shutil.copytree(generated, place)
        call(place, "map", "--write")
    assert (places[0] / MAP).read_bytes() == (places[1] / MAP).read_bytes()
    assert str(tmp_path).encode() not in (places[0] / MAP).read_bytes()


def test_what_is_kept_is_what_json_prints(shop: Path) -> None:
    call(shop, "map", "--write")
    assert (shop / MAP).read_text() == f"{call(shop, 'map', '--json').out}\n"


def test_a_dry_run_shows_the_difference_and_writes_nothing(shop: Path) -> None:
    heard = call(shop, "map", "--write", "--dry-run", "--diff")
    assert f"+++ b/{MAP}" in heard.out
    assert heard.said == "dry run: nothing was written"
    assert not (shop / MAP).exists()


def test_writing_can_be_undone(shop: Path) -> None:
    call(shop, "map", "--write")
    arckode(shop, "undo")
    assert not (shop / MAP).exists()


def test_writing_with_json_prints_the_plan(shop: Path) -> None:
    plan = json.loads(call(shop, "map", "--write", "--json").out)
    assert [change["path"] for change in plan["changes"]] == [MAP]


def test_columns_however_they_are_declared(shop: Path) -> None:
    folder = shop / "src/shop/modules/invoices"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "model.py").write_text(INVOICES)
    table = next(table for table in drawn(shop)["tables"] if table["module"] == "invoices")
    columns = table["columns"]
    assert table["name"] == "bills"
    assert [(each["name"], each["type"], each["null"]) for each in columns] == [
        ("id", "UUID", False),
        ("number", "int", False),
        ("note", "str", True),
        ("metadata", "dict[str, int]", True),
        ("order_id", "UUID", False),
        ("legacy", "", True),
        ("deleted_at", "datetime", True),
    ]


def test_what_a_module_lacks_is_said(shop: Path) -> None:
    folder = shop / "src/shop/modules/invoices"
    (folder / "usecases").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "usecases/pay.py").write_text("")
    found = next(module for module in drawn(shop)["modules"] if module["name"] == "invoices")
    assert found["parts"] == {"usecases": "src/shop/modules/invoices/usecases"}
    assert found["missing"] == ["controller", "service", "repository", "model", "schemas"]
    line = next(line for line in call(shop, "map").out.splitlines() if line.startswith("  invoices"))
    assert line.split("  ")[-1].strip() == (
        "usecases; without controller, service, repository, model, schemas, tests; not wired in the composition root"
    )


def test_what_the_composition_root_does_not_call_is_not_wired(shop: Path) -> None:
    root = shop / ROOT
    root.write_text(root.read_text().replace("    connect_orders_customers(kernel)\n", ""))
    assert [each["wired"] for each in drawn(shop)["connectors"]] == [False]
    assert "orders asks customers; not wired in the composition root" in call(shop, "map").out


def test_findings_are_counted_by_rule(shop: Path) -> None:
    service = shop / "src/shop/modules/customers/service.py"
    loop = "    async def slow(self, ids: tuple[UUID, ...]) -> None:\n        for each in ids:\n"
    service.write_text(f"{service.read_text()}\n{loop}            await self._customers.find_by_id(each)\n")
    assert drawn(shop)["findings"] == {"ARC201": 1}
    assert ", 1 finding\n" in call(shop, "map").out


def test_a_file_that_is_not_python_is_named_and_the_rest_is_drawn(shop: Path) -> None:
    (shop / "src/shop/modules/orders/controller.py").write_text("def broken(:\n")
    found = drawn(shop)
    assert found["unreadable"] == ["src/shop/modules/orders/controller.py"]
    assert {route["module"] for route in found["routes"]} == {"customers"}


def test_a_route_that_cannot_be_read_is_shown_as_such(shop: Path) -> None:
    controller = shop / "src/shop/modules/orders/controller.py"
    text = controller.read_text().replace('routes.get("",', "routes.get(PATH,").replace("access=PUBLIC)", "access=A)")
    controller.write_text(text)
    found = [route for route in drawn(shop)["routes"] if route["module"] == "orders"]
    assert (found[0]["path"], found[0]["access"], found[0]["operation"]) == ("", "computed", "orders_index")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('require("orders:read")', "orders:read"),
        ("SIGNED_IN", "signed-in"),
        ("access.PUBLIC", "public"),
    ],
    ids=["a permission", "somebody signed in", "public through its module"],
)
def test_access_as_it_is_written(shop: Path, written: str, shown: str) -> None:
    controller = shop / "src/shop/modules/orders/controller.py"
    controller.write_text(controller.read_text().replace("access=PUBLIC", f"access={written}"))
    assert {route["access"] for route in drawn(shop)["routes"] if route["module"] == "orders"} == {shown}


def test_migrations_are_found_where_the_project_keeps_them(shop: Path) -> None:
    shutil.move(shop / "src/shop/migrations", shop / "changes")
    with (shop / "pyproject.toml").open("a") as file:
        file.write('\n[tool.arckode]\nmigrations = "changes/"\n')
    assert [path.partition("/")[0] for path in drawn(shop)["migrations"]] == ["changes", "changes"]


@pytest.mark.parametrize("flag", ["--dry-run", "--diff"])
def test_a_flag_of_writing_alone_is_refused(generated: Path, flag: str) -> None:
    with pytest.raises(UsageError, match=f"{flag} only means something with --write"):
        call(generated, "map", flag)


def test_a_damaged_configuration_is_named(shop: Path) -> None:
    (shop / "pyproject.toml").write_text("[tool\n")
    with pytest.raises(UsageError, match=r"pyproject\.toml cannot be read"):
        call(shop, "map")


def test_a_damaged_record_of_a_module_is_named(shop: Path) -> None:
    (shop / ".arckode/units/module.orders.json").write_text("{}")
    with pytest.raises(UsageError, match=r"module\.orders\.json is damaged: KeyError"):
        call(shop, "map")


def test_outside_a_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not inside an arckode project"):
        call(tmp_path, "map")


def test_a_terminal_shows_tables(generated: Path) -> None:
    assert "orders asks customers" in on_terminal(generated, "map")
