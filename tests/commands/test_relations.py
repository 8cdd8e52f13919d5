"""Relations whose id is on the other side, or in a table of links: what is asked for, refused, and taken out again."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError, UsageError
from tests.commands.calls import call
from tests.generated import must, run, tool, tree

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS = "src/shop/modules/customers"
CONNECTOR = "src/shop/connectors/customers_orders.py"
ROOT = "src/shop/composition_root.py"


def test_has_many_asks_the_other_module_through_a_connector(shop: Path) -> None:
    call(shop, "make:field", "customers", "orders:has_many=orders/total/status")
    text = (shop / CONNECTOR).read_text()
    assert 'filters={**query.filters, "customer_id": customer_id}' in text
    assert "CustomerOrder(id=row.id, total=row.total, status=row.status)" in text
    assert "shop.modules.orders" not in "".join((shop / f"{CUSTOMERS}/{name}.py").read_text() for name in PARTS)
    root = (shop / ROOT).read_text()
    assert root.index("register_orders(kernel)") < root.index("connect_customers_orders(kernel)")
    assert len(list((shop / "src/shop/migrations").glob("2*.py"))) == 2


PARTS = ("__init__", "controller", "model", "repository", "schemas", "service")


def test_destroy_relation_takes_a_relation_out_again(shop: Path) -> None:
    was = tree(shop)
    call(shop, "make:field", "customers", "orders:has_many=orders/total")
    assert call(shop, "destroy:relation", "customers", "orders").code == 0
    assert tree(shop) == was


def test_modules_that_know_each_other_are_destroyed_once_the_relation_is_out(shop: Path) -> None:
    call(shop, "make:field", "customers", "orders:has_many=orders")
    for name in ("orders", "customers"):
        with pytest.raises(RefusedError, match="is needed by the module") as refused:
            call(shop, "destroy:module", name)
        if name == "orders":
            assert refused.value.hint == "take the relation out first: `arckode destroy:relation customers orders`"
    call(shop, "destroy:relation", "customers", "orders")
    assert call(shop, "destroy:module", "orders").code == 0
    assert call(shop, "destroy:module", "customers").code == 0


def test_a_relation_in_an_edited_module_goes_and_the_edits_stay(shop: Path) -> None:
    call(shop, "make:field", "customers", "orders:has_many=orders")
    service = shop / f"{CUSTOMERS}/service.py"
    own = "class CustomersService:\n    mine = 1\n\n"
    service.write_text(service.read_text().replace("class CustomersService:\n", own))
    (shop / CONNECTOR).write_text((shop / CONNECTOR).read_text() + "\n# mine\n")
    heard = call(shop, "destroy:relation", "customers", "orders")
    assert heard.code == 3
    assert f"kept: {CONNECTOR}: edited, and no longer generated" in heard.out
    assert "    mine = 1" in service.read_text()
    assert "list_orders" not in service.read_text()


def test_a_relation_that_was_edited_is_not_taken_out(shop: Path) -> None:
    call(shop, "make:field", "customers", "orders:has_many=orders")
    service = shop / f"{CUSTOMERS}/service.py"
    service.write_text(service.read_text().replace("self.orders.get().list(customer_id, query)", "self.mine(query)"))
    was = tree(shop)
    with pytest.raises(RefusedError, match=r"service\.py:\d+: edited where the relation is used"):
        call(shop, "destroy:relation", "customers", "orders")
    assert tree(shop) == was


def test_has_one_needs_a_unique_column_and_says_so(shop: Path) -> None:
    with pytest.raises(UsageError, match="'customer' is not unique there") as refused:
        call(shop, "make:field", "customers", "order:has_one=orders")
    assert "`order:has_many=orders`" in refused.value.hint
    call(shop, "make:field", "orders", "guest:belongs_to=customers:null:unique")
    call(shop, "make:field", "customers", "visit:has_one=orders/total:via=guest")
    assert '"guest_id": customer_id' in (shop / "src/shop/connectors/customers_visit.py").read_text()


def test_two_ways_back_must_be_told_apart(shop: Path) -> None:
    call(shop, "make:field", "orders", "payer:belongs_to=customers:null")
    with pytest.raises(UsageError, match="2 fields of orders belong to customers") as refused:
        call(shop, "make:field", "customers", "orders:has_many=orders")
    assert refused.value.hint == "say which one it is: add `via=customer` or `via=payer`"
    call(shop, "make:field", "customers", "bought:has_many=orders:via=customer", "paid:has_many=orders:via=payer")
    for name in ("bought", "paid"):
        assert (shop / f"src/shop/connectors/customers_{name}.py").is_file()


REFUSED = [
    pytest.param(
        ["make:field", "orders", "customers_more:has_many=customers"],
        "no field of customers belongs to orders, and that side holds the id",
        "add it first: `arckode make:field customers order:belongs_to=orders:null`",
        id="the other side has no column",
    ),
    pytest.param(
        ["make:module", "shops", "sales:has_many=sales"],
        "'sales' relates to the module 'sales', which does not exist; it will hold the id, so it comes after shops",
        "then `arckode make:field shops sales:has_many=sales`",
        id="the other side does not exist yet",
    ),
    pytest.param(
        ["make:module", "shops", "sold:has_many=orders"],
        "no field of orders belongs to shops, and that side holds the id",
        "leave 'sold' out, then `arckode make:field orders shop:belongs_to=shops:null`, "
        "then `arckode make:field shops sold:has_many=orders`",
        id="a new module that nothing can refer to yet",
    ),
    pytest.param(
        ["make:module", "posts", "labels:many_to_many=labels"],
        "'labels' relates to the module 'labels', which does not exist",
        "make it first: `arckode make:module labels`",
        id="links to nothing",
    ),
    pytest.param(
        ["make:field", "customers", "orders:has_many=orders/totl"],
        "cannot show 'totl': orders have no such field",
        "did you mean 'total'?",
        id="a shown field that is not there",
    ),
    pytest.param(
        ["make:field", "customers", "orders:has_many=orders:via=seller"],
        "no field of orders belongs to customers by the name 'seller'",
        "add it first: `arckode make:field orders seller:belongs_to=customers:null`",
        id="a way back that is not there",
    ),
    pytest.param(
        ["make:field", "orders", "customers:many_to_many=customers"],
        "'customers' is how orders ask that module for what they belong to",
        "`order_customers:many_to_many=customers`",
        id="a name that a port has",
    ),
    pytest.param(
        ["make:field", "customers", "update:many_to_many=orders"],
        "'update' is what every module calls a method of its own",
        "call it otherwise",
        id="a name that a method has",
    ),
    pytest.param(
        ["make:field", "customers", "outs:many_to_many=orders"],
        "'outs' would make a class of a name that customers have already",
        "call it otherwise",
        id="a name that a schema has",
    ),
    pytest.param(
        ["make:module", "nodes", "children:has_many=nodes"],
        "no field of nodes belongs to nodes",
        "add `node:belongs_to=nodes:null` beside it",
        id="children without a parent",
    ),
    pytest.param(
        ["destroy:relation", "orders", "total"],
        "'total' of orders keeps values",
        "`arckode destroy:field orders total` takes it out",
        id="a column",
    ),
    pytest.param(
        ["destroy:relation", "orders", "totl"], "orders have no field 'totl'", "did you mean 'total'?", id="no field"
    ),
    pytest.param(["destroy:relation", "orders"], "no relation was given", "orders have customer, total", id="no name"),
]


@pytest.mark.parametrize(("words", "said", "hint"), REFUSED)
def test_what_cannot_be_related_is_refused(shop: Path, words: list[str], said: str, hint: str) -> None:
    was = tree(shop)
    with pytest.raises((UsageError, RefusedError)) as refused:
        call(shop, *words)
    assert said in refused.value.message
    assert hint in refused.value.hint
    assert tree(shop) == was


def test_what_the_other_module_hides_is_not_shown(shop: Path) -> None:
    call(shop, "make:field", "orders", "secret:str:null:writeonly", "mail:email:null:pii")
    for name in ("secret", "mail"):
        with pytest.raises(UsageError, match=f"cannot show '{name}', which orders keep to themselves"):
            call(shop, "make:field", "customers", f"orders:has_many=orders/{name}")


def test_a_module_made_by_hand_has_no_known_fields(shop: Path) -> None:
    (shop / "src/shop/modules/mines").mkdir()
    (shop / "src/shop/modules/mines/__init__.py").write_text('"""Mine."""\n')
    with pytest.raises(UsageError, match="which was not generated") as refused:
        call(shop, "make:field", "customers", "mines:many_to_many")
    assert "by hand" in refused.value.hint


def test_links_that_are_added_later_have_a_migration_of_their_own(shop: Path) -> None:
    call(shop, "make:module", "tags", "label")
    call(shop, "make:field", "orders", "tags:many_to_many=tags/label", "weight:int:null")
    (path,) = (shop / "src/shop/migrations").glob("*_add_weight_and_tags_to_orders.py")
    assert "CREATE TABLE orders_tags" in path.read_text()
    assert "orders_tags" not in next((shop / "src/shop/migrations").glob("*_create_orders.py")).read_text()
    with pytest.raises(RefusedError, match="'tags' of orders keeps values in the database"):
        call(shop, "destroy:relation", "orders", "tags")
    with pytest.raises(RefusedError, match="is needed by the module 'orders'"):
        call(shop, "destroy:module", "tags")


COUNT = """
import asyncio, json
from shop.composition_root import compose
from shop.kernel.database import Database
from shop.kernel.repository import ListQuery
from shop.kernel.testing import count_statements
from shop.modules.orders import OrdersService
from shop.modules.tags import TagsService
from shop.modules.customers import CustomersService
from shop.settings import Settings

