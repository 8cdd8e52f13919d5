"""Files in this process: for tests and for a first try."""

from collections.abc import AsyncIterable, AsyncIterator
from math import ceil

from .clock import Clock
from .storage_values import StoredFile, check_content_type, check_expiry, check_folder, check_key, missing, within


class MemoryStorage:
    """Implements Storage with a dictionary. Its links name the file and lead nowhere."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._files: dict[str, tuple[bytes, str]] = {}

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
        whole = b"".join([bytes(piece) async for piece in within(content, limit)])
        self._files[key] = (whole, kind)
        return StoredFile(key, len(whole), kind)

    async def get(self, key: str) -> bytes:
        return self._find(key)[0]

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        return within(self._find(key)[0], None)

    async def info(self, key: str) -> StoredFile:
        content, kind = self._find(key)
        return StoredFile(key, len(content), kind)

    async def exists(self, key: str) -> bool:
        return check_key(key) in self._files

    async def delete(self, *keys: str) -> None:
        for key in keys:
            self._files.pop(check_key(key), None)

    async def keys(self, folder: str = "") -> AsyncIterator[str]:
        start = check_folder(folder)
        for key in [key for key in self._files if key.startswith(start)]:
            yield key

    async def url(self, key: str, *, expires: float = 3600) -> str:
        until = ceil(self._clock.now().timestamp() + check_expiry(expires))
        return f"memory:///{check_key(key)}?expires={until}"

    def _find(self, key: str) -> tuple[bytes, str]:
        found = self._files.get(check_key(key))
        if found is None:
            raise missing(key)
        return found
