"""ARC703: a store that navigates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.front import is_screen, is_store, spot_of_way
from arckode_analyzers.rule import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.rule import Spot


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report the import by which a store comes to know the router or a component."""
    if not is_store(source):
        return
    way = analysis.front.reached(source, is_screen)
    if way:
        last = way[-1]
        what = "the router" if last.target is None or not last.target.path.endswith(".vue") else "a component"
        yield spot_of_way(source, way, "store", what)


_STORE = "frontend/src/stores/session.store.ts"
RULE = Rule(
    code="ARC703",
    name="store-knows-screen",
    severity="error",
    summary="A store imports the router or a component, itself or through what it imports.",
    why=(
        "A store holds what is true whatever page is shown. One that navigates decides for every page that calls it, "
        "needs a router in each of its tests, and makes a circle: routes load pages, which load stores."
    ),
    hint="let the action answer, and the page that called it navigate",
    check=check,
    layers=("frontend",),
    decides=(
        "Followed: imports and re-exports that are there at run time, relative or from `@/`, `import(...)` included, "
        "through any number of files. Not reported: imports of types."
    ),
    bad=(
        Example(
            "the library, and the project's own router",
            {
                _STORE: """\
import { useRouter as way } from "vue-router"; // error: ARC703

export const leave = () => way().push("/");
""",
                "frontend/src/stores/orders.store.ts": """\
import { router } from "@/router"; // error: ARC703

export const open = () => router.push("/orders");
""",
                "frontend/src/router.ts": "export const router = { push: (to: string) => to };\n",
            },
        ),
        Example(
            "through a composable, and a dialog",
            {
                _STORE: """\
import { useLeave } from "../composables/useLeave"; // error: ARC703

export const leave = () => useLeave()();
""",
                "frontend/src/composables/useLeave.ts": """\
import { useRouter } from "vue-router";

export const useLeave = () => () => useRouter().push("/");
""",
                "frontend/src/stores/notices.store.ts": """\
import Dialog from "../components/Dialog.vue"; // error: ARC703

export const show = () => Dialog;
""",
                "frontend/src/components/Dialog.vue": "<template><p /></template>\n",
            },
        ),
    ),
    good=(
        Example(
            "the page navigates",
            {
                _STORE: """\
// import { useRouter } from "vue-router";
export const leave = () => ({ next: "import 'vue-router'" });
""",
                "frontend/src/pages/home/HomePage.vue": """\
<script setup lang="ts">
import { useRouter } from "vue-router";
import { leave } from "../../stores/session.store";

const router = useRouter();
const go = () => router.push(leave().next);
</script>
""",
            },
        ),
        Example(
            "a type of the router's, and another file of that name",
            {
                _STORE: """\
import type { RouteLocationRaw } from "vue-router";
import { routes } from "../services/router";

export const next = (): RouteLocationRaw => routes[0];
""",
                "frontend/src/services/router.ts": 'export const routes = ["/"];\n',
            },
        ),
    ),
)
