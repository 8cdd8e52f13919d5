"""Every storage keeps the same promises. S3 is moto's server, an emulator, unless `--s3-url` names a genuine one."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import Request  # noqa: TC002  the framework reads the annotation
from moto.server import ThreadedMotoServer
from pydantic import ValidationError as SettingsError

from kernel.access import PUBLIC
from kernel.app import Kernel
from kernel.clock import FixedClock, SystemClock
from kernel.errors import (
    ConflictError,
    NotFoundError,
    ProgrammingError,
    TooLargeError,
    UnavailableError,
    ValidationError,
)
from kernel.http.routing import ModuleRouter
from kernel.settings import KernelSettings
from kernel.storage import STORAGE, StorageSettings
from kernel.storage_local import LocalStorage, provide_local_storage
from kernel.storage_memory import MemoryStorage
from kernel.storage_s3 import S3Storage, provide_s3_storage
from kernel.testing import client
from tests.kernel.backends import START

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    from kernel.storage import Storage

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="session")
def s3_settings(request: pytest.FixtureRequest) -> Iterator[StorageSettings]:
    """A bucket: a genuine one that the command line names, or one of an emulator in this process."""
    given = cast("str | None", request.config.getoption("--s3-url"))
    if given:
        parts = urlsplit(given)
        yield _bucket(f"{parts.scheme}://{parts.hostname}:{parts.port}", parts.username, parts.password, parts.path[1:])
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx2.put(f"http://{host}:{port}/shop").raise_for_status()
    yield _bucket(f"http://{host}:{port}", "key", "secret", "shop")
    server.stop()


def _bucket(endpoint: str, key: str | None, secret: str | None, bucket: str) -> StorageSettings:
    said = {"endpoint": endpoint, "access_key_id": key, "secret_access_key": secret, "bucket": bucket}
    return StorageSettings.model_validate({"provider": "s3", **said})


def local_settings(folder: Path, **changes: object) -> StorageSettings:
    return StorageSettings.model_validate({"provider": "local", "folder": folder, "secret": "s" * 32, **changes})


@pytest.fixture(params=["memory", "local", "s3"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Storage]:
    """Every implementation in turn."""
    match request.param:
        case "memory":
            yield MemoryStorage(SystemClock())
        case "local":
            yield LocalStorage(local_settings(tmp_path / "kept"), SystemClock())
        case _:
            yield S3Storage(request.getfixturevalue("s3_settings"))


@pytest.fixture
def folder() -> str:
    """A place of the test's own, since a bucket is shared."""
    return f"test-{secrets.token_hex(6)}"


async def pieces(*found: bytes) -> AsyncIterator[bytes]:
    for each in found:
        await asyncio.sleep(0)
        yield each


async def all_keys(storage: Storage, folder: str) -> list[str]:
    return sorted([key async for key in storage.keys(folder)])


async def whole(storage: Storage, key: str) -> bytes:
    return b"".join([piece async for piece in await storage.stream(key)])


async def test_a_file_comes_back_as_it_was_kept(storage: Storage, folder: str) -> None:
    content = secrets.token_bytes(200_000)
    kept = await storage.put(f"{folder}/a.bin", content, content_type="image/png")
    assert (kept.key, kept.size, kept.content_type) == (f"{folder}/a.bin", 200_000, "image/png")
    assert await storage.info(f"{folder}/a.bin") == kept
    assert await storage.get(f"{folder}/a.bin") == content
    assert await whole(storage, f"{folder}/a.bin") == content
    assert await storage.exists(f"{folder}/a.bin")


async def test_an_empty_file_is_a_file(storage: Storage, folder: str) -> None:
    assert (await storage.put(f"{folder}/a", b"")).size == 0
    assert (await storage.put(f"{folder}/b", pieces())).size == 0
    assert [await storage.get(f"{folder}/{name}") for name in "ab"] == [b"", b""]
    assert (await storage.info(f"{folder}/a")).content_type == "application/octet-stream"


async def test_a_stream_is_kept_whatever_its_pieces(storage: Storage, folder: str) -> None:
    block = secrets.token_bytes(1024 * 1024)
    kept = await storage.put(
        f"{folder}/big", pieces(*[block] * 7, b"", b"end"), content_type="text/plain; charset=utf-8"
    )
    assert kept.size == 7 * 1024 * 1024 + 3
    assert await whole(storage, f"{folder}/big") == block * 7 + b"end"
    assert (await storage.info(f"{folder}/big")).content_type == "text/plain; charset=utf-8"


