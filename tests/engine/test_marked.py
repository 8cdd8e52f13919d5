"""A text with a generated part between marks: what is a person's own never meets what is generated."""

from __future__ import annotations

from pathlib import Path

import pytest

from arckode_gen.engine import marked
from arckode_gen.shell.three_way import ThreeWay

MERGE = ThreeWay(Path.cwd(), {})
BASE = "<!-- arckode: begin -->\none\ntwo\nthree\n<!-- arckode: end -->\n"
NEW = BASE.replace("three", "THREE")


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        pytest.param(BASE, NEW, id="nothing of a person's own"),
        pytest.param(f"{BASE}mine\n", f"{NEW}mine\n", id="own text right below what changed"),
        pytest.param(f"mine\n{BASE}", f"mine\n{NEW}", id="own text right above"),
        pytest.param(
            BASE.replace("one", "1").replace("\n", "\r\n"),
            NEW.replace("one", "1").replace("\n", "\r\n"),
            id="an edit inside, far from what changed, with other line ends",
        ),
        pytest.param(NEW + "mine\n", NEW + "mine\n", id="as it is generated now"),
    ],
)
def test_what_is_between_the_marks_is_brought_up_to_date(current: str, wanted: str) -> None:
    merged = marked.merge("AGENTS.md", BASE.encode(), current.encode(), NEW.encode(), MERGE)
    assert (merged.content.decode(), merged.conflicts) == (wanted, 0)


def test_the_same_lines_changed_on_both_sides_are_a_conflict_and_the_rest_is_not() -> None:
    current = BASE.replace("three", "mine") + "own\n"
    merged = marked.merge("AGENTS.md", BASE.encode(), current.encode(), NEW.encode(), MERGE)
    assert merged.conflicts == 1
    assert b"mine\n||||||| " in merged.content
    assert merged.content.endswith(b"<!-- arckode: end -->\nown\n")


@pytest.mark.parametrize(
    "current",
    [
        pytest.param(BASE.replace("<!-- arckode: end -->\n", ""), id="a mark is gone"),
        pytest.param(BASE + BASE, id="there are two pairs"),
        pytest.param("<!-- arckode: end -->\n<!-- arckode: begin -->\n", id="they are the wrong way round"),
    ],
)
def test_without_one_pair_of_marks_the_lines_alone_decide(current: str) -> None:
    texts = BASE.encode(), current.encode(), NEW.encode()
    merged, plain = marked.merge("AGENTS.md", *texts, MERGE), MERGE("AGENTS.md", *texts)
    assert (merged.content, merged.conflicts) == (plain.content, plain.conflicts)
