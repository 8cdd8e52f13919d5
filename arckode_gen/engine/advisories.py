"""Faults in code that arckode generated once: which template had them, and from which version on it has not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from arckode_gen.errors import CrashError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from arckode_gen.engine.units import Unit

FILE = "advisories.yml"


@dataclass(frozen=True, slots=True)
class Advisory:
    """A fault of one template, mended in its version `fixed_in`."""

    id: str
    template: str
    fixed_in: int
    severity: str
    summary: str

    def concerns(self, unit: Unit) -> bool:
        return unit.kind == self.template and unit.stub_version < self.fixed_in

    def said(self, unit: Unit) -> str:
        """Name the fault, what has it and what to do."""
        made = f"{unit.kind} '{unit.name}' was made by {self.template}@{unit.stub_version}"
        return f"{self.id} ({self.severity}): {made}: {self.summary}; fixed in @{self.fixed_in}: run `arckode upgrade`"


def load(templates: Path) -> tuple[Advisory, ...]:
    """Read the advisories that ship with this version.

    Raises:
        CrashError: the file is wrong.
    """
    from arckode_gen.engine import yaml_text  # to upgrade is to need none of it

    document = yaml_text.parse((templates / FILE).read_text(encoding="utf-8"))
    rows = cast("dict[str, list[dict[str, object]]]", document)["advisories"]
    try:
        return tuple(
            Advisory(
                str(row["id"]),
                str(row["template"]),
                int(str(row["fixed_in"])),
                str(row["severity"]),
                str(row["summary"]),
            )
            for row in rows
        )
    except (KeyError, ValueError) as error:
        raise CrashError(f"{FILE} is damaged: {error!r}") from error


def concerning(advisories: Iterable[Advisory], units: Iterable[Unit]) -> tuple[str, ...]:
    """Return what is to be said about a project's units."""
    known = tuple(advisories)
    return tuple(each.said(unit) for unit in units for each in known if each.concerns(unit))
