"""A project's graph in the languages that other programs draw: Mermaid and Graphviz DOT."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_gen.engine.graph import Edge, Graph

_ARROWS = {"asks": "-->", "imports": "-.->", "references": "-.-", "tells": "==>"}
_STYLES = {"asks": "solid", "imports": "dashed", "references": "dotted", "tells": "bold"}
_RED = "#c4314b"


def mermaid(graph: Graph) -> str:
    """Return a Mermaid flowchart; GitHub and GitLab draw it in Markdown."""
    ids = _ids(graph)
    lines = ["flowchart LR"]
    for node in graph.nodes:
        lines.append(f"    subgraph {ids[node.name]}[{_quoted(node.name)}]")
        tables = [f'        {_table_id(ids[node.name], table.name)}[("{table.name}")]' for table in node.tables]
        events = [f'        {_table_id(ids[node.name], event)}_event(["{event}"])' for event in node.events]
        lines += [*(tables + events or [f'        {ids[node.name]}_none[" "]']), "    end"]
    for edge in graph.edges:
        said = f"|{_quoted(label(edge))}|"
        lines.append(f"    {ids[edge.source]} {_ARROWS[edge.kind]}{said} {ids[edge.target]}")
    bad = [ids[node.name] for node in graph.nodes if node.is_bad]
    lines += [f"    style {name} stroke:{_RED},stroke-width:2px" for name in bad]
    lines += [f"    linkStyle {at} stroke:{_RED}" for at, edge in enumerate(graph.edges) if edge.is_bad]
    return "\n".join(lines)


def dot(graph: Graph) -> str:
    """Return a Graphviz digraph; `dot -Tsvg` draws it."""
    lines = [
        f"digraph {_quoted(graph.name)} {{",
        "  rankdir=LR;",
        '  node [shape=record, style=rounded, fontname="Helvetica"];',
        '  edge [fontname="Helvetica", fontsize=10];',
    ]
    for node in graph.nodes:
        events = (_field(f"event {event}") for event in node.events)
        fields = "|".join((_field(node.name), *(_field(table.name) for table in node.tables), *events))
        colour = f', color="{_RED}"' if node.is_bad else ""
        lines.append(f"  {_quoted(node.name)} [label={_quoted(fields)}{colour}];")
    lines += list(_dot_edges(graph))
    return "\n".join([*lines, "}"])


def document(graph: Graph) -> str:
    """Return the graph as JSON."""
    return json.dumps(
        {
            "version": 1,
            "name": graph.name,
            "nodes": [
                {
                    "name": node.name,
                    "tables": [
                        {"name": table.name, "columns": list(table.columns), "references": list(table.references)}
                        for table in node.tables
                    ],
                    "routes": list(node.routes),
                    "findings": list(node.findings),
                    "events": list(node.events),
                }
                for node in graph.nodes
            ],
            "edges": [
                {
                    "source": edge.source,
                    "target": edge.target,
                    "kind": edge.kind,
                    "labels": list(edge.labels),
                    "findings": list(edge.findings),
                }
                for edge in graph.edges
            ],
            "elsewhere": list(graph.elsewhere),
        },
        indent=2,
        ensure_ascii=False,
    )


def _dot_edges(graph: Graph) -> Iterator[str]:
    for edge in graph.edges:
        colour = f', color="{_RED}"' if edge.is_bad else ""
        head = ", arrowhead=none" if edge.kind == "references" else ""
        said = f"label={_quoted(label(edge))}, style={_STYLES[edge.kind]}{head}{colour}"
        yield f"  {_quoted(edge.source)} -> {_quoted(edge.target)} [{said}];"


def label(edge: Edge) -> str:
    """Name what an edge is; of many imports, how many."""
    if edge.kind == "imports":
        return f"{len(edge.labels)} imports" if len(edge.labels) > 1 else f"imports {edge.labels[0]}"
    return ", ".join(edge.labels)


def _ids(graph: Graph) -> Mapping[str, str]:
    """Name nodes as Mermaid can read them; its own words, such as `end`, are no names there."""
    return {node.name: f"m{at}_{re.sub(r'[^A-Za-z0-9]', '_', node.name)}" for at, node in enumerate(graph.nodes)}


def _table_id(node: str, table: str) -> str:
    return f"{node}__{re.sub(r'[^A-Za-z0-9]', '_', table)}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'


def _field(text: str) -> str:
    """Escape what separates the fields of a record."""
    return re.sub(r"([{}|<> ])", r"\\\1", text)
