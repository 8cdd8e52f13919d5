"""The two modules with pages that the benchmarks of the front end measure on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.generated import arckode, must

if TYPE_CHECKING:
    from pathlib import Path

MODULES = {
    "customers": ("name:str:max=120", "email:email:unique"),
    "orders": (
        "number:str:max=20:unique", "customer:belongs_to=customers", "total:decimal=12.2:min=0",
        "status:enum=draft/paid/sent:default=draft", "note:text:null", "due:date:null", "paid:bool:default=false",
    ),
}  # fmt: skip


def add_pages(root: Path) -> None:
    """Make the modules in a project, each with its pages."""
    for module, fields in MODULES.items():
        must(arckode(root, "make:module", module, *fields))
        must(arckode(root, "make:frontend", module))
