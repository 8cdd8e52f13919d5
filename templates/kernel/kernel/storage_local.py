"""Files in a folder of this machine, and the route that shows them to whoever has a link.

A file is written beside its place and moved there when it is whole: a reader never sees half of one, and neither does
the next start after a crash. The content type stands in a file of its own, and one lock for the folder, which other
processes heed too, keeps the two together. A crash between them leaves the new content without a type, never with the
one of another content. A key cannot be below another file's key.
"""

import errno
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Generator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path

import anyio
import anyio.to_thread
from fastapi import APIRouter
from starlette.responses import FileResponse

from .access import PUBLIC
from .app import Kernel
from .clock import Clock
from .errors import ConflictError, UnavailableError
from .http.routing import ModuleRouter
from .signed_links import LinkSigner
from .storage import STORAGE, StorageSettings
from .storage_values import StoredFile, check_content_type, check_expiry, check_folder, check_key, missing, within

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


_PIECE = 64 * 1024
_NO_ROOM_BELOW = frozenset({errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOTEMPTY})
_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/")


def provide_local_storage(kernel: Kernel) -> None:
    """Keep files in a folder when STORAGE__PROVIDER says local."""
    settings = kernel.settings.of(StorageSettings)
    if settings.provider != "local":
        return
    storage = LocalStorage(settings, kernel.clock)
    kernel.provide(STORAGE, storage, router=LinksController(storage).router())
    kernel.add_probe("storage", storage.ping)


class LocalStorage:
    """Implements Storage below one folder, which git ignores."""

    def __init__(self, settings: StorageSettings, clock: Clock) -> None:
        self._root = settings.folder
        self._public_url = settings.public_url.rstrip("/")
        secret = settings.secret.get_secret_value().encode() if settings.secret else secrets.token_bytes(32)
        self.links = LinkSigner(secret, clock)

    async def put(
        self,
        key: str,
        content: bytes | AsyncIterable[bytes],
        *,
        content_type: str = "application/octet-stream",
        limit: int | None = None,
    ) -> StoredFile:
        check_key(key)
        kind = check_content_type(content_type)
        draft = await anyio.to_thread.run_sync(self._new_draft)
        try:
            size = 0
            async with await anyio.open_file(draft, "wb") as file:
                async for piece in within(content, limit):
                    size += await file.write(piece)
                await file.flush()
                await anyio.to_thread.run_sync(os.fsync, file.wrapped.fileno())
            await anyio.to_thread.run_sync(partial(self._settle, draft, key, kind))
        except BaseException:
            _discard(draft)
            raise
        return StoredFile(key, size, kind)

    async def get(self, key: str) -> bytes:
        try:
            return await anyio.Path(self.path(key)).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise missing(key) from None

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        await self.info(key)
        return self._pieces(key)

    async def info(self, key: str) -> StoredFile:
        return await anyio.to_thread.run_sync(self._look, key)

    async def exists(self, key: str) -> bool:
        return await anyio.Path(self.path(key)).is_file()

    async def delete(self, *keys: str) -> None:
        await anyio.to_thread.run_sync(self._remove, [check_key(key) for key in keys])

    async def keys(self, folder: str = "") -> AsyncIterator[str]:
        start = check_folder(folder)
        for key in await anyio.to_thread.run_sync(self._walk, start):
            yield key

    async def url(self, key: str, *, expires: float = 3600) -> str:
        return f"{self._public_url}/storage/{check_key(key)}?{self.links.sign(key, check_expiry(expires))}"

    async def ping(self) -> None:
        """Raise UnavailableError unless the folder can be written to."""
        try:
            _discard(await anyio.to_thread.run_sync(self._new_draft))
        except OSError as error:
            raise UnavailableError(f"the storage folder cannot be written to: {error.strerror}") from error

    def path(self, key: str) -> Path:
        """Answer where a file is, or would be."""
        return self._root / "files" / check_key(key)

    def _type_path(self, key: str) -> Path:
        return self._root / "types" / key

    def _new_draft(self) -> Path:
        drafts = self._root / "drafts"
        if not drafts.is_dir():
            drafts.mkdir(parents=True, exist_ok=True)
            (self._root / ".gitignore").write_text("*\n", encoding="utf-8")
        handle, name = tempfile.mkstemp(dir=drafts)
        os.close(handle)
        return Path(name)

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Wait until no other thread and no other process is at a file and its type."""
        descriptor = os.open(self._root / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
            yield
        finally:
            os.close(descriptor)  # which unlocks

    def _settle(self, draft: Path, key: str, kind: str) -> None:
        place, type_place = self.path(key), self._type_path(key)
        type_draft = self._new_draft()
        type_draft.write_text(kind, encoding="utf-8")
        try:
            with self._alone():
                for target in (place, type_place):
                    target.parent.mkdir(parents=True, exist_ok=True)
                _discard(type_place)
                draft.replace(place)
                type_draft.replace(type_place)
        except OSError as error:
            _discard(type_draft)
            if error.errno in _NO_ROOM_BELOW:
                raise ConflictError("A file cannot be above or below another one.") from error
            raise

    def _remove(self, keys: list[str]) -> None:
        if not self._root.is_dir():
            return
        with self._alone():
            for key in keys:
                _discard(self._type_path(key), self.path(key))
                for top in (self._root / "types", self._root / "files"):
                    _prune(top / key, top)

    def _look(self, key: str) -> StoredFile:
        place = self.path(key)
        if not place.is_file():
            raise missing(key)
        with self._alone():
            try:
                size = place.stat().st_size
            except OSError:
                raise missing(key) from None
            try:
                kind = self._type_path(key).read_text(encoding="utf-8")
            except OSError:
                kind = "application/octet-stream"
        return StoredFile(key, size, kind)

    def _walk(self, start: str) -> list[str]:
        root = self._root / "files"
        below = sorted((root / start).rglob("*")) if start else sorted(root.rglob("*"))
        return [path.relative_to(root).as_posix() for path in below if path.is_file()]

    async def _pieces(self, key: str) -> AsyncIterator[bytes]:
        async with await anyio.open_file(self.path(key), "rb") as file:
            while piece := await file.read(_PIECE):
                yield piece


class LinksController:
    """Shows a file to whoever has a link: the link is the permission."""

    def __init__(self, storage: LocalStorage) -> None:
        self._storage = storage

    def router(self) -> APIRouter:
        routes = ModuleRouter("storage", prefix="/storage")
        routes.get("/{key:path}", self.show, access=PUBLIC)
        return routes.router

    async def show(self, key: str, expires: int, signature: str) -> FileResponse:
        """Show a file; what a browser could run is only offered for download."""
        self._storage.links.check(key, expires, signature)
        file = await self._storage.info(key)
        shown = file.content_type.startswith(_SHOWN)
        name = key.rpartition("/")[2]
        headers = {
            "Cache-Control": "private, no-cache",
            "Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return FileResponse(self._storage.path(key), HTTPStatus.OK, headers, file.content_type)


def _discard(*paths: Path) -> None:
    """Remove files, unless there are none."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except (NotADirectoryError, IsADirectoryError, PermissionError):
            if path.is_file():
                raise


def _prune(place: Path, top: Path) -> None:
    """Remove the folders above a place that hold nothing any more, since each would take the place of a file."""
    for folder in place.parents:
        if folder == top:
            return
        try:
            folder.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return