async def test_another_file_takes_the_place(storage: Storage, folder: str) -> None:
    await storage.put(f"{folder}/a", b"old and long", content_type="text/plain")
    await storage.put(f"{folder}/a", b"new", content_type="text/css")
    assert await storage.get(f"{folder}/a") == b"new"
    assert (await storage.info(f"{folder}/a")).content_type == "text/css"


async def test_a_type_belongs_to_its_content_whoever_comes_last(storage: Storage, folder: str) -> None:
    for _ in range(15):
        await asyncio.gather(
            *(storage.put(f"{folder}/a", f"text/x{n}".encode(), content_type=f"text/x{n}") for n in range(8))
        )
        assert (await storage.info(f"{folder}/a")).content_type == (await storage.get(f"{folder}/a")).decode()


async def test_what_is_not_there_is_named(storage: Storage, folder: str) -> None:
    with pytest.raises(NotFoundError, match=rf"There is no file '{folder}/a'\."):
        await storage.get(f"{folder}/a")
    with pytest.raises(NotFoundError):
        await storage.stream(f"{folder}/a")
    with pytest.raises(NotFoundError):
        await storage.info(f"{folder}/a")
    assert not await storage.exists(f"{folder}/a")
    await storage.put(f"{folder}/a/b", b"x")
    with pytest.raises(NotFoundError):
        await storage.get(f"{folder}/a")
    assert not await storage.exists(f"{folder}/a")


async def test_deleting_removes_exactly_these(storage: Storage, folder: str) -> None:
    for name in "abc":
        await storage.put(f"{folder}/{name}", name.encode())
    await storage.delete(f"{folder}/a", f"{folder}/b", f"{folder}/never")
    await storage.delete()
    assert await all_keys(storage, folder) == [f"{folder}/c"]
    await storage.put(f"{folder}/a", b"again")
    assert (await storage.info(f"{folder}/a")).content_type == "application/octet-stream"


async def test_a_file_may_take_the_place_of_a_folder_that_is_gone(storage: Storage, folder: str) -> None:
    await storage.put(f"{folder}/a/b/c", b"below")
    await storage.put(f"{folder}/a/d", b"beside")
    await storage.delete(f"{folder}/a/b/c")
    await storage.put(f"{folder}/a/b", b"instead")
    await storage.delete(f"{folder}/a/b", f"{folder}/a/d")
    await storage.put(f"{folder}/a", b"at last")
    assert await all_keys(storage, folder) == [f"{folder}/a"]
    assert await storage.get(f"{folder}/a") == b"at last"


async def test_putting_and_deleting_at_once_is_no_error(storage: Storage, folder: str) -> None:
    for _ in range(10):
        await asyncio.gather(
            *(storage.put(f"{folder}/a/b/{name}", b"x") for name in "xyz"),
            *(storage.delete(f"{folder}/a/b/{name}") for name in "xyz"),
        )
    await storage.delete(*(f"{folder}/a/b/{name}" for name in "xyz"))
    assert await all_keys(storage, folder) == []


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
async def test_what_the_stream_itself_raises_is_raised(storage: Storage, folder: str, at_once: bool) -> None:
    async def gone() -> AsyncIterator[bytes]:
        for _ in range(0 if at_once else 7):
            yield b"x" * 1024 * 1024
        raise FileNotFoundError("the scan is gone")

    with pytest.raises(FileNotFoundError, match="the scan is gone"):
        await storage.put(f"{folder}/a", gone())
    assert not await storage.exists(f"{folder}/a")


async def test_keys_are_those_below_a_folder(storage: Storage, folder: str) -> None:
    for name in ("x/a", "x/y/b", "xy/c", "d"):
        await storage.put(f"{folder}/{name}", b"")
    assert await all_keys(storage, folder) == [f"{folder}/{name}" for name in ("d", "x/a", "x/y/b", "xy/c")]
    assert await all_keys(storage, f"{folder}/x") == [f"{folder}/x/a", f"{folder}/x/y/b"]
    assert await all_keys(storage, f"{folder}/x/") == [f"{folder}/x/a", f"{folder}/x/y/b"]
    assert await all_keys(storage, f"{folder}/z") == []
    assert f"{folder}/d" in await all_keys(storage, "")


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_what_is_too_large_leaves_nothing(storage: Storage, folder: str, streamed: bool) -> None:
    await storage.put(f"{folder}/a", b"there before")
    content = pieces(*[b"x" * 600_000] * 20) if streamed else b"x" * 12_000_000
    with pytest.raises(TooLargeError, match=r"The file is larger than 10000000 bytes\.") as refused:
        await storage.put(f"{folder}/a", content, limit=10_000_000)
    assert refused.value.status == 413
    assert await storage.get(f"{folder}/a") == b"there before"
    assert (await storage.put(f"{folder}/b", b"12345", limit=5)).size == 5
    with pytest.raises(TooLargeError):
        await storage.put(f"{folder}/c", pieces(b"123", b"456"), limit=5)
    assert not await storage.exists(f"{folder}/c")


