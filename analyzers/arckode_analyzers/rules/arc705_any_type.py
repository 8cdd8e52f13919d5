"""ARC705: a type that says nothing."""

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
    """Report each `any` that stands for a type."""
    for mark in marks(source, "any"):
        yield spot(source, mark, "`any` switches the type checker off from here on", "any")


_PAGE = "frontend/src/pages/orders/OrdersListPage.vue"
RULE = Rule(
    code="ARC705",
    name="any-type",
    severity="error",
    summary="A type is `any`.",
    why=(
        "`any` spreads: whatever is read from such a value is not checked either, so a renamed field of the API is "
        "found by a user. The client's types are there so that the type checker finds it."
    ),
    hint="take the type of the generated client, or `unknown` and look at what came",
    check=check,
    layers=("frontend",),
    decides=(
        "Found: every `any` that is a type, in scripts and in the expressions of templates. Not reported: the word in "
        "texts, comments and names; declarations (`.d.ts`), and tests."
    ),
    bad=(
        Example(
            "annotated, cast, as an argument of a type, and in the template",
            {
                _PAGE: """\
<script setup lang="ts">
const one: any = await load(); // error: ARC705
const two = one as any; // error: ARC705
const all = new Map<string, any>(); // error: ARC705
</script>

<template>
  <p>{{ (row as any).name }}</p> <!-- error: ARC705 -->
  <Row @save="(given: any) => keep(given)" /> <!-- error: ARC705 -->
</template>
"""
            },
        ),
        Example(
            "in a service, as an array and as a default",
            {
                "frontend/src/services/orders.service.ts": """\
export interface Rows<Item = any> { // error: ARC705
  data: any[]; // error: ARC705
  other: Record<string, Item>;
}
"""
            },
        ),
    ),
    good=(
        Example(
            "the word elsewhere",
            {
                _PAGE: """\
<script setup lang="ts">
// any
const any = "any: any";
const rows = await Promise.any([list()]);
const has = (row: unknown) => row !== any;
</script>

<template>
  <p title="any">any {{ any }}</p>
</template>
"""
            },
        ),
        Example(
            "declarations of what others wrote",
            {"frontend/src/env.d.ts": "declare const legacy: any;\n", _PAGE: "<template><p /></template>\n"},
        ),
    ),
)
