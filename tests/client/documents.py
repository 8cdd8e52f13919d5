"""Clients of documents that are made up here: generated without the command line, written where a test wants them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen import resources
from arckode_gen.client import document, generate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.client.render import Extra

CONSTRUCTS = sorted((Path(__file__).parent / "constructs").glob("*.yml"))


def client_of(made: Mapping[str, object], *extras: Extra) -> dict[str, str]:
    """Return the files of a document's client."""
    files = generate.files(document.checked(made, "the test"), resources.folder("stubs"), extras=extras)
    return {name: state.text for name, state in files.items()}


def write(made: Mapping[str, object], folder: Path, *extras: Extra) -> dict[str, str]:
    """Write a document's client into a folder."""
    files = client_of(made, *extras)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    return files
