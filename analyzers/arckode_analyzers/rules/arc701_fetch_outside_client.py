"""ARC701: a request that passes the API client by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.requests import LIBRARIES
from arckode_analyzers.model.front import is_door, marks, spot
from arckode_analyzers.rule import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.rule import Spot

_REQUESTS = frozenset({"XMLHttpRequest", "fetch"})


def check(_analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report what sends a request without the client, where pages, components and stores are."""
    if is_door(source):
        return
    for mark in marks(source, "global"):
        if mark.name in _REQUESTS:
            yield spot(source, mark, f"`{mark.name}` is used here, beside the API client")
    for mark in marks(source, "import"):
        if mark.name in LIBRARIES and mark.detail != "type":
            yield spot(source, mark, f"`{mark.name}` is used here, beside the API client")


_PAGE = "frontend/src/pages/orders/OrdersListPage.vue"
RULE = Rule(
    code="ARC701",
    name="fetch-outside-client",
    severity="error",
    summary="A page, component, store or composable sends a request itself, and not through the API client.",
    why=(
        "The client carries the token, refreshes it once for all, retries what may be retried, and knows the types of "
        "every answer and error. A request beside it does none of that, and nobody finds it when the API changes."
    ),
    hint="call the operation of the generated client from a service; another host's API belongs in a service, too",
    check=check,
    layers=("frontend",),
    decides=(
        "Found: the browser's `fetch` and `XMLHttpRequest`, also as members of `window`, handed on or renamed, and "
        "imports of axios, ky and ofetch. Not reported: a name that the file itself gives a meaning; files below `api` "
        "and `services`."
    ),
    bad=(
        Example(
            "in a component, handed on, and as a member of the window",
            {
                _PAGE: """\
<script setup lang="ts">
const answer = await fetch("/orders"); // error: ARC701
const send = window.fetch; // error: ARC701
const parts = { fetch }; // error: ARC701
</script>

<template>
  <!-- <script> fetch("/orders") </script> -->
  <p>fetch("/orders")</p>
</template>
"""
            },
        ),
        Example(
            "a library in a store, and the old way in a composable",
            {
                "frontend/src/stores/orders.store.ts": """\
import http from "axios"; // error: ARC701

export const load = () => http.get("/orders");
""",
                "frontend/src/composables/useUpload.ts": """\
export const upload = () => new XMLHttpRequest(); // error: ARC701
""",
            },
        ),
    ),
    good=(
        Example(
            "through a service, which calls the client",
            {
                _PAGE: """\
<script setup lang="ts">
import { list } from "../../services/orders.service";

const rows = await list(); // not fetch("/orders")
</script>
""",
                "frontend/src/services/orders.service.ts": """\
import { ordersIndex } from "../api";

export const list = () => ordersIndex();
export const rate = () => fetch("https://rates.example.com");
""",
                "frontend/src/api/runtime.ts": "export const send = () => fetch('/orders');\n",
            },
        ),
        Example(
            "other things of that name",
            {
                _PAGE: """\
<script setup lang="ts">
import { useOrders } from "../../composables/useOrders";
import type { AxiosError } from "axios";

const { fetch } = useOrders();
const load = () => fetch();
const all = (list: { fetch: () => void }) => list.fetch();
type Fetch = typeof fetch;
</script>
"""
            },
        ),
    ),
)
