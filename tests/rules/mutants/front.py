"""Ways to break the rules about the front end (ARC701-710).

Vue gives the expressions of a template neither `fetch` nor `localStorage`, so that neither can be misused there.
"""

# ruff: noqa: E501  # a row is a way and the lines of code that break the rule

from __future__ import annotations

from tests.rules.mutants.seeded import Edit, Mutant

FRONT = "frontend/src/"
LIST, DETAIL = (f"{FRONT}pages/orders/Orders{name}Page.vue" for name in ("List", "Detail"))
HOME = f"{FRONT}pages/home/HomePage.vue"
EMPTY = f"{FRONT}components/ui/EmptyNotice.vue"
SERVICE = f"{FRONT}services/orders.service.ts"
API = f"{FRONT}services/api.service.ts"
STORE, SESSION = (f"{FRONT}stores/{name}.store.ts" for name in ("orders", "session"))
FORMAT = f"{FRONT}composables/useFormat.ts"
CLIENT = f"{FRONT}api/orders.ts"
_HELPER = f"{FRONT}composables/useToken.ts"

_SCRIPTS = {
    LIST: "const store = useOrdersStore();\n",
    DETAIL: "const store = useOrdersStore();\n",
    HOME: "const { can } = usePermissions();\n",
    EMPTY: "const { t } = useMessages();\n",
    SERVICE: "export const create =",
    API: 'const settings: Config = { baseUrl: "/api" };\n',
    STORE: 'const KEY = "orders";\n',
    SESSION: "  const token = ref<string>();\n",
    FORMAT: 'import { useMessages } from "./useMessages";\n',
}


def _code(path: str, *lines: str) -> Edit:
    """Add lines to a script, in front of one that is there."""
    anchor = _SCRIPTS[path]
    return Edit(path, anchor, "".join(f"{line}\n" for line in lines) + anchor)


def _shown(path: str, *lines: str) -> Edit:
    """Add lines to a page's template."""
    anchor = "<template>\n"
    return Edit(path, f"\n{anchor}", f"\n{anchor}" + "".join(f"  {line}\n" for line in lines))


def _of(code: str, *rows: tuple[str, Edit | tuple[Edit, ...]], at: str = "", decidable: bool = True) -> list[Mutant]:
    return [Mutant(code, way, (edits,) if isinstance(edits, Edit) else edits, at, decidable) for way, edits in rows]


_LOAD = 'await fetch("/api/orders");'
_AGE = Edit(
    _HELPER,
    new='import { useSessionStore } from "../stores/session.store";\n\nexport const token = () => useSessionStore().token;\n',
)
_LEAVE = Edit(
    _HELPER, new='import { useRouter } from "vue-router";\n\nexport const leave = () => useRouter().push("/");\n'
)

REQUESTS = _of(
    "ARC701",
    ("a page fetches", _code(LIST, _LOAD)),
    ("a store fetches", _code(SESSION, 'void fetch("/api/session");')),
    ("a composable fetches", _code(FORMAT, 'export const load = () => fetch("/api/orders");')),
    ("through the window", _code(DETAIL, 'await window.fetch("/api/orders");')),
    ("through the window, by a key", _code(DETAIL, 'await globalThis["fetch"]("/api/orders");')),
    ("under another name", _code(LIST, "const ask = fetch;", 'await ask("/api/orders");')),
    ("taken out of the window", _code(LIST, "const { fetch: ask } = window;", 'await ask("/api/orders");')),
    ("the old way", _code(LIST, "const request = new XMLHttpRequest();")),
    ("with a library", _code(HOME, 'import axios from "axios";', 'await axios.get("/api/orders");')),
    ("with a library that is loaded late", _code(STORE, 'const load = async () => (await import("ky")).default;')),
    ("in a page of its own", Edit(f"{FRONT}pages/extra/ExtraPage.vue", new=f'<script setup lang="ts">\n{_LOAD}\n</script>\n')),
)  # fmt: skip
REQUESTS += _of(
    "ARC701",
    ("its name is put together", _code(LIST, 'await (window as never)["fe" + "tch"]("/api/orders");')),
    ("by a library nobody knows", _code(LIST, 'import { get } from "my-http";', 'await get("/api/orders");')),
    decidable=False,
)

