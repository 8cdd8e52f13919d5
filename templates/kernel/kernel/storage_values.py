"""What every storage checks in the same way: keys, content types, sizes and times."""

import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from .errors import NotFoundError, ProgrammingError, TooLargeError, ValidationError

_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}"
_KEY = re.compile(rf"{_PART}(?:/{_PART})*")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(?:; ?[a-z0-9-]+=[A-Za-z0-9_.-]+)*")
_LONGEST_KEY = 700
_LONGEST_LINK = 7 * 24 * 3600  # as long as S3 signs for


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known about a file; `size` is in bytes."""

    key: str
    size: int
    content_type: str


def check_key(key: str) -> str:
    """Answer a key that no storage can mistake for another place. Raises ValidationError."""
    if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key) or ".." in key:
        raise ValidationError("This is not the name of a file.", fields={"key": "is not the name of a file"})
    return key


def check_folder(folder: str) -> str:
    """Answer the folder with a slash after it, or nothing for all. Raises ValidationError."""
    return f"{check_key(folder.removesuffix('/'))}/" if folder else ""


def check_content_type(content_type: str) -> str:
    """Answer a content type that cannot break a header. Raises ValidationError."""
    if not _TYPE.fullmatch(content_type):
        raise ValidationError("This is not a content type.", fields={"content_type": "is not a content type"})
    return content_type


def check_expiry(expires: float) -> float:
    """Answer for how many seconds a link is good. Raises ProgrammingError."""
    if not 0 < expires <= _LONGEST_LINK:
        raise ProgrammingError(f"a link is good for more than 0 and at most {_LONGEST_LINK} seconds, not {expires}")
    return expires


def missing(key: str) -> NotFoundError:
    """Make the error for a file that is not there."""
    return NotFoundError(f"There is no file '{key}'.")


async def within(content: bytes | AsyncIterable[bytes], limit: int | None) -> AsyncIterator[bytes]:
    """Pass pieces on until there are too many bytes. Raises TooLargeError."""
    size = 0
    async for piece in _pieces(content):
        size += len(piece)
        if limit is not None and size > limit:
            raise TooLargeError(f"The file is larger than {limit} bytes.")
        yield piece


async def _pieces(content: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    async for piece in content:
        yield piece
