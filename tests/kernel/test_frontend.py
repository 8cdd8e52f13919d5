"""The front end and the API at one address."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kernel.http.frontend import serve_frontend
from kernel.testing import client, fresh_database
from tests.kernel.orders_api import compose

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    import httpx2

pytestmark = pytest.mark.anyio

PAGE = {"accept": "text/html,*/*"}


@asynccontextmanager
async def served(folder: Path) -> AsyncGenerator[httpx2.AsyncClient]:
    async with fresh_database() as database:
        kernel = compose(database)
        serve_frontend(kernel, folder)
        async with client(kernel) as http:
            yield http


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>the page</title>")
    (folder / "assets" / "a.js").write_text("let a;")
    (tmp_path / "secret").write_text("classified")
    return folder


async def test_the_api_is_below_its_prefix_and_where_it_was(bundle: Path) -> None:
    async with served(bundle) as http:
        for address in ("/api/articles", "/articles"):
            assert (await http.get(address)).json()["total"] == 0
        made = await http.post("/api/articles", json={"code": "a"})
        assert made.status_code == 201
        refused = await http.post("/api/articles", json={})
        assert (refused.status_code, refused.json()["instance"]) == (422, "/api/articles")
        assert (await http.get("/health/ready", headers=PAGE)).json()["status"] == "ready"


async def test_a_browser_gets_the_page_at_every_address_and_files_by_their_name(bundle: Path) -> None:
    async with served(bundle) as http:
        for address in ("/", "/articles", "/articles/new"):
            page = await http.get(address, headers=PAGE)
            assert (page.text, page.headers["cache-control"]) == ("<title>the page</title>", "no-cache")
        script = await http.get("/assets/a.js")
        assert (script.text, script.headers["cache-control"]) == ("let a;", "public, max-age=31536000, immutable")
        assert (await http.get("/assets/b.js")).status_code == 404
        assert (await http.get("/api/nothing", headers=PAGE)).json()["status"] == 404


async def test_no_file_outside_of_the_bundle_is_served(bundle: Path) -> None:
    async with served(bundle) as http:
        for address in ("/../secret", "/%2e%2e/secret", "/..%2fsecret", "//etc/passwd"):
            answer = await http.get(address)
            assert (answer.status_code, "classified" in answer.text) == (404, False)


async def test_without_a_bundle_only_the_prefix_is_understood(tmp_path: Path) -> None:
    async with served(tmp_path / "none") as http:
        assert (await http.get("/articles", headers=PAGE)).json()["total"] == 0
        assert (await http.get("/api/articles")).json()["total"] == 0
        assert (await http.get("/", headers=PAGE)).status_code == 404