SERVICES = _of(
    "ARC702",
    ("a store", _code(SERVICE, 'import { useSessionStore } from "../stores/session.store";')),
    ("a store under another name", _code(SERVICE, 'import { useSessionStore as who } from "../stores/session.store";')),
    ("a store from the root", _code(SERVICE, 'import * as stores from "@/stores/session.store";')),
    ("a store that is handed on", _code(SERVICE, 'export { useSessionStore } from "../stores/session.store";')),
    ("a store, when it is needed", _code(SERVICE, 'const late = () => import("../stores/session.store");')),
    ("for its effects", _code(SERVICE, 'import "../stores/session.store";')),
    ("the router's library", _code(SERVICE, 'import { useRouter } from "vue-router";')),
    ("the project's router", _code(SERVICE, 'import { router } from "../router";')),
    ("a component", _code(SERVICE, 'import Notice from "../components/ui/EmptyNotice.vue";')),
    ("a store behind a helper", (_code(SERVICE, 'import { token } from "../composables/useToken";'), _AGE)),
    ("a value beside a type", _code(SERVICE, 'import { type Page, useOrdersStore } from "../stores/orders.store";')),
    ("in a service of its own", Edit(f"{FRONT}services/extra.service.ts", new='import "../stores/orders.store";\n')),
)  # fmt: skip
SERVICES += _of(
    "ARC702",
    ("a store whose path is put together", _code(SERVICE, "const late = (name: string) => import(`../stores/${name}.store`);")),
    decidable=False,
)  # fmt: skip

STORES = _of(
    "ARC703",
    ("the router's library", _code(STORE, 'import { useRouter } from "vue-router";')),
    ("the library under another name", _code(STORE, 'import { useRouter as way } from "vue-router";')),
    ("the project's router", _code(STORE, 'import { router } from "../router";')),
    ("the router from the root", _code(STORE, 'import { router } from "@/router";')),
    ("the router, when it is needed", _code(STORE, 'const late = () => import("../router");')),
    ("a component", _code(STORE, 'import Notice from "../components/ui/EmptyNotice.vue";')),
    ("a component, when it is needed", _code(STORE, 'const late = () => import("@/components/ui/EmptyNotice.vue");')),
    ("behind a composable", (_code(STORE, 'import { leave } from "../composables/useToken";'), _LEAVE)),
    ("a value beside a type", _code(STORE, 'import { type Router, useRouter } from "vue-router";')),
    ("in a store of its own", Edit(f"{FRONT}stores/extra.store.ts", new='export { router } from "../router";\n')),
)  # fmt: skip
STORES += _of(
    "ARC703",
    ("the router is given by a plugin", _code(STORE, "const go = (store: { router: unknown }) => store.router;")),
    decidable=False,
)

LINKS = _of(
    "ARC704",
    ("written", _shown(HOME, '<a href="/orders">Orders</a>')),
    ("with a question", _shown(HOME, '<a class="x" href="/orders?page=2#top">Orders</a>')),
    ("to the first page", _shown(HOME, '<a href="/">Home</a>')),
    ("without quotes", _shown(HOME, "<a href=/orders>Orders</a>")),
    ("bound to a text", _shown(HOME, """<a :href="'/orders'">Orders</a>""")),
    ("bound at length", _shown(HOME, """<a v-bind:href="'/orders'">Orders</a>""")),
    ("bound to a template", _shown(HOME, '<a :href="`/orders/${1}`">One</a>')),
    ("bound to a sum", _shown(HOME, """<a :href="'/orders/' + 1">One</a>""")),
    ("deep inside", _shown(EMPTY, '<ul><li><b><a href="/orders">Orders</a></b></li></ul>')),
    ("after a comment that looks like one", _shown(HOME, '<!-- <a href="/x"> --><a href="/orders">Orders</a>')),
)
LINKS += _of(
    "ARC704",
    ("computed in the script", (_code(HOME, 'const way = "/orders";'), _shown(HOME, '<a :href="way">Orders</a>'))),
    ("an object of attributes", _shown(HOME, """<a v-bind="{ href: '/orders' }">Orders</a>""")),
    decidable=False,
)

