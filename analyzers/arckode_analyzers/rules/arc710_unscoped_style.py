"""ARC710: a style that reaches other components."""

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
    """Report the style of a component that is everybody's."""
    for mark in marks(source, "style"):
        yield spot(source, mark, "this style reaches every component", "style")


_PAGE = "frontend/src/pages/home/HomePage.vue"
RULE = Rule(
    code="ARC710",
    name="unscoped-style",
    severity="warning",
    summary="The style of a component reaches every other component.",
    why=(
        "Which of two such styles wins depends on the order in which pages are visited, and nobody dares to remove a "
        "line of one."
    ),
    hint="write `<style scoped>`; what is everybody's belongs in the style sheet that main.ts imports",
    check=check,
    layers=("frontend",),
    decides=(
        "Found: a `<style>` at the top of a component without `scoped` or `module`. Not reported: style sheets that "
        "are files of their own, and `<style>` inside a template."
    ),
    bad=(
        Example(
            "no word, and the word in a comment",
            {
                _PAGE: """\
<template>
  <p>scoped</p>
</template>

<!-- scoped -->
<style> /* error: ARC710 scoped */
p { color: red; }
</style>
"""
            },
        ),
        Example(
            "one of two",
            {
                _PAGE: """\
<style scoped lang="scss">
p { color: red; }
</style>
<style lang="scss"> /* error: ARC710 */
a { color: red; }
</style>
"""
            },
        ),
    ),
    good=(
        Example("scoped", {_PAGE: '<style lang="css" scoped>\np { color: red; }\n</style>\n'}),
        Example(
            "a module, and a text",
            {
                _PAGE: """\
<script setup lang="ts">
const markup = "<style>";
</script>

<template>
  <p>{{ "<style>" }}</p>
</template>

<style module>
.row { color: red; }
</style>
"""
            },
        ),
    ),
)
