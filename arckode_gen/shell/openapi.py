"""Asks a project for its OpenAPI document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen.shell.process import run_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ENTRY = Path(__file__).with_name("openapi_entry.py")


def read_document(
    root: Path, package: str, python: Path, environ: Mapping[str, str], say: Callable[[str], None]
) -> Mapping[str, object]:
    """Return the document of the project as its code is now; no server is started and no database opened.

    Raises:
        OperationError: the project cannot be imported; the message names the file and the line.
    """
    request = {"root": str(root), "src": str(root / "src"), "package": package}
    return run_entry(python, _ENTRY, request, lambda _kind, text: say(text), root=root, environ=environ)
