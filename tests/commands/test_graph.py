"""`arckode graph` as it is called; what is on a drawing is tested beside the engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError, UsageError
from tests.commands.calls import call

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("form", ["mermaid", "dot", "html"])
def test_a_generated_project_is_drawn_the_same_every_time(generated: Path, form: str) -> None:
    first = call(generated, "graph", "--format", form)
    assert (first.code, first.said) == (0, "")
    assert "orders_customers" in first.out
    assert call(generated, "graph", "--format", form).out == first.out
    assert str(generated) not in first.out


def test_json_holds_nodes_edges_and_findings(generated: Path) -> None:
    document = json.loads(call(generated, "graph", "--json").out)
    assert [node["name"] for node in document["nodes"]] == ["customers", "orders"]
    assert {edge["kind"] for edge in document["edges"]} == {"asks", "references"}
    assert document["elsewhere"] == []


def test_a_file_is_written_and_not_written_over(generated: Path, tmp_path: Path) -> None:
    target = tmp_path / "graph.html"
    assert call(generated, "graph", "--format", "html", "--out", str(target)).said == f"wrote {target}"
    before = target.read_bytes()
    with pytest.raises(UsageError, match=r"graph\.html exists") as caught:
        call(generated, "graph", "--out", str(target))
    assert "--force" in caught.value.hint
    assert target.read_bytes() == before
    call(generated, "graph", "--format", "mermaid", "--out", str(target), "--force")
    assert target.read_text().startswith("flowchart LR")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("g.mmd", "flowchart LR"),
        ("g.md", "```mermaid\nflowchart LR"),
        ("g.dot", "digraph "),
        ("g.GV", "digraph "),
        ("g.html", "<!"),
        ("g.json", "{"),
    ],
)
def test_the_name_of_the_file_says_what_is_written(generated: Path, tmp_path: Path, name: str, start: str) -> None:
    call(generated, "graph", "--out", str(tmp_path / name))
    assert (tmp_path / name).read_text().startswith(start)


@pytest.mark.parametrize(("name", "said"), [("g.svg", "arckode writes no .svg"), ("g", "the name says no format")])
def test_a_file_whose_name_says_nothing_known_is_refused(generated: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        call(generated, "graph", "--out", name)
    assert ".mmd, .md, .dot, .gv, .html" in caught.value.hint
    assert not (generated / name).exists()


def test_a_folder_that_is_not_there_is_said(generated: Path) -> None:
    with pytest.raises(OperationError, match=r"cannot write gone/graph\.dot: No such file or directory"):
        call(generated, "graph", "--out", "gone/graph.dot")


def test_a_project_that_arckode_never_saw_is_drawn_and_its_broken_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.py").write_text("import os\n")
    (tmp_path / "app/bad.py").write_text("def")
    heard = call(tmp_path, "graph")
    assert 'subgraph m0_app["app"]' in heard.out
    assert heard.said == "app/bad.py cannot be read and is left out"


def test_a_folder_without_python_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no Python file in"):
        call(tmp_path, "graph")
