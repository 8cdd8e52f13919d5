"""Reports: one module per format, each a function from a report to text. The same findings give the same bytes."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_analyzers.run import Report

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")


def render(name: str, report: Report) -> str:
    """Write a report in one of the formats."""
    module = importlib.import_module(f"{__name__}.{name}")
    return str(module.render(report))
