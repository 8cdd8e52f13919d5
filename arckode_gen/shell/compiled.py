"""Compiled templates beside their stub, in `__pycache__`, as Python keeps compiled modules: compiling takes longer than
everything else that a generator does.

What cannot be read whole is compiled anew, and what cannot be written is not missed. Python's own switches hold:
`PYTHONDONTWRITEBYTECODE` and `PYTHONPYCACHEPREFIX`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import sys
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from arckode_gen import __version__

if TYPE_CHECKING:
    from types import CodeType

MOST = 500


class CompiledTemplates:
    """The compiled templates of one stub, by their source."""

    def __init__(self, folder: Path) -> None:
        self._file = Path(importlib.util.cache_from_source(str(folder / "tree.py"))).with_suffix(".jinja")
        self._new: dict[str, CodeType] = {}

    @cached_property
    def _known(self) -> dict[str, CodeType]:
        return _read(self._file)

    def get(self, source: str) -> CodeType | None:
        return self._new.get(source) or self._known.get(source)

    def put(self, source: str, code: CodeType) -> None:
        self._new[source] = code

    def save(self) -> None:
        """Keep what was compiled for the next run."""
        if not self._new or sys.dont_write_bytecode:
            return
        kept = {**self._known, **self._new} if len(self._known) + len(self._new) <= MOST else self._new
        payload = marshal.dumps(kept)
        draft = self._file.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(_stamp() + hashlib.sha256(payload).digest() + payload)
            draft.replace(self._file)


def _stamp() -> bytes:
    """Return what must be the same for compiled code to be of use."""
    import jinja2  # only what renders asks for compiled templates

    return f"1 {__version__} {jinja2.__version__} {sys.version}\n".encode()


def _read(file: Path) -> dict[str, CodeType]:
    """Nothing unverified is unmarshalled: damaged bytes could crash the interpreter."""
    try:
        content = file.read_bytes()
    except OSError:
        return {}
    stamp = _stamp()
    start = len(stamp) + hashlib.sha256().digest_size
    payload = content[start:]
    if not content.startswith(stamp) or hashlib.sha256(payload).digest() != content[len(stamp) : start]:
        return {}
    return cast("dict[str, CodeType]", marshal.loads(payload))  # noqa: S302  verified above, and written by ourselves
