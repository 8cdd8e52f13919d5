"""A project's graph as one page that needs nothing else: no network, no library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from arckode_gen.engine import graph_layout, graph_text

if TYPE_CHECKING:
    from arckode_gen.engine.graph import Graph, Node


def page(graph: Graph, template: str) -> str:
    """Return the page; `template` is its Jinja source."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(template).render(
        graph=graph,
        layout=graph_layout.arrange(graph),
        width=graph_layout.WIDTH,
        counts=_counts(graph),
        label=graph_text.label,
        sub=_sub,
        data=_json(graph),
    )


def _json(graph: Graph) -> Markup:
    """Return the data of the page's script; no text in it can end the script."""
    text = graph_text.document(graph)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704  # the one letter that HTML would read is escaped


def _counts(graph: Graph) -> str:
    tables = sum(len(node.tables) for node in graph.nodes)
    routes = sum(len(node.routes) for node in graph.nodes)
    events = len({event for node in graph.nodes for event in node.events})
    counts = [_count(len(graph.nodes), "module"), _count(tables, "table"), _count(routes, "route")]
    return ", ".join(counts + ([_count(events, "event")] if events else []))


def _sub(node: Node) -> str:
    if node.findings:
        return _count(len(node.findings), "finding")
    return _count(len(node.routes), "route") if node.routes else "no routes"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
