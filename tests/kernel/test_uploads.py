"""Forms with files: streamed to the storage, whatever they are called and however they end."""

from __future__ import annotations

import tracemalloc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kernel.access import PUBLIC
from kernel.app import Kernel
from kernel.clock import SystemClock
from kernel.http.routing import ModuleRouter, RouteLimits
from kernel.http.uploads import Parts  # noqa: TC001  FastAPI reads annotations at run time
from kernel.ids import new_id
from kernel.settings import KernelSettings
from kernel.storage import StorageSettings
from kernel.storage_local import LocalStorage
from kernel.testing import client
from tests.kernel.test_http import assert_problem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

    import httpx2

pytestmark = pytest.mark.anyio
LIMIT = 20 * 1024 * 1024


class Files:
    def __init__(self, storage: LocalStorage) -> None:
        self._storage = storage

    async def store(self, parts: Parts) -> list[dict[str, object]]:
        stored: list[dict[str, object]] = []
        async for part in parts:
            if part.filename is None:
                stored.append({"name": part.name, "text": await part.text()})
                continue
            key = f"files/{new_id()}/{part.safe_name}"
            kept = await self._storage.put(key, part.content, content_type=part.content_type, limit=10 * 1024 * 1024)
            stored.append({"name": part.name, "key": kept.key, "size": kept.size, "type": kept.content_type})
        return stored

    async def count(self, parts: Parts) -> list[str]:
        return [part.name async for part in parts]


@asynccontextmanager
async def files(folder: Path) -> AsyncGenerator[httpx2.AsyncClient]:
    storage = LocalStorage(StorageSettings(provider="local", folder=folder / "storage"), SystemClock())
    routes, handler = ModuleRouter("files"), Files(storage)
    routes.post("", handler.store, access=PUBLIC, limits=RouteLimits(body=LIMIT, seconds=60))
    routes.post("/count", handler.count, access=PUBLIC)
    kernel = Kernel(KernelSettings.for_tests(database_url="sqlite://"))
    kernel.add_module("files", service=handler, router=routes.router)
    async with client(kernel) as http:
        yield http


def form(*parts: tuple[bytes, bytes], boundary: bytes = b"edge", end: bytes = b"--") -> bytes:
    whole = b"".join(b"--" + boundary + b"\r\n" + head + b"\r\n\r\n" + body + b"\r\n" for head, body in parts)
    return whole + b"--" + boundary + end + b"\r\n"


HEADERS = {"content-type": "multipart/form-data; boundary=edge"}
FIELD = (b'Content-Disposition: form-data; name="title"', "caf\u00e9".encode())
FILE = (
    b'Content-Disposition: form-data; name="f"; filename="a.png"\r\nContent-Type: image/png',
    b"\x89PNG\r\n--edg\r\n",
)


def stored(folder: Path) -> list[str]:
    root = folder / "storage/files"
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def everything_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_fields_and_files_arrive_however_the_body_is_cut(size: int, tmp_path: Path) -> None:
    body = form(FIELD, FILE, FIELD)

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    async with files(tmp_path) as http:
        answer = await http.post("/files", content=pieces(), headers=HEADERS)
        title, picture, _ = answer.json()
        assert title == {"name": "title", "text": "caf\u00e9"}
        assert (picture["name"], picture["size"], picture["type"]) == ("f", len(FILE[1]), "image/png")
    assert (tmp_path / "storage/files" / picture["key"]).read_bytes() == FILE[1]


async def test_a_large_file_is_never_whole_in_memory(tmp_path: Path) -> None:
    piece = b"x" * 65536

    async def pieces() -> AsyncIterator[bytes]:
        yield b"--edge\r\n" + FILE[0] + b"\r\n\r\n"
        for _ in range(128):
            yield piece
        yield b"\r\n--edge--\r\n"

    async with files(tmp_path) as http:
        tracemalloc.start()
        answer = await http.post("/files", content=pieces(), headers=HEADERS)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert answer.json()[0]["size"] == 128 * 65536
    assert most < 2 * 1024 * 1024, f"{most} bytes for a file of 8 MB"


