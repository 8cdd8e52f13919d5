"""A project's drawing: what is on it, what is red, and that the same project gives the same picture."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from arckode_analyzers.config import Config
from arckode_analyzers.engine import judge
from arckode_analyzers.facts.extract import extract
from arckode_analyzers.model.analysis import Analysis
from arckode_analyzers.model.project import Project
from arckode_gen.engine import graph_html, graph_layout, graph_text
from arckode_gen.engine.graph import Edge, Graph, Node, Table, draw
from arckode_gen.resources import folder

MODEL = """\
from shop.kernel.model import Entity
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column


class {0}(Entity):
    __tablename__ = "{1}"
    name: Mapped[str] = mapped_column()
{2}"""
KEY = '    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))\n'
CONNECTOR = """\
from shop.kernel.app import Kernel
from shop.modules.customers import CustomersService
from shop.modules.orders import OrdersService


def connect_orders_customers(kernel: Kernel) -> None:
    kernel.resolve(OrdersService).customers.connect(kernel.resolve(CustomersService))
"""
PROJECT = {
    "src/shop/connectors/orders_customers.py": CONNECTOR,
    "src/shop/modules/customers/__init__.py": "from shop.modules.customers.service import CustomersService\n",
    "src/shop/modules/customers/service.py": "class CustomersService: ...\n",
    "src/shop/modules/customers/model.py": MODEL.format("Customer", "customers", ""),
    "src/shop/modules/orders/__init__.py": "from shop.modules.orders.service import OrdersService\n",
    "src/shop/modules/orders/service.py": "class OrdersService:\n    customers: object\n",
    "src/shop/modules/orders/model.py": MODEL.format("Order", "orders", KEY),
}
INSIDE = "from shop.modules.customers.model import Customer\n\nprint(Customer)\n"
PLAIN = {
    "app/api/users.py": "from app.crud.users import read\n",
    "app/crud/users.py": "from app.db.session import engine\n\n\ndef read(): ...\n",
    "app/db/session.py": "engine = 1\n",
}


def drawn(files: dict[str, str]) -> Graph:
    content = {path: text.encode() for path, text in files.items()}
    found = judge(content, Config()).findings
    facts = ((path, extract(each), each) for path, each in sorted(content.items()))
    return draw("shop", Analysis(Project(facts, Config())), found)


def test_modules_tables_connectors_and_keys_are_drawn() -> None:
    graph = drawn(PROJECT)
    assert [node.name for node in graph.nodes] == ["customers", "orders"]
    assert graph.nodes[1].tables[0].references == ("customers",)
    assert [(each.source, each.target, each.kind, each.labels) for each in graph.edges] == [
        ("orders", "customers", "asks", ("orders_customers",)),
        ("orders", "customers", "references", ("orders.customer_id",)),
    ]


def test_an_import_that_passes_a_door_is_a_bad_line_and_makes_its_module_bad() -> None:
    graph = drawn({**PROJECT, "src/shop/modules/orders/report.py": INSIDE})
    (bad,) = (edge for edge in graph.edges if edge.is_bad)
    assert (bad.source, bad.target, bad.kind) == ("orders", "customers", "imports")
    assert bad.findings[0].startswith("ARC103 src/shop/modules/orders/report.py:1 ")
    assert [node.name for node in graph.nodes if node.is_bad] == ["orders"]
    assert graph.bad == len({*bad.findings, *graph.nodes[1].findings, *graph.elsewhere})


EVENTS = {
    "src/shop/modules/orders/events.py": 'PLACED = "orders.placed"\nLOST = "orders.lost"\n',
    "src/shop/modules/orders/service.py": """\
from shop.kernel.events import EventBus
from shop.modules.orders.events import PLACED


class OrdersService:
    customers: object

    def __init__(self, anything: EventBus) -> None:
        self._anything = anything

    async def create(self) -> None:
        await self._anything.emit(PLACED, {})
""",
    "src/shop/modules/customers/service.py": """\
class CustomersService:
    async def greet(self, event) -> None: ...
""",
    "src/shop/composition_root.py": """\
from shop.kernel.app import Kernel
from shop.modules.customers import CustomersService
from shop.modules.orders import OrdersService


def compose(settings) -> Kernel:
    kernel = Kernel(settings)
    service = CustomersService()
    kernel.events.on("orders.*", service.greet)
    kernel.add_module("orders", service=OrdersService(kernel.events))
    return kernel
""",
}


def test_the_events_that_a_module_has_and_whom_they_reach_are_drawn() -> None:
    graph = drawn({**PROJECT, **EVENTS})
    assert [(node.name, node.events) for node in graph.nodes] == [
        ("customers", ()),
        ("orders", ("orders.lost", "orders.placed")),
    ]
    told = [(each.source, each.target, each.labels) for each in graph.edges if each.kind == "tells"]
    assert told == [("orders", "customers", ("orders.placed",))]


def test_a_project_without_modules_is_drawn_by_package() -> None:
    graph = drawn(PLAIN)
    assert [node.name for node in graph.nodes] == ["app.api", "app.crud", "app.db"]
    assert [(edge.source, edge.target, edge.kind) for edge in graph.edges] == [
        ("app.api", "app.crud", "imports"),
        ("app.crud", "app.db", "imports"),
    ]


MERMAID = """\
flowchart LR
    subgraph m0_customers["customers"]
        m0_customers__customers[("customers")]
    end
    subgraph m1_orders["orders"]
        m1_orders__orders[("orders")]
        m1_orders__orders_placed_event(["orders.placed"])
    end
    m1_orders -->|"orders_customers"| m0_customers
    m1_orders -.-|"orders.customer_id"| m0_customers
    m1_orders ==>|"orders.placed"| m0_customers
    style m1_orders stroke:#c4314b,stroke-width:2px
    linkStyle 0 stroke:#c4314b"""