TYPES = _of(
    "ARC705",
    ("a parameter", _code(FORMAT, "export const f = (value: any) => value;")),
    ("what comes back", _code(FORMAT, "export declare function f(): any;")),
    ("a list", _code(STORE, "const rows: any[] = [];")),
    ("an argument", _code(STORE, "const rows = new Map<string, any>();")),
    ("a cast", _code(LIST, "const lost = list as any;")),
    ("a cast of the old kind", _code(FORMAT, "export const lost = <any>useMessages;")),
    ("in a union", _code(LIST, "const lost: string | any = 1;")),
    ("an alias", _code(SERVICE, "type Anything = any;")),
    ("a key of an interface", _code(SERVICE, "interface Loose { value?: any }")),
    ("an index", _code(API, "interface Loose { [name: string]: any }")),
    ("a default of a parameter of types", _code(API, "type Loose<T = any> = T;")),
    ("in an expression of the template", _shown(LIST, "<p>{{ (list as any).x }}</p>")),
    ("what a component takes", Edit(EMPTY, "isFiltered?: boolean", "isFiltered?: any")),
)
TYPES += _of(
    "ARC705",
    ("what a library gives", _code(LIST, 'const lost = JSON.parse("1");')),
    ("a catch of everything", _code(FORMAT, "export type Loose = ReturnType<typeof JSON.parse>;")),
    decidable=False,
)

_CLIENT_INDEX = '"GET", "/orders", {'
ENDPOINTS = _of(
    "ARC706",
    ("a path that was never there", _code(SERVICE, 'export const lost = () => fetch("/api/ordres");')),
    ("a path that is longer", _code(SERVICE, "export const lost = (id: string) => fetch(`/api/orders/${id}/close`);")),
    ("a path that is put together", _code(SERVICE, 'export const lost = (id: string) => fetch("/api/bills/" + id);')),
    ("a method the path does not have", _code(SERVICE, 'export const lost = () => fetch("/api/orders", { method: "PUT" });')),
    ("by a library", _code(SERVICE, 'import http from "axios";', 'export const lost = () => http.get("/api/ordres");')),
    ("by an instance of it", _code(SERVICE, 'import http from "axios";', 'const api = http.create({ baseURL: "/api" });', 'export const lost = () => api.delete("/orders");')),
    ("a client of an older API", Edit(CLIENT, _CLIENT_INDEX, _CLIENT_INDEX.replace("orders", "bills"))),
    ("a client with another method", Edit(CLIENT, _CLIENT_INDEX, _CLIENT_INDEX.replace("GET", "PUT"))),
    ("a route was renamed", Edit("src/shop/modules/orders/controller.py", 'prefix="/orders"', 'prefix="/bills"')),
)  # fmt: skip
ENDPOINTS = [
    each if each.way != "a route was renamed" else Mutant(each.code, each.way, each.edits, CLIENT) for each in ENDPOINTS
]
ENDPOINTS += _of(
    "ARC706",
    ("a path that is computed from its beginning", _code(SERVICE, "export const lost = (path: string) => fetch(`${path}/ordres`);")),
    decidable=False,
)  # fmt: skip

MARKUP = _of(
    "ARC707",
    ("a directive", _shown(HOME, '<p v-html="APP_NAME" />')),
    ("a directive among others", _shown(HOME, '<p v-if="places" class="x" v-html="APP_NAME" />')),
    ("a binding", _shown(HOME, '<p :innerHTML="APP_NAME" />')),
    ("a binding that is a property", _shown(HOME, '<p :innerHTML.prop="APP_NAME" />')),
    ("a binding at length", _shown(HOME, '<p v-bind:outerHTML="APP_NAME" />')),
    ("an assignment", _code(HOME, "document.body.innerHTML = APP_NAME;")),
    ("an addition", _code(HOME, "document.body.innerHTML += APP_NAME;")),
    ("an assignment by a key", _code(HOME, 'document.body["innerHTML"] = APP_NAME;')),
    ("beside an element", _code(FORMAT, 'export const f = (e: Element, s: string) => e.insertAdjacentHTML("beforeend", s);')),
    ("in an expression of the template", _shown(EMPTY, '<b @click="$event.target.innerHTML = t(1)" />')),
)  # fmt: skip
MARKUP += _of(
    "ARC707",
    ("a document is written", _code(HOME, "document.write(APP_NAME);")),
    ("an object of attributes", _shown(HOME, '<p v-bind="{ innerHTML: APP_NAME }" />')),
    decidable=False,
)

