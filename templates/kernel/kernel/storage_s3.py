"""Files in a bucket of Amazon S3, or of anything that speaks its protocol."""

from collections.abc import AsyncIterable, AsyncIterator, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from .app import Kernel
from .errors import UnavailableError
from .storage import STORAGE, StorageSettings
from .storage_values import StoredFile, check_content_type, check_expiry, check_folder, check_key, missing, within

if TYPE_CHECKING:
    from obstore import GetResult  # these are there for type checkers only
    from obstore.store import S3Config

_PIECE = 64 * 1024
_PARTS_AT_ONCE = 4  # of 5 MiB each, for every upload
logger = structlog.get_logger("storage")


def provide_s3_storage(kernel: Kernel) -> None:
    """Keep files in a bucket when STORAGE__PROVIDER says s3."""
    settings = kernel.settings.of(StorageSettings)
    if settings.provider != "s3":
        return
    storage = S3Storage(settings)
    kernel.provide(STORAGE, storage)
    kernel.add_probe("storage", storage.ping)


class S3Storage:
    """Implements Storage with one bucket. An upload that breaks off leaves nothing behind."""

    def __init__(self, settings: StorageSettings) -> None:
        config: S3Config = {"region": settings.region}
        if settings.endpoint:
            config |= {"endpoint": settings.endpoint, "virtual_hosted_style_request": False}
        if settings.access_key_id:
            config["access_key_id"] = settings.access_key_id
            config["secret_access_key"] = settings.secret_access_key.get_secret_value()
        patience = timedelta(seconds=settings.timeout)
        self._store = S3Store(
            settings.bucket,
            config=config,
            client_options={
                "allow_http": settings.endpoint.startswith("http://"),
                "connect_timeout": patience,
                "read_timeout": patience,
                "timeout": timedelta(hours=1),  # of a whole download
            },
            retry_config={"max_retries": 2, "retry_timeout": patience},
        )

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
        size = 0
        broken: Exception | None = None

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size, broken
            try:
                async for piece in within(content, limit):
                    size += len(piece)
                    yield piece
            except Exception as error:
                broken = error
                raise

        whole = b"".join([piece async for piece in counted()]) if isinstance(content, bytes) else counted()
        try:
            with _answered():
                await obstore.put_async(
                    self._store, key, whole, attributes={"Content-Type": kind}, max_concurrency=_PARTS_AT_ONCE
                )
        except Exception:
            if broken is not None:
                raise broken from None  # a missing file of the caller's is not a missing bucket
            raise
        return StoredFile(key, size, kind)

    async def get(self, key: str) -> bytes:
        check_key(key)
        with _answered(key):
            found = await obstore.get_async(self._store, key)
            return bytes(await found.bytes_async())

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        check_key(key)
        with _answered(key):
            found = await obstore.get_async(self._store, key)
        return _pieces(found)

    async def info(self, key: str) -> StoredFile:
        check_key(key)
        with _answered(key):
            found = await obstore.get_async(self._store, key, options={"head": True})
        return StoredFile(key, found.meta["size"], found.attributes.get("Content-Type", "application/octet-stream"))

    async def exists(self, key: str) -> bool:
        check_key(key)
        with _answered():
            try:
                await obstore.head_async(self._store, key)
            except FileNotFoundError:
                return False
        return True

    async def delete(self, *keys: str) -> None:
        listed = [check_key(key) for key in keys]
        if listed:
            with _answered():
                await obstore.delete_async(self._store, listed)

    async def keys(self, folder: str = "") -> AsyncIterator[str]:
        start = check_folder(folder)
        with _answered():
            async for found in obstore.list(self._store, start or None):
                for each in found:
                    yield each["path"]

    async def url(self, key: str, *, expires: float = 3600) -> str:
        check_key(key)
        with _answered():
            return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=check_expiry(expires)))

    async def ping(self) -> None:
        """Raise UnavailableError unless the bucket answers."""
        with _answered():
            async for _ in obstore.list(self._store, ".ready", chunk_size=1):
                break


async def _pieces(found: "GetResult") -> AsyncIterator[bytes]:
    with _answered():
        async for piece in found.stream(min_chunk_size=_PIECE):
            yield bytes(piece)


@contextmanager
def _answered(key: str | None = None) -> Generator[None]:
    """Call what S3 says by our names; a key that is given may be missing."""
    try:
        yield
    except FileNotFoundError as error:
        if key is not None:
            raise missing(key) from None
        raise _unavailable(error) from error
    except BaseError as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> UnavailableError:
    logger.warning("the storage does not answer", error=f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return UnavailableError("The file storage does not answer.", code="storage_unavailable")
