"""The site that `make site` builds, in a browser: links, errors, pictures, accessibility. ARCKODE_SITE=1 runs it."""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

import pytest

from tests.docs import blocks
from tests.docs.blocks import ROOT
from tests.frontend.tools import chromium, node_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif("ARCKODE_SITE" not in os.environ, reason="ARCKODE_SITE=1 opens every page in a browser")

SCRIPT = Path(__file__).with_name("site.mjs")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name for it
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    subprocess.run(["make", "site"], cwd=ROOT, check=True, capture_output=True)
    handler = functools.partial(_Quiet, directory=str(ROOT / "dist/site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_page_opens_and_everybody_can_use_it(site: str) -> None:
    folder = ROOT / "dist/site"
    folders = (file.parent.relative_to(folder).as_posix() for file in folder.rglob("index.html"))
    pages = [f"/{each}/".replace("/./", "/") for each in folders]
    command = ["node", str(SCRIPT), chromium(), str(node_modules()), site, *sorted(pages)]
    translated = (path for path in blocks.pages() if blocks.original(path) is not None)
    spanish = " ".join(f"/{path.relative_to(ROOT / 'docs').with_suffix('').as_posix()}/" for path in translated)
    environ = {**os.environ, "SPANISH": spanish}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, env=environ)
    assert ran.returncode == 0, ran.stderr
    said = [json.loads(line) for line in ran.stdout.splitlines()]
    problems = [each["problem"] for each in said if "problem" in each]
    assert not problems, "\n".join(problems)
    links = {(each["page"], link) for each in said if "page" in each for link in each["links"] if link.startswith(site)}
    there = {f"{site}/{file.relative_to(folder).as_posix()}" for file in folder.rglob("*") if file.is_file()}
    dead = sorted(
        f"{page}: {link}"
        for page, link in links
        if not {(plain := urldefrag(link).url), f"{plain}index.html", f"{plain}/index.html"} & there
    )
    assert len(links) > 100
    assert not dead, "\n".join(dead)