async def test_a_stream_that_breaks_off_leaves_nothing(storage: Storage, folder: str) -> None:
    async def broken() -> AsyncIterator[bytes]:
        for _ in range(7):
            yield b"x" * 1024 * 1024
        raise LookupError("the line is gone")

    await storage.put(f"{folder}/a", b"there before")
    with pytest.raises(LookupError, match="the line is gone"):
        await storage.put(f"{folder}/a", broken())
    with pytest.raises(LookupError, match="the line is gone"):
        await storage.put(f"{folder}/b", broken())
    assert await all_keys(storage, folder) == [f"{folder}/a"]
    assert await storage.get(f"{folder}/a") == b"there before"


async def test_a_reader_sees_one_file_or_the_other(storage: Storage, folder: str) -> None:
    contents = [bytes([number]) * 300_000 for number in range(6)]
    await storage.put(f"{folder}/a", contents[0])
    written = [storage.put(f"{folder}/a", pieces(each[:150_000], each[150_000:])) for each in contents]
    reads = [storage.get(f"{folder}/a") for _ in contents]
    results = await asyncio.gather(*written, *reads)
    assert set(results[len(written) :]) <= set(contents)
    assert await storage.get(f"{folder}/a") in contents


ATTACKS = [
    "",
    "/etc/passwd",
    "../secret",
    "a/../../secret",
    "a/..",
    "..",
    ".",
    ".env",
    "a/.env",
    "a//b",
    "a/",
    "a\\..\\b",
    "a\x00b",
    "a\nb",
    "a b",
    "a%2e%2e/b",
    "ä",
    "a..b",
    "C:evil",
    "~/x",
    "x" * 201,
    "/".join(["x" * 100] * 8),
]


@pytest.mark.parametrize("key", ATTACKS)
async def test_a_key_that_leads_elsewhere_is_refused(storage: Storage, key: str) -> None:
    async def refused(work: object) -> None:
        with pytest.raises(ValidationError) as error:
            await work  # type: ignore[misc]  # each is one of the coroutines below
        assert error.value.fields == {"key": "is not the name of a file"}

    await refused(storage.put(key, b"x"))
    await refused(storage.get(key))
    await refused(storage.stream(key))
    await refused(storage.info(key))
    await refused(storage.exists(key))
    await refused(storage.delete("fine", key))
    await refused(storage.url(key))


@pytest.mark.parametrize("kind", ["", "text", "text/html\r\nX: y", "text/plain; charset=utf-8\n", "a/b/c", "text/ü"])
async def test_a_content_type_that_is_none_is_refused(storage: Storage, kind: str) -> None:
    with pytest.raises(ValidationError) as error:
        await storage.put("a", b"x", content_type=kind)
    assert error.value.fields == {"content_type": "is not a content type"}


async def test_a_link_names_the_file_and_its_end(storage: Storage, folder: str) -> None:
    assert f"{folder}/a.png" in await storage.url(f"{folder}/a.png", expires=60)
    assert await storage.url("a", expires=60) != await storage.url("a", expires=600)
    for expires in (0, -1, 7 * 24 * 3600 + 1, float("inf")):
        with pytest.raises(ProgrammingError, match="a link is good for more than 0 and at most 604800 seconds"):
            await storage.url("a", expires=expires)


async def test_an_s3_link_works_and_a_changed_one_does_not_lead_elsewhere(
    s3_settings: StorageSettings, folder: str
) -> None:
    storage = S3Storage(s3_settings)
    await storage.put(f"{folder}/a", b"hello", content_type="text/plain")
    url = await storage.url(f"{folder}/a", expires=60)
    assert "X-Amz-Expires=60" in url
    async with httpx2.AsyncClient() as http:
        found = await http.get(url)
        assert (found.content, found.headers["content-type"]) == (b"hello", "text/plain")