STORAGE = _of(
    "ARC708",
    ("a page remembers", _code(LIST, 'localStorage.setItem("a", "b");')),
    ("a store remembers", _code(SESSION, 'const kept = sessionStorage.getItem("token");')),
    ("a composable remembers", _code(FORMAT, "export const clear = () => localStorage.clear();")),
    ("through the window", _code(LIST, 'window.localStorage.a = "b";')),
    ("through the window, by a key", _code(LIST, 'window["sessionStorage"].clear();')),
    ("under another name", _code(LIST, "const kept = localStorage;")),
    ("taken out of the window", _code(LIST, "const { localStorage: kept } = window;", "kept.clear();")),
    ("a database", _code(HOME, 'indexedDB.open("a");')),
    ("cookies are read", _code(HOME, "const all = document.cookie;")),
    ("a cookie is set", _code(HOME, 'document.cookie = "a=b";')),
)
STORAGE += _of(
    "ARC708",
    ("its name is put together", _code(LIST, '(window as never)["local" + "Storage"].clear();')),
    ("by a library", _code(LIST, 'import { useStorage } from "@vueuse/core";', 'const kept = useStorage("a", 1);')),
    decidable=False,
)

_EXTRA = f"{FRONT}components/ui/Extra.vue"
OPTIONS = _of(
    "ARC709",
    ("a component", Edit(_EXTRA, new='<script lang="ts">\nexport default { name: "Extra" };\n</script>\n')),
    ("defined", Edit(_EXTRA, new='<script lang="ts">\nimport { defineComponent } from "vue";\n\nexport default defineComponent({ data: () => ({}) });\n</script>\n')),
    ("defined under another name", Edit(_EXTRA, new='<script>\nimport { defineComponent as d } from "vue";\n\nexport default d({});\n</script>\n')),
    ("beside a setup script", Edit(_EXTRA, new='<script lang="ts">\nexport default { inheritAttrs: false };\n</script>\n\n<script setup lang="ts"></script>\n')),
    ("for another type", Edit(_EXTRA, new='<script lang="ts">\nexport default { name: "Extra" } satisfies object;\n</script>\n')),
    ("a store", Edit(f"{FRONT}stores/extra.store.ts", new='import { defineStore } from "pinia";\n\nexport const useExtra = defineStore("extra", { state: () => ({}) });\n')),
    ("a store with its name inside", Edit(f"{FRONT}stores/extra.store.ts", new='import { defineStore } from "pinia";\n\nexport const useExtra = defineStore({ id: "extra" });\n')),
)  # fmt: skip
OPTIONS += _of(
    "ARC709",
    ("the options come from elsewhere", Edit(_EXTRA, new='<script lang="ts">\nimport options from "./options";\n\nexport default options;\n</script>\n')),
    decidable=False,
)  # fmt: skip

_RULES = "\n.panel { color: red; }\n</style>\n"
STYLES = _of(
    "ARC710",
    ("below the template", Edit(HOME, "</script>\n", f"</script>\n\n<style>{_RULES}")),
    ("in another language", Edit(HOME, "</script>\n", f'</script>\n\n<style lang="scss">{_RULES}')),
    ("from a file", Edit(HOME, "</script>\n", '</script>\n\n<style src="./home.css"></style>\n')),
    ("beside a scoped one", Edit(HOME, "</script>\n", f"</script>\n\n<style scoped></style>\n<style>{_RULES}")),
    ("after a comment that looks scoped", Edit(HOME, "</script>\n", f"</script>\n\n<!-- <style scoped> -->\n<style>{_RULES}")),
    ("with the word in a value", Edit(HOME, "</script>\n", f'</script>\n\n<style lang="css" title="scoped">{_RULES}')),
)  # fmt: skip
STYLES += _of(
    "ARC710",
    ("a scoped style lets one through", Edit(HOME, "</script>\n", "</script>\n\n<style scoped>\n:global(.panel) { color: red; }\n</style>\n")),
    decidable=False,
)  # fmt: skip

MUTANTS = (
    *REQUESTS,
    *SERVICES,
    *STORES,
    *LINKS,
    *TYPES,
    *ENDPOINTS,
    *MARKUP,
    *STORAGE,
    *OPTIONS,
    *STYLES,
)