async def main():
    database = Database("sqlite://")
    kernel = compose(Settings(), database=database)
    await database.create_tables()
    orders, tags = kernel.resolve(OrdersService), kernel.resolve(TagsService)
    customer = await kernel.resolve(CustomersService).create({"name": "a", "email": "a@example.com"})
    order = await orders.create({"customer_id": customer.id, "total": 1})
    keys = [(await tags.create({"label": str(n)})).id for n in range(61)]
    counts = []
    for chosen in (keys[:1], keys[1:]):
        for act in (
            orders.link_tags(order.id, chosen),
            orders.list_tags(order.id, ListQuery(limit=100)),
            orders.unlink_tags(order.id, chosen),
        ):
            with count_statements(database) as seen:
                await act
            counts.append(seen.count)
    print(json.dumps(counts))

asyncio.run(main())
"""


def test_linking_many_costs_as_many_statements_as_linking_one(shop: Path) -> None:
    call(shop, "make:module", "tags", "label")
    call(shop, "make:field", "orders", "tags:many_to_many=tags/label")
    counts = json.loads(must(run(shop / "src", sys.executable, "-c", COUNT)).stdout)
    assert counts[:3] == counts[3:]
    assert max(counts) <= 4


def test_relations_of_every_kind_pass_the_project_s_own_checks(shop: Path) -> None:
    """Long names wrap as ruff wraps them, and types of every kind are shown."""
    types = "text json bytes bool date datetime time uuid float list=int enum=a/b decimal=9.3 bigint".split()
    fields = [f"value_{at}_of_the_{kind.split('=')[0]}:{kind}:null" for at, kind in enumerate(types)]
    call(shop, "make:module", "certification_requirements", "customer:belongs_to=customers", *fields)
    shown = "/".join(field.split(":")[0] for field in fields)
    for name in ("certification_requirements", "extra_requirements"):
        call(shop, "make:field", "customers", f"{name}:has_many=certification_requirements/{shown}")
    call(shop, "make:module", "insurance_policy_holders", "r:many_to_many=certification_requirements/customer")
    long = "previous_insurance_policy_holders:many_to_many=insurance_policy_holders"
    with pytest.raises(UsageError, match="makes a constraint's name of over 63 letters"):
        call(shop, "make:field", "insurance_policy_holders", long)
    call(shop, "make:module", "policies", "certification_needs:many_to_many=certification_requirements/customer")
    must(tool(shop, "ruff", "check"))
    must(tool(shop, "ruff", "format", "--check"))
    must(tool(shop, "mypy"))
    must(tool(shop, "pytest", "-q", "-p", "no:cacheprovider", "-k", "linked or listed or of_nothing"))
    assert call(shop, "analyze", "--strict").code == 0