async def test_an_upload_that_broke_off_costs_nothing(s3_settings: StorageSettings, folder: str) -> None:
    with pytest.raises(TooLargeError):
        await S3Storage(s3_settings).put(f"{folder}/a", pieces(*[b"x" * 1024 * 1024] * 7), limit=6 * 1024 * 1024)
    if s3_settings.access_key_id == "key":  # the emulator asks for no signature
        async with httpx2.AsyncClient() as http:
            listed = (await http.get(f"{s3_settings.endpoint}/{s3_settings.bucket}?uploads")).text
        assert folder not in listed


async def test_an_s3_that_is_away_or_has_no_such_bucket(s3_settings: StorageSettings) -> None:
    away = S3Storage(s3_settings.model_copy(update={"endpoint": "http://127.0.0.1:1", "timeout": 0.2}))
    other = S3Storage(s3_settings.model_copy(update={"bucket": f"none-{secrets.token_hex(6)}"}))
    for storage in (away, other):
        with pytest.raises(UnavailableError) as error:
            await storage.put("a", b"x")
        assert (error.value.status, error.value.code) == (503, "storage_unavailable")
        with pytest.raises(UnavailableError):
            await storage.ping()
    with pytest.raises(UnavailableError):
        await away.get("a")
    with pytest.raises(UnavailableError):
        await all_keys(away, "")
    await S3Storage(s3_settings).ping()


def local(folder: Path, clock: FixedClock | None = None, **changes: object) -> LocalStorage:
    return LocalStorage(local_settings(folder, **changes), clock or FixedClock(START))


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


async def test_local_files_are_kept_out_of_git_and_nothing_is_left_over(tmp_path: Path) -> None:
    storage = local(tmp_path / "kept")
    await storage.put("a/b.txt", b"x", content_type="text/plain")
    with pytest.raises(TooLargeError):
        await storage.put("c", b"xx", limit=1)
    await storage.ping()
    assert files_in(tmp_path / "kept") == [".gitignore", ".lock", "files/a/b.txt", "types/a/b.txt"]
    assert (tmp_path / "kept/.gitignore").read_text() == "*\n"


async def test_local_refuses_a_file_below_a_file(tmp_path: Path) -> None:
    storage = local(tmp_path)
    await storage.put("a", b"x")
    with pytest.raises(ConflictError, match="above or below"):
        await storage.put("a/b", b"x")
    await storage.put("c/d", b"x")
    with pytest.raises(ConflictError, match="above or below"):
        await storage.put("c", b"x")
    with pytest.raises(NotFoundError):
        await storage.get("c")
    await storage.delete("c")
    assert await all_keys(storage, "") == ["a", "c/d"]
    assert files_in(tmp_path / "drafts") == []


async def test_a_crash_between_content_and_type_leaves_no_type_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = local(tmp_path)
    await storage.put("a", b"\x89PNG", content_type="image/png")
    replace = Path.replace

    def crash(made: Path, target: Path) -> Path:
        if "types" in target.parts:
            raise OSError("the power is gone")
        return replace(made, target)

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(OSError, match="the power is gone"):
        await storage.put("a", b"<script>", content_type="text/html")
    assert await storage.get("a") == b"<script>"
    assert (await storage.info("a")).content_type == "application/octet-stream"


async def test_a_local_upload_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    started = asyncio.Event()

    async def never() -> AsyncIterator[bytes]:
        yield b"x"
        started.set()
        await asyncio.sleep(3600)

    storage = local(tmp_path)
    upload = asyncio.create_task(storage.put("a", never()))
    await started.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert not await storage.exists("a")
    assert files_in(tmp_path / "drafts") == []


async def test_a_folder_that_cannot_be_written_is_no_storage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="the storage folder cannot be written to: "):
        await local(tmp_path / "file").ping()


class Settings(KernelSettings):
    storage: StorageSettings = StorageSettings()


def application(settings: StorageSettings, clock: FixedClock | None = None) -> Kernel:
    made = Kernel(Settings.for_tests(database_url="sqlite://", storage=settings), clock=clock)
    provide_local_storage(made)
    provide_s3_storage(made)
    return made


