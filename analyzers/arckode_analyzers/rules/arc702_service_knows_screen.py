"""ARC702: a service that reaches up to a store or the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.front import is_screen, is_service, is_store, spot_of_way
from arckode_analyzers.rule import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.front import Edge
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.rule import Spot


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report the import by which a service comes to know a store, the router or a component."""
    if not is_service(source):
        return
    way = analysis.front.reached(source, _is_above)
    if way:
        last = way[-1]
        what = "a store" if last.target is not None and is_store(last.target) else "the screen"
        yield spot_of_way(source, way, "service", what)


def _is_above(edge: Edge) -> bool:
    return is_screen(edge) or (edge.target is not None and is_store(edge.target))


_SERVICE = "frontend/src/services/orders.service.ts"
_STORE = "frontend/src/stores/session.store.ts"
RULE = Rule(
    code="ARC702",
    name="service-knows-screen",
    severity="error",
    summary="A service imports a store, the router or a component, itself or through what it imports.",
    why=(
        "Services are what stores and pages stand on. One that reaches back up cannot be used or tested without a "
        "screen, and the circle decides in which order modules come to life."
    ),
    hint="hand the value or a function in from above, as an argument or when the client is configured",
    check=check,
    layers=("frontend",),
    decides=(
        "Followed: imports and re-exports that are there at run time, relative or from `@/`, `import(...)` included, "
        "through any number of files. Not reported: imports of types, which are gone when the program runs."
    ),
    bad=(
        Example(
            "a store, under another name, and the router",
            {
                _SERVICE: """\
import { useSessionStore as session } from "../stores/session.store"; // error: ARC702

export const token = () => session().token;
""",
                "frontend/src/services/customers.service.ts": """\
import { useRouter } from "vue-router"; // error: ARC702
""",
                _STORE: "export const useSessionStore = () => ({ token: '' });\n",
            },
        ),
        Example(
            "a store behind a helper that is re-exported, only when it is needed",
            {
                _SERVICE: """\
// import { useSessionStore } from "../stores/session.store";
export const token = async () => (await import("@/composables")).token(); // error: ARC702
""",
                "frontend/src/composables/index.ts": 'export * from "./useToken";\n',
                "frontend/src/composables/useToken.ts": """\
import { useSessionStore } from "../stores/session.store";

export const token = () => useSessionStore().token;
""",
                _STORE: "export const useSessionStore = () => ({ token: '' });\n",
            },
        ),
    ),
    good=(
        Example(
            "what it needs is handed in",
            {
                _SERVICE: """\
import { configure } from "../api/runtime";

export const connect = (token: () => string) => configure({ token });
const text = 'import { useSessionStore } from "../stores/session.store"';
""",
                "frontend/src/api/runtime.ts": "export const configure = (given: object) => given;\n",
                _STORE: """\
import { connect } from "../services/orders.service";

connect(() => "x");
""",
            },
        ),
        Example(
            "types only",
            {
                _SERVICE: """\
import type { Session } from "../stores/session.store";
import { type Session as Other } from "../stores/session.store";
export type { Session } from "../stores/session.store";

export const nameOf = (session: Session | Other) => session.name;
""",
                _STORE: "export interface Session { name: string }\n",
            },
        ),
    ),
)
