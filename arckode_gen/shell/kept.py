"""What takes long to work out, kept beside its source in `__pycache__`, as Python keeps compiled modules.

What cannot be read whole is worked out anew, and what cannot be written is not missed. Python's own switches hold:
`PYTHONDONTWRITEBYTECODE` and `PYTHONPYCACHEPREFIX`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import cast

from arckode_gen import __version__


def beside(source: Path, suffix: str) -> Path:
    """Name the file that keeps what came of a source."""
    return Path(importlib.util.cache_from_source(str(source.with_suffix(".py")))).with_suffix(suffix)


def load(file: Path, stamp: str) -> object:
    """Return what was kept under the same stamp, by the same arckode and Python, or None.

    Nothing unverified is unmarshalled: damaged bytes could crash the interpreter.
    """
    try:
        content = file.read_bytes()
    except OSError:
        return None
    head = _head(stamp)
    start = len(head) + hashlib.sha256().digest_size
    payload = content[start:]
    if not content.startswith(head) or hashlib.sha256(payload).digest() != content[len(head) : start]:
        return None
    return cast("object", marshal.loads(payload))  # noqa: S302  verified above, and written by ourselves


def save(file: Path, stamp: str, value: object) -> None:
    """Keep plain values and code for the next run."""
    if sys.dont_write_bytecode:
        return
    draft = file.with_suffix(f".{os.getpid()}")
    with suppress(OSError, ValueError):  # a date, which YAML knows, cannot be kept
        payload = marshal.dumps(value)  # type: ignore[arg-type]  # it says itself what it cannot take
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(_head(stamp) + hashlib.sha256(payload).digest() + payload)
        draft.replace(file)


def _head(stamp: str) -> bytes:
    return f"1 {__version__} {stamp} {sys.version}\n".encode()