async def test_a_local_link_shows_the_file_until_it_ends(tmp_path: Path) -> None:
    clock = FixedClock(START)
    kernel = application(local_settings(tmp_path), clock)
    storage = kernel.adapter(STORAGE)
    await storage.put("pets/cat.png", b"0123456789", content_type="image/png")
    await storage.put("page.html", b"<script>alert(1)</script>", content_type="text/html")
    async with client(kernel) as http:
        url = await storage.url("pets/cat.png", expires=60)
        found = await http.get(url)
        assert (found.status_code, found.content, found.headers["content-type"]) == (200, b"0123456789", "image/png")
        assert found.headers["content-disposition"] == 'inline; filename="cat.png"'
        part = await http.get(url, headers={"range": "bytes=2-4"})
        assert (part.status_code, part.content) == (206, b"234")
        page = await http.get(await storage.url("page.html"))
        assert page.headers["content-disposition"] == 'attachment; filename="page.html"'
        assert page.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert page.headers["x-content-type-options"] == "nosniff"

        stolen = url.replace("pets/cat.png", "page.html")
        longer = url.replace("expires=", "expires=9")
        for wrong in (stolen, longer, url[:-1] + ("0" if url[-1] != "0" else "1")):
            refused = await http.get(wrong)
            assert (refused.status_code, refused.json()["code"]) == (403, "link_invalid")
        assert (await http.get("/storage/pets/cat.png")).status_code == 422
        gone = await http.get(await storage.url("pets/dog.png"))
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
        clock.advance(timedelta(seconds=60))
        assert (await http.get(url)).status_code == 200
        clock.advance(timedelta(seconds=1))
        over = await http.get(url)
        assert (over.status_code, over.json()["code"]) == (403, "link_expired")


class Uploads:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def store(self, request: Request) -> int:
        kind = request.headers.get("content-type", "")
        return (await self._storage.put("upload", request.stream(), content_type=kind, limit=300_000)).size


@pytest.mark.parametrize("where", ["local", "s3"])
async def test_an_upload_goes_through_as_a_stream(where: str, tmp_path: Path, s3_settings: StorageSettings) -> None:
    kernel = application(local_settings(tmp_path) if where == "local" else s3_settings)
    storage = kernel.adapter(STORAGE)
    routes = ModuleRouter("uploads")
    routes.post("", Uploads(storage).store, access=PUBLIC, status=201)
    kernel.add_module("uploads", service=Uploads(storage), router=routes.router)
    async with client(kernel) as http:
        headers = {"content-type": "image/png"}
        kept = await http.post("/uploads", content=pieces(*[b"x" * 1000] * 300), headers=headers)
        assert (kept.status_code, kept.json()) == (201, 300_000)
        assert (await storage.info("upload")).content_type == "image/png"
        refused = await http.post("/uploads", content=pieces(*[b"y" * 1000] * 301), headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
        wrong = await http.post("/uploads", content=b"x", headers={"content-type": "image"})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/contentType")
        assert await storage.get("upload") == b"x" * 300_000


async def test_processes_with_one_secret_know_each_others_links(tmp_path: Path) -> None:
    one, two = local(tmp_path), local(tmp_path, public_url="https://shop.example/")
    other = local(tmp_path, secret="t" * 32)
    url = await one.url("a")
    assert await two.url("a") == f"https://shop.example{url}"
    assert await other.url("a") != url
    assert await LocalStorage(StorageSettings(provider="local", folder=tmp_path), FixedClock(START)).url("a") != url


async def test_the_settings_choose(tmp_path: Path, s3_settings: StorageSettings) -> None:
    assert isinstance(application(StorageSettings()).adapter(STORAGE), MemoryStorage)
    assert isinstance(application(local_settings(tmp_path)).adapter(STORAGE), LocalStorage)
    kernel = application(s3_settings)
    assert isinstance(kernel.adapter(STORAGE), S3Storage)
    async with client(kernel) as http:
        assert (await http.get("/health/ready")).json()["checks"]["storage"]["status"] == "ok"
        assert (await http.get("/storage/a?expires=1&signature=x")).status_code == 404


async def test_without_its_storage_the_application_is_not_ready(s3_settings: StorageSettings) -> None:
    gone = s3_settings.model_copy(update={"endpoint": "http://127.0.0.1:1", "timeout": 0.2})
    async with client(application(gone)) as http:
        answer = await http.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    assert answer.json()["checks"]["storage"]["error"] in {"UnavailableError", "TimeoutError"}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"provider": "s4"}, "Input should be 'memory', 'local' or 's3'"),
        ({"provider": "s3"}, "s3 needs a BUCKET"),
        ({"access_key_id": "only"}, "ACCESS_KEY_ID and SECRET_ACCESS_KEY go together"),
        ({"secret": "changeme"}, "the secret of the links needs at least 32 characters"),
        ({"buckit": "shop"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(said: dict[str, object], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        StorageSettings.model_validate(said)
