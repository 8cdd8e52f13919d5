"""ARC704: a link that loads the whole application anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.front import is_file, marks, spot
from arckode_analyzers.rule import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.rule import Spot

_OTHERS = ("/api/", "/docs", "/files/", "/static/")


def check(_analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report the `<a>` that leads to a page of the application itself."""
    for mark in marks(source, "link"):
        path = mark.name.partition("?")[0].partition("#")[0]
        if not is_file(path) and not path.startswith(_OTHERS):
            yield spot(source, mark, f"this link to `{mark.name}` loads the whole application anew")


_PAGE = "frontend/src/pages/home/HomePage.vue"
RULE = Rule(
    code="ARC704",
    name="internal-link",
    severity="error",
    summary="An `<a href>` leads to a page of the application itself.",
    why=(
        "The browser leaves the page for it: everything is loaded again, what was typed and what stores hold is lost, "
        "and below another base path it leads nowhere."
    ),
    hint="write `<RouterLink :to=...>`",
    check=check,
    layers=("frontend",),
    decides=(
        "Found: `href` of an `<a>` that begins with one slash, and `:href` whose expression begins with such a text. "
        "Not reported: addresses with a `target` or `download`, files by their ending, below `/api/`, `/docs`, "
        "`/files/` and `/static/`, and addresses that are computed from their beginning."
    ),
    bad=(
        Example(
            "written and computed",
            {
                _PAGE: """\
<template>
  <a href="/orders">Orders</a> <!-- error: ARC704 -->
  <a class="x" :href="`/orders/${id}`">{{ a < b ? "<a>" : c }}</a> <!-- error: ARC704 -->
  <a v-bind:href="'/orders/' + id">One</a> <!-- error: ARC704 -->
</template>
"""
            },
        ),
        Example(
            "in a list, with a question, beside a link of the router",
            {
                _PAGE: """\
<script setup lang="ts">
const links = ["/orders"];
</script>

<template>
  <ul>
    <li><a class="link" href="/customers?page=2">Customers</a></li> <!-- error: ARC704 -->
    <li><RouterLink to="/orders">Orders</RouterLink><a href="/">Home</a></li> <!-- error: ARC704 -->
  </ul>
</template>
"""
            },
        ),
    ),
    good=(
        Example(
            "the router's link, and what is no link",
            {
                _PAGE: """\
<template>
  <!-- <a href="/orders">Orders</a> -->
  <RouterLink to="/orders">an &lt;a href="/orders"&gt;</RouterLink>
  <p>{{ '<a href="/orders">' }}</p>
  <link href="/orders" />
</template>
"""
            },
        ),
        Example(
            "other places",
            {
                _PAGE: """\
<template>
  <a href="https://example.com/orders">Elsewhere</a>
  <a href="//example.com">Elsewhere</a>
  <a href="#top">Up</a>
  <a href="/terms.pdf">Terms</a>
  <a href="/orders" target="_blank">In a new window</a>
  <a href="/api/orders" download>As a file</a>
  <a :href="address">Computed</a>
</template>
"""
            },
        ),
    ),
)
