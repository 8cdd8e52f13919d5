"""What earlier runs learned, believed only when its checksum holds: a damaged or foreign file is as good as none.

Facts are kept per content, so that a moved or touched file costs nothing; the verdict is kept for the whole tree.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from arckode_analyzers.facts.records import VERSION

Packed: TypeAlias = tuple[tuple[tuple[object, ...], ...], ...]
_DIGEST = 32


def digest(*parts: bytes) -> str:
    """Return one name for some bytes."""
    total = hashlib.blake2b(digest_size=_DIGEST)
    for part in parts:
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder for one configuration; it ignores itself in git."""

    folder: Path
    configuration: str = ""

    @property
    def _stamp(self) -> bytes:
        python = f"{sys.implementation.cache_tag}-{marshal.version}"
        return f"arckode facts {VERSION} {python} {self.configuration}\n".encode()

    def facts(self) -> dict[str, Packed]:
        """Return what is known, by content digest; empty when the file is missing, foreign or damaged."""
        body = self._checked("facts.bin")
        if body is None:
            return {}
        try:
            loaded = marshal.loads(body)  # noqa: S302  # our own bytes: stamp and checksum were compared
        except (ValueError, EOFError, TypeError):
            return {}
        return loaded if isinstance(loaded, dict) else {}

    def keep_facts(self, facts: dict[str, Packed]) -> None:
        self._write("facts.bin", marshal.dumps(facts))

    def verdict(self, key: str) -> bytes | None:
        """Return what was decided about exactly this tree, or None."""
        body = self._checked("verdict.json")
        if body is None or not body.startswith(key.encode() + b"\n"):
            return None
        return body[len(key) + 1 :]

    def keep_verdict(self, key: str, verdict: bytes) -> None:
        self._write("verdict.json", key.encode() + b"\n" + verdict)

    def _checked(self, name: str) -> bytes | None:
        try:
            content = (self.folder / name).read_bytes()
        except OSError:
            return None
        stamp = self._stamp
        checksum, body = content[len(stamp) : len(stamp) + _DIGEST], content[len(stamp) + _DIGEST :]
        if not content.startswith(stamp) or checksum != hashlib.blake2b(body, digest_size=_DIGEST).digest():
            return None
        return body

    def _write(self, name: str, body: bytes) -> None:
        """Replace a file at once; a cache that cannot be written is no reason to fail."""
        content = self._stamp + hashlib.blake2b(body, digest_size=_DIGEST).digest() + body
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            ignore = self.folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=name)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).replace(self.folder / name)
