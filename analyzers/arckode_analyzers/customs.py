"""Rules about layers that a code base does not have: where most files break one, it is not the custom there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.project import Project

_LAYERED = {
    "ARC101": ("controllers", "use the ORM themselves"),
    "ARC102": ("services", "take the ORM or a session"),
    "ARC107": ("schemas", "import database models"),
    "ARC502": ("controllers", "decide something"),
}
_ENOUGH = 4


class Unusual(NamedTuple):
    """A rule to leave out, and why."""

    code: str
    why: str


def unusual(project: Project) -> Iterator[Unusual]:
    """Yield the rules about a layer that half of the layer's files break: there it is no slip, but how it is done.

    That services take sessions is the custom, too, where there are few repositories to take instead.
    """
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.registry import all_rules

    analysis = Analysis(project)
    below = 2 * len(list(project.of_layers(("repositories",))))
    for rule in all_rules():
        layer, what = _LAYERED.get(rule.code, ("", ""))
        files = list(project.of_layers((layer,))) if layer else []
        breaking = sum(any(rule.check(analysis, source)) for source in files)
        without = rule.code == "ARC102" and breaking > below
        if len(files) >= _ENOUGH and (breaking * 2 >= len(files) or without):
            why = f"{breaking} of {len(files)} {layer} {what}"
            yield Unusual(rule.code, why)
            if rule.code == "ARC102":
                yield Unusual("ARC111", why)  # SQL of theirs has no repository to go to, either
