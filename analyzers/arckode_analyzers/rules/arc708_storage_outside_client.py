"""ARC708: what the browser stores, read in passing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.front import is_door, marks, spot
from arckode_analyzers.rule import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.rule import Spot

_STORAGE = frozenset({"document.cookie", "indexedDB", "localStorage", "sessionStorage"})


def check(_analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report what reads or writes the browser's storage, where pages, components and stores are."""
    if is_door(source):
        return
    for mark in marks(source, "global"):
        if mark.name in _STORAGE:
            yield spot(source, mark, f"`{mark.name}` is used outside the client and the services")


_PAGE = "frontend/src/pages/home/HomePage.vue"
RULE = Rule(
    code="ARC708",
    name="storage-outside-client",
    severity="error",
    summary="A page, component, store or composable reads or writes the browser's storage itself.",
    why=(
        "A token that lies in `localStorage` is taken by the first script that gets in, and the words it is stored "
        "under are spelt in several files. One service that stores is one place to look at, and to replace in tests."
    ),
    hint="put it into a service, with a function for each value; tokens belong in cookies that no script can read",
    check=check,
    layers=("frontend",),
    decides=(
        "Found: `localStorage`, `sessionStorage`, `indexedDB` and `document.cookie`, also as members of `window`. Not "
        "reported: a name that the file itself gives a meaning, a question whether it is there (`typeof`), and files "
        "below `api` and `services`."
    ),
    bad=(
        Example(
            "in a page, by a key, and the cookies",
            {
                _PAGE: """\
<script setup lang="ts">
const theme = localStorage.getItem("theme"); // error: ARC708
window["sessionStorage"].clear(); // error: ARC708
document.cookie = "theme=dark"; // error: ARC708
</script>
"""
            },
        ),
        Example(
            "in a store, renamed",
            {
                "frontend/src/stores/session.store.ts": """\
const { localStorage: kept } = { localStorage: globalThis.localStorage }; // error: ARC708

export const token = () => kept.getItem("token");
"""
            },
        ),
    ),
    good=(
        Example(
            "in a service",
            {
                "frontend/src/services/theme.service.ts": """\
export const theme = () => localStorage.getItem("theme");
""",
                _PAGE: """\
<script setup lang="ts">
import { theme } from "../../services/theme.service";

const now = theme(); // localStorage
</script>

<template>
  <p>localStorage</p>
</template>
""",
            },
        ),
        Example(
            "asked whether it is there, and something else of that name",
            {
                _PAGE: """\
<script setup lang="ts">
const canStore = typeof localStorage !== "undefined";
function read(sessionStorage: Map<string, string>) {
  return sessionStorage.get("x");
}
</script>
"""
            },
        ),
    ),
)
