"""Documents that were made up at random: a client that compiles, or an error that names the place; nothing else.

ARCKODE_FUZZ_CLIENTS=2000 tries more of them, with another seed each time (`make soak`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.client.documents import client_of
from tests.client.strategies import write_made_up
from tests.client.tools import compile_errors, node_tools

if TYPE_CHECKING:
    from pathlib import Path


_WANTED = int(os.environ.get("ARCKODE_FUZZ_CLIENTS", "120"))


def test_a_made_up_document_never_gives_code_that_does_not_compile(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_tools())
    tried = write_made_up(tmp_path, _WANTED, "ARCKODE_FUZZ_CLIENTS", lambda made: client_of(made, "zod", "mock"))
    assert tried > _WANTED // 4
    assert not (said := compile_errors(tmp_path, "7.0")), "\n".join(said[:20])
