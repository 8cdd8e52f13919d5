"""Every relative link leads to a file, and every page is reached from the table of contents."""

from __future__ import annotations

import re

import pytest

from tests.docs import blocks

_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
NAMES = [blocks.name_of(path) for path in blocks.pages()]


@pytest.mark.parametrize("page", NAMES)
def test_links_lead_somewhere(page: str) -> None:
    file = blocks.ROOT / page
    text = _FENCED.sub("", file.read_text(encoding="utf-8"))
    for target, anchor in _LINK.findall(text):
        if "://" in target:
            continue
        there = file.parent / target if target else file
        assert there.exists(), f"{page} links to {target}, which is not there"
        if anchor:
            assert anchor in _anchors(there.read_text(encoding="utf-8")), f"{page}: {target} has no #{anchor}"


def test_every_page_of_docs_is_in_the_table_of_contents() -> None:
    contents = (blocks.ROOT / "docs/README.md").read_text(encoding="utf-8")
    listed = {target for target, _ in _LINK.findall(contents)}
    pages = {name.removeprefix("docs/") for name in NAMES if name.startswith("docs/")} - {"README.md"}
    assert pages <= listed


def _anchors(text: str) -> set[str]:
    headings = _HEADING.findall(_FENCED.sub("", text))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
