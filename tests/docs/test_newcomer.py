"""Who knows the first page of the documentation, and nothing else, has a project that runs."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.docs import blocks, session

if TYPE_CHECKING:
    from pathlib import Path

FIRST = blocks.ROOT / "docs/README.md"


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def answer(address: str, seconds: float) -> str:
    """Return what is at an address, as soon as something is."""
    until = time.monotonic() + seconds
    while True:
        try:
            with urlopen(address, timeout=10) as page:
                return str(page.read().decode())
        except URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


@pytest.mark.generates
def test_the_first_page_leads_to_a_running_project(tmp_path: Path) -> None:
    port = free_port()
    told = [block.text.replace("8000", port) for block in blocks.read(FIRST) if block.language == "sh"]
    found = re.search(r"<(http://127\.0\.0\.1:8000)(/\S+)>", FIRST.read_text(encoding="utf-8"))
    assert found is not None
    with (tmp_path / "log").open("wb") as log:
        typed = "set -e\n" + "".join(told[:-1]) + f"exec {told[-1]}"
        reader = subprocess.Popen(
            ["bash", "-c", typed], cwd=tmp_path, env=session.environment(tmp_path), stdout=log, stderr=log
        )
        try:
            assert "swagger" in answer(f"http://127.0.0.1:{port}{found[2]}", 120)
            assert '"total":3' in answer(f"http://127.0.0.1:{port}/orders", 5).replace(" ", "")
        finally:
            reader.terminate()
            reader.wait(30)
