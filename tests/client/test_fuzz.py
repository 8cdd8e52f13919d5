"""Documents that were made up at random: a client that compiles, or an error that names the place; nothing else.

ARCKODE_FUZZ_CLIENTS=2000 tries more of them, with another seed each time (`make soak`).
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings

from arckode_gen.client.document import UnsupportedError
from tests.client.documents import client_of
from tests.client.strategies import documents
from tests.client.tools import compile_errors, node_tools

if TYPE_CHECKING:
    from pathlib import Path


_WANTED = int(os.environ.get("ARCKODE_FUZZ_CLIENTS", "120"))


def test_a_made_up_document_never_gives_code_that_does_not_compile(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_tools())
    tried = 0

    @settings(
        max_examples=_WANTED,
        deadline=None,
        database=None,
        derandomize="ARCKODE_FUZZ_CLIENTS" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents)
    def write_all(made: dict[str, Any]) -> None:
        nonlocal tried
        try:
            files = client_of(made, "zod")
        except UnsupportedError as error:
            assert error.message.startswith("#")
            return
        folder = tmp_path / f"d{tried}"
        tried += 1
        folder.mkdir()
        (folder / "document.json").write_text(json.dumps(made), "utf-8")
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8", newline="\n")

    write_all()
    assert tried > _WANTED // 4
    assert not (said := compile_errors(tmp_path, "7.0")), "\n".join(said[:20])