NAMES = (
    ("../../etc/passwd", "passwd"),
    ("..\\..\\windows\\win.ini", "win.ini"),
    ("/etc/shadow", "shadow"),
    ("C:\\boot.ini", "boot.ini"),
    (".htaccess", "htaccess"),
    ("..", "file"),
    ("", "file"),
    ("a\x00b.png", "a_b.png"),
    ("a%0d%0aX-Forged: 1.png", "a_0d_0aX-Forged_1.png"),
    ("caf\u00e9 <script>.html", "caf_script_.html"),
    ("x" * 300 + ".png", "x" * 96 + ".png"),
)


@pytest.mark.parametrize(("name", "kept"), NAMES, ids=[repr(row[0][:20]) for row in NAMES])
async def test_no_name_leads_out_of_the_storage(name: str, kept: str, tmp_path: Path) -> None:
    head = b'Content-Disposition: form-data; name="f"; filename="' + name.encode() + b'"'
    async with files(tmp_path) as http:
        answer = await http.post("/files", content=form((head, b"x")), headers=HEADERS)
        assert answer.status_code == 200, answer.text
    assert [path.rpartition("/")[2] for path in stored(tmp_path)] == [kept]
    assert everything_in(tmp_path) == ["storage"]


BROKEN = (
    ("no form", {"content-type": "application/json"}, b"{}", 415),
    ("no boundary", {"content-type": "multipart/form-data"}, form(FIELD), 415),
    ("another boundary", {"content-type": "multipart/form-data; boundary=other"}, form(FIELD), 400),
    ("no end", HEADERS, form(FIELD, end=b""), 400),
    ("cut in a file", HEADERS, form(FILE)[:105], 400),
    ("nothing", HEADERS, b"", 400),
    ("a part without a name", HEADERS, form((b"Content-Disposition: form-data", b"x")), 400),
    ("a part without headers", HEADERS, form((b"X: y", b"x")), 400),
    ("a header without an end", HEADERS, b"--edge\r\nX: " + b"y" * 100_000, 400),
    ("a field that is no text", HEADERS, form((FIELD[0], b"\xff\xfe")), 422),
    ("a field without an end", HEADERS, form((FIELD[0], b"x" * 70_000)), 422),
    ("very many parts", HEADERS, form(*[FIELD] * 101), 400),
)


@pytest.mark.parametrize(("headers", "body", "status"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
async def test_what_is_no_form_is_a_problem_and_nothing_is_kept(
    headers: dict[str, str], body: bytes, status: int, tmp_path: Path
) -> None:
    async with files(tmp_path) as http:
        answer = await http.post("/files", content=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert_problem(answer, status, answer.json()["code"])
    assert stored(tmp_path) == []
    assert list((tmp_path / "storage").rglob("drafts/*")) == []


async def test_a_file_or_a_form_beyond_its_limit_is_413_and_nothing_is_kept(tmp_path: Path) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        yield b"--edge\r\n" + FILE[0] + b"\r\n\r\n"
        for _ in range(count):
            yield b"x" * 1024 * 1024
        yield b"\r\n--edge--\r\n"

    async with files(tmp_path) as http:
        assert_problem(await http.post("/files", content=pieces(11), headers=HEADERS), 413, "too_large")
        too_long = await http.post("/files/count", content=pieces(2), headers=HEADERS)
        assert_problem(too_long, 413, "request_entity_too_large")
    assert stored(tmp_path) == []


async def test_what_the_handler_does_not_read_is_skipped(tmp_path: Path) -> None:
    async with files(tmp_path) as http:
        answer = await http.post("/files/count", content=form(FILE, FIELD, FILE), headers=HEADERS)
        assert answer.json() == ["f", "title", "f"]


async def test_the_description_says_that_there_is_a_form(tmp_path: Path) -> None:
    async with files(tmp_path) as http:
        operation = (await http.get("/openapi.json")).json()["paths"]["/files"]["post"]
        assert list(operation["requestBody"]["content"]) == ["multipart/form-data"]
