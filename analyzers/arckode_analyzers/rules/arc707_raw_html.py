"""ARC707: markup that is put in as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.front import marks, spot
from arckode_analyzers.rule import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.rule import Spot


def check(_analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report what puts a text into the page as markup."""
    for mark in marks(source, "html"):
        yield spot(source, mark, f"`{mark.name}` puts a text into the page as markup: a script in it runs")


_PAGE = "frontend/src/pages/orders/OrdersDetailPage.vue"
RULE = Rule(
    code="ARC707",
    name="raw-html",
    severity="error",
    summary="A text is put into the page as markup.",
    why=(
        "Whoever can store that text runs code in the browser of whoever reads it, with their session. Vue escapes "
        "what stands in mustaches; this switches it off."
    ),
    hint="show it as text, or build it from components",
    check=check,
    layers=("frontend",),
    decides=(
        "Found: `v-html`, bindings of `innerHTML` and `outerHTML`, assignments to them, and `insertAdjacentHTML`. What "
        "is cleaned first is reported, too: suppress it with the name of what cleans it."
    ),
    bad=(
        Example(
            "in a template, as a directive and as a property",
            {
                _PAGE: """\
<template>
  <!-- v-html -->
  <p v-html="order.note" /> <!-- error: ARC707 -->
  <p :innerHTML="order.note" /> <!-- error: ARC707 -->
  <p v-bind:inner-html="order.note" /> <!-- error: ARC707 -->
</template>
"""
            },
        ),
        Example(
            "in a script",
            {
                "frontend/src/composables/useNote.ts": """\
export function show(element: HTMLElement, note: string): void {
  element.innerHTML = note; // error: ARC707
  element.insertAdjacentHTML("beforeend", note); // error: ARC707
}
"""
            },
        ),
    ),
    good=(
        Example(
            "as text",
            {
                _PAGE: """\
<template>
  <p title="v-html">v-html {{ order.note }}</p>
  <p v-text="order.note" :html="order.note" />
</template>
"""
            },
        ),
        Example(
            "read, and set as text",
            {
                "frontend/src/composables/useNote.ts": """\
export const show = (element: HTMLElement, note: string): void => {
  element.textContent = note;
  const before = element.innerHTML;
  element.title = `innerHTML = ${before}`;
};
"""
            },
        ),
    ),
)