DOT = """\
digraph "shop" {
  rankdir=LR;
  node [shape=record, style=rounded, fontname="Helvetica"];
  edge [fontname="Helvetica", fontsize=10];
  "customers" [label="customers|customers"];
  "orders" [label="orders|orders|event\\ orders.placed", color="#c4314b"];
  "orders" -> "customers" [label="orders_customers", style=solid, color="#c4314b"];
  "orders" -> "customers" [label="orders.customer_id", style=dotted, arrowhead=none];
  "orders" -> "customers" [label="orders.placed", style=bold];
}"""
SMALL = Graph(
    "shop",
    (
        Node("customers", (Table("customers", ("name str",), ()),)),
        Node(
            "orders",
            (Table("orders", ("customer_id int",), ("customers",)),),
            (),
            ("ARC101 a.py:1 wrong",),
            ("orders.placed",),
        ),
    ),
    (
        Edge("orders", "customers", "asks", ("orders_customers",), ("ARC104 b.py:2 decides",)),
        Edge("orders", "customers", "references", ("orders.customer_id",)),
        Edge("orders", "customers", "tells", ("orders.placed",)),
    ),
)


def test_the_text_forms_say_it_in_their_languages_with_findings_in_red() -> None:
    assert graph_text.mermaid(SMALL) == MERMAID
    assert graph_text.dot(SMALL) == DOT


@pytest.mark.parametrize("name", ["end", 'say "hi"', "a|b", "a.b-c"])
def test_names_that_mean_something_to_the_languages_stay_names(name: str) -> None:
    graph = Graph(name, (Node(name, (Table(name, (), ()),)),), ())
    assert re.search(r"subgraph m0_\w+\[\"", graph_text.mermaid(graph))
    assert graph_text.dot(graph).count('"') % 2 == 0


def page(graph: Graph) -> str:
    return graph_html.page(graph, Path(folder("templates"), "graph", "page.html.jinja").read_text(encoding="utf-8"))


def test_the_page_needs_nothing_else_and_no_name_can_break_it() -> None:
    nasty = "</script><script>alert(1)</script>"
    text = page(Graph(nasty, (Node(nasty, (), (), (f"ARC101 a.py:1 {nasty}",)),), (), (nasty,)))
    assert "alert(1)</script>" not in text
    assert not re.search(r"""(src|href)=|@import|url\((?!#)""", text)
    data = re.search(r'id="graph">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["name"] == nasty


def test_bad_things_are_marked_on_the_page() -> None:
    text = page(SMALL)
    assert '<g class="card bad" data-name="orders"' in text
    assert '<g class="edge asks bad" data-source="orders"' in text
    assert "2 findings" in text


@pytest.mark.parametrize(
    "edges",
    [
        pytest.param((), id="nothing joined"),
        pytest.param((("a", "b"), ("b", "c"), ("a", "c")), id="a chain and a short cut"),
        pytest.param((("a", "b"), ("b", "a"), ("b", "c")), id="a circle"),
    ],
)
def test_boxes_never_overlap_and_what_asks_stands_left(edges: tuple[tuple[str, str], ...]) -> None:
    nodes = tuple(Node(name, (Table(name, (), ()),) * 6) for name in "abcdefghijklmnopqrstuvwxyz")
    graph = Graph("g", nodes, tuple(Edge(one, other, "asks", ("x",)) for one, other in edges))
    layout = graph_layout.arrange(graph)
    for at, box in enumerate(layout.boxes):
        for other in layout.boxes[at + 1 :]:
            apart = abs(box.x - other.x) >= graph_layout.WIDTH
            assert apart or box.y + box.height <= other.y or other.y + other.height <= box.y
        assert 0 <= box.x <= layout.width - graph_layout.WIDTH
        assert 0 <= box.y <= layout.height - box.height
    place = {box.node.name: box.x for box in layout.boxes}
    if edges and ("b", "a") not in edges:
        assert place["a"] < place["b"] < place["c"]
    assert layout == graph_layout.arrange(graph)


def test_lines_that_bow_around_a_column_and_their_labels_are_inside_the_drawing() -> None:
    both = (Edge("a", "b", "imports", ("x",)), Edge("b", "a", "asks", ("a_connector_with_quite_a_long_name",)))
    layout = graph_layout.arrange(Graph("g", (Node("a"), Node("b")), both))
    for line in layout.lines:
        assert max(float(each) for each in re.findall(r"C(\d+)", line.path)) <= layout.width
        assert line.x + 3 * len(graph_text.label(line.edge)) <= layout.width


def test_a_small_drawing_is_not_blown_up_to_the_window() -> None:
    shown = re.search(r'data-shown="(-?\d+) (-?\d+) (\d+) (\d+)" role="group"', page(SMALL))
    assert shown is not None
    x, y, across, down = map(int, shown.groups())
    layout = graph_layout.arrange(SMALL)
    assert (across, down) == (max(layout.width, 960), max(layout.height, 600))
    assert x <= 0 <= layout.width <= x + across
    assert y <= 0 <= layout.height <= y + down


def test_an_empty_project_is_an_empty_drawing() -> None:
    empty = Graph("shop", (), ())
    assert graph_text.mermaid(empty) == "flowchart LR"
    assert "no findings" in page(empty)
