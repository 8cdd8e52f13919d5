"""Every Python file, SQL migration and file of a front end below a folder, and what its root says of the environment.

Each comes with what tells whether it changed. Nothing is loaded beside what Python itself needs.

The time of the last change of state is part of that: no tool sets it back, so a checkout that restores old dates is
noticed.
"""

from __future__ import annotations

import os
from stat import S_IFREG as _REGULAR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env"})
# A file changed twice within one tick of the clock looks the same: what is younger than this may change unseen.
SETTLED = 2_000_000_000
ENVIRONMENT = "pyvenv.cfg"
_KIND = 0o170000
_NO_PART = (".d.ts", *(f".{kind}.{end}" for kind in ("test", "spec") for end in ("ts", "tsx")))


def walk(root: str, gaps: list[str]) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    """Yield path, time of change, size, inode and time of state; folders that cannot be read go to `gaps`."""
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(f"{root}/{folder}") as listing:
                entries = list(listing)
        except FileNotFoundError:
            continue
        except OSError as error:
            gaps.append(f"{_printable(folder) or '.'}: it cannot be read: {error.strerror}")
            continue
        if folder and any([entry.name == ENVIRONMENT for entry in entries]):  # noqa: C419  # it runs for every file
            continue
        prefix = f"{folder}/" if folder else ""
        is_ascii = prefix.isascii()
        for entry in entries:
            name = entry.name
            if is_read(name, is_in_root=not folder):
                state = _state(entry)
                if state is not None and is_ascii and name.isascii():
                    yield prefix + name, state
                    continue
                if state is not None:
                    yield from _named(prefix + name, state, gaps)
                    continue
            if not is_skipped(name) and entry.is_dir(follow_symlinks=False):
                pending.append(prefix + name)


def is_read(name: str, *, is_in_root: bool) -> bool:
    """Tell whether a file called so is one that counts."""
    return name.endswith(".py") or is_sql_migration(name) or is_front(name) or (is_in_root and is_environment(name))


def is_sql_migration(name: str) -> bool:
    """Tell whether a file is called as a migration written in SQL is: 202611220001_create_orders.sql."""
    return name.endswith(".sql") and name[:4].isdigit()


def is_front(name: str) -> bool:
    """Tell whether a file is one that a front end is written in, and neither declarations nor tests alone."""
    return name.endswith((".vue", ".ts", ".tsx")) and not name.endswith(_NO_PART)


def is_environment(path: str) -> bool:
    """Tell whether a file of the root says what the program's variables are: `.env` and the like, and compose files."""
    if "/" in path:
        return False
    if path.startswith(".env"):
        return path == ".env" or path.startswith(".env.")
    return path.endswith((".yaml", ".yml")) and path.startswith(("compose.", "docker-compose."))


def is_skipped(name: str) -> bool:
    """Tell whether a folder's files are nobody's business."""
    return name.startswith(".") or name in SKIPPED


def _state(entry: os.DirEntry[str]) -> tuple[int, int, int, int] | None:
    """Return None for what is no file: a folder, a pipe, a link that leads nowhere or in a circle."""
    try:
        found = entry.stat()
    except OSError:
        return None
    if found.st_mode & _KIND != _REGULAR:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)


def _named(
    path: str, state: tuple[int, int, int, int], gaps: list[str]
) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    if any("\ud800" <= letter <= "\udfff" for letter in path):
        gaps.append(f"{_printable(path)}: its name is not UTF-8")
    else:
        yield path, state


def _printable(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
