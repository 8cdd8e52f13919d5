"""ARC709: a component in the old form."""

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
    """Report components and stores that are written as an object of options."""
    for mark in marks(source, "options"):
        what = "store" if mark.name == "defineStore" else "component"
        yield spot(source, mark, f"this {what} is an object of options")


_PAGE = "frontend/src/pages/home/HomePage.vue"
RULE = Rule(
    code="ARC709",
    name="options-api",
    severity="warning",
    summary="A component or a store is written with the options API.",
    why=(
        "Every module of a front end should look the same. What is written as options cannot share a composable with "
        "its neighbours, and `this` is typed by guessing."
    ),
    hint='write `<script setup lang="ts">`, and a store as a function',
    check=check,
    layers=("frontend",),
    decides=(
        "Found: a component's `export default` of an object, bare or in a call such as `defineComponent`, and Pinia's "
        "`defineStore` with an object. Not reported: a script beside `<script setup>` that exports no object."
    ),
    bad=(
        Example(
            "bare, and in a call",
            {
                _PAGE: """\
<script lang="ts">
export default { // error: ARC709
  data: () => ({ open: false }),
};
</script>
""",
                "frontend/src/components/Row.vue": """\
<script lang="ts">
import { defineComponent as component } from "vue";

export default component({ name: "Row" }); // error: ARC709
</script>
""",
            },
        ),
        Example(
            "a store, under another name",
            {
                "frontend/src/stores/cart.store.ts": """\
import { defineStore as store } from "pinia";

export const useCart = store("cart", { state: () => ({ rows: [] }) }); // error: ARC709
"""
            },
        ),
    ),
    good=(
        Example(
            "with setup, and a second script for what it exports",
            {
                _PAGE: """\
<script lang="ts">
export interface Row {
  id: string;
}
</script>

<script setup lang="ts">
// export default {}
const rows: Row[] = [];
</script>
"""
            },
        ),
        Example(
            "a store as a function, and an object that is no component",
            {
                "frontend/src/stores/cart.store.ts": """\
import { defineStore } from "pinia";

export const useCart = defineStore("cart", () => ({ rows: [] }), { persist: true });
""",
                "frontend/src/messages.ts": "export default { title: 'Shop' };\n",
            },
        ),
    ),
)
