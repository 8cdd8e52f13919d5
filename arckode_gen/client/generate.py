"""From an OpenAPI document to the files of a client, in one step."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Literal

from arckode_gen.client import operations, render
from arckode_gen.client.document import Document
from arckode_gen.client.python import render as python

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from arckode_gen.client.document import Node
    from arckode_gen.engine.plan import FileState

Language = Literal["typescript", "python"]


def files(
    document: Node, stubs: Path, language: Language = "typescript", extras: Collection[render.Extra] = ()
) -> dict[str, FileState]:
    """Return the files of a document's client; `stubs` is the folder of shipped stubs, `extras` are TypeScript's.

    Raises:
        UnsupportedError: the document holds what no client can be made from; the message has the JSON pointer.
    """
    # Nothing of what is made here is garbage before the end, and looking for it takes a third of the time.
    was_on = gc.isenabled()
    gc.disable()
    try:
        if language == "python":
            return python.files(operations.read(document, fine=True), stubs / "api_client" / "python")
        return render.files(operations.read(document), stubs / "api_client" / "tree", Document(document), extras)
    finally:
        if was_on:
            gc.enable()
