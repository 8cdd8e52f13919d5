"""Files that only this user can have written: data of an earlier run, believed when the signature holds.

A checksum tells damage, but anyone can compute one: a repository could bring a cache that says "nothing found", or
bytes that crash `marshal`. The key lies outside every project, so what somebody else wrote is as good as nothing.
This module loads nothing that Python has not loaded already.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
from _contextvars import ContextVar  # `contextvars` is not loaded yet
from time import time_ns

try:  # `hashlib` would load OpenSSL first
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT: ContextVar[dict[tuple[str, str], tuple[tuple[object, ...], dict[str, object]]] | None] = ContextVar(
    "_KEPT", default=None
)
# A cache has many files, all signed with the one key that this process read or made.
_KEYS: dict[str, bytes] = {}
_SIGNATURE = 32
_KEY = 32


def digest(*parts: bytes) -> str:
    """Return one name for some bytes."""
    total = blake2b(digest_size=_SIGNATURE)
    for part in parts:
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()


def load(folder: str, name: str, stamp: str, key: bytes) -> dict[str, object]:
    """Return what was stored; nothing when it is missing, damaged, or of another version or hand.

    A process that stays may keep what it loaded, until the file is another one; nobody may change it then.
    """
    kept = _KEPT.get()
    if kept is None:
        return _loaded(folder, name, stamp, key)
    state, known = _state(f"{folder}/{name}"), kept.get((folder, name))
    if state is None or known is None or known[0] != (*state, stamp, key):
        found = _loaded(folder, name, stamp, key)
        if state is not None:
            kept[folder, name] = ((*state, stamp, key), found)
        return found
    return known[1]


def keep_loaded() -> None:
    """Keep what is loaded from now on in the memory of this process, for this context and those copied from it."""
    if _KEPT.get() is None:
        _KEPT.set({})


def is_kept() -> bool:
    """Tell whether this process stays and keeps what it loaded."""
    return _KEPT.get() is not None


def _loaded(folder: str, name: str, stamp: str, key: bytes) -> dict[str, object]:
    content = _content(f"{folder}/{name}")
    signature, body = content[:_SIGNATURE], content[_SIGNATURE:]
    if not key or not body or signature != _signature(name, stamp, body, key):
        return {}
    loaded = marshal.loads(body)  # noqa: S302  # our own bytes: the signature was compared
    return loaded if isinstance(loaded, dict) else {}


def store(folder: str, name: str, stamp: str, key: bytes, document: Mapping[str, object]) -> None:
    """Replace a file at once; a cache that cannot be written is no reason to fail.

    A folder that is a link leads somewhere the repository chose: nothing is written there.
    """
    if not key or os.path.islink(folder) or os.path.islink(os.path.dirname(folder)):  # noqa: PTH114, PTH120
        return
    body = marshal.dumps(document)  # type: ignore[arg-type]  # plain values, all the way down
    temporary = f"{folder}/{name}.{os.getpid()}.{time_ns()}"
    try:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        if not os.path.lexists(f"{folder}/.gitignore"):
            _write(f"{folder}/.gitignore", b"*\n")
        _write(temporary, _signature(name, stamp, body, key) + body)
        os.replace(temporary, f"{folder}/{name}")  # noqa: PTH105
    except OSError:
        _remove(temporary)


def own_key() -> bytes:
    """Return the secret that signs this user's caches, made at the first use; empty when there is no place for one."""
    folder = own_folder()
    key = _KEYS.get(folder) or _read_key(f"{folder}/key") or _made_key(folder)
    if key:
        _KEYS[folder] = key
    return key


def own_folder() -> str:
    """Return this user's own folder for what arckode keeps outside every project; it may not exist yet."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/.cache")  # noqa: PTH111
    return f"{home}/arckode"


def _signature(name: str, stamp: str, body: bytes, key: bytes) -> bytes:
    """Sign a file together with everything that has to be the same for it to mean the same."""
    place = f"{name} {stamp} {sys.implementation.cache_tag} {marshal.version}\n"
    return blake2b(place.encode() + body, key=key, digest_size=_SIGNATURE).digest()


def _state(file: str) -> tuple[int, int, int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)


def _content(file: str) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116  # a pipe would wait for ever
            return b""
        with open(file, "rb") as stream:  # noqa: PTH123
            return stream.read()
    except OSError:
        return b""


def _write(file: str, content: bytes) -> None:
    with open(file, "xb") as stream:  # noqa: PTH123
        stream.write(content)


def _remove(file: str) -> None:
    try:
        os.unlink(file)  # noqa: PTH108
    except OSError:
        return


def _read_key(file: str) -> bytes:
    key = _content(file)
    return key if len(key) == _KEY else b""


def _made_key(folder: str) -> bytes:
    """Make a key that only the user can read; of two processes that try at once, the first one's counts."""
    temporary = f"{folder}/key.{os.getpid()}.{time_ns()}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(os.urandom(_KEY))
        os.link(temporary, f"{folder}/key")
    except OSError:  # another process was first, or there is no place for a key: reading tells
        _remove(temporary)
        return _read_key(f"{folder}/key")
    _remove(temporary)
    return _read_key(f"{folder}/key")
