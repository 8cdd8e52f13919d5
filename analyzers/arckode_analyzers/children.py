"""One piece of work in several processes: this one forks, does a part itself, and takes what the others found."""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import sys
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST = 8
# Where no system says how much memory there is, as much as anybody could need.
_UNKNOWN = 1 << 60
_Part = TypeVar("_Part")
_Found = TypeVar("_Found")


def processes() -> int:
    """Return how many processes may share a piece of work: one where a fork is not safe, or memory is short.

    A child holds nearly as much as this process in the end: reading an object already writes to its memory.
    """
    if not hasattr(os, "fork") or sys.platform == "darwin" or _has_threads():
        return 1
    return min(_processors(), _MOST, 1 + _available() // _held())


def done(work: Callable[[_Part], _Found], parts: Sequence[_Part]) -> list[_Found]:
    """Do the first part here and each other one in a child; return what was found, part by part.

    What is found must be plain values: they come through a pipe. What a child does not answer, because it failed or was
    killed, is done here, so that nothing is left out and whatever is wrong is raised here.
    """
    children: list[_Child[_Part, _Found]] = []
    try:
        children += (_Child(work, part) for part in parts[1:])
        return [work(parts[0]), *(child.answer() for child in children)]
    finally:
        for child in children:
            child.end()


def _has_threads() -> bool:
    threading = sys.modules.get("threading")  # nobody started one without it
    return threading is not None and threading.active_count() > 1


def _processors() -> int:
    """Return how many processors this process may use, which a container may make fewer than there are."""
    allowed = getattr(os, "sched_getaffinity", None)
    return (os.cpu_count() or 1) if allowed is None else len(allowed(0))


def _held() -> int:
    """Return the bytes of memory that this process holds."""
    words = _read("/proc/self/statm").split()
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") if len(words) > 1 else 1


def _available() -> int:
    """Return the bytes of memory that are left: of the machine, or of what a container was given."""
    left = [int(line.split()[1]) * 1024 for line in _read("/proc/meminfo").splitlines() if "MemAvailable:" in line]
    most, used = (_read(f"/sys/fs/cgroup/memory.{name}").strip() for name in ("max", "current"))
    if most.isdigit() and used.isdigit():
        # Files that were read count as used until somebody needs the room.
        kept = [line.split()[1] for line in _read("/sys/fs/cgroup/memory.stat").splitlines() if "inactive_file" in line]
        left.append(max(0, int(most) - int(used) + sum(map(int, kept[:1]))))
    return min(left, default=_UNKNOWN)


def _read(file: str) -> str:
    try:
        with open(file, encoding="ascii") as stream:  # noqa: PTH123  # nothing else here needs `pathlib`
            return stream.read()
    except OSError:
        return ""


class _Child(Generic[_Part, _Found]):
    """A process that does one part and sends what it found through a pipe."""

    def __init__(self, work: Callable[[_Part], _Found], part: _Part) -> None:
        self._work, self._part = work, part
        self._receiver, sender = os.pipe()
        try:
            self._pid = os.fork()
        except OSError:  # no more processes, or no memory for one
            os.close(sender)
            self._pid = -1
            return
        if self._pid:
            os.close(sender)
            return
        status = 1
        try:
            os.close(self._receiver)
            with os.fdopen(sender, "wb") as stream:
                marshal.dump(work(part), stream)  # type: ignore[arg-type]  # plain values, as promised
            status = 0
        finally:
            os._exit(status)

    def answer(self) -> _Found:
        """Return what the child found; when it does not say, find it here."""
        if self._pid > 0:
            with os.fdopen(self._receiver, "rb", closefd=False) as stream:
                sent = stream.read()
            _, status = os.waitpid(self._pid, 0)
            self._pid = -1
            if not status:
                return cast("_Found", marshal.loads(sent))  # noqa: S302  # what our own child sent
        return self._work(self._part)

    def end(self) -> None:
        """Close the pipe, and end a child that nobody asked: something else went wrong."""
        with contextlib.suppress(OSError):
            os.close(self._receiver)
        if self._pid > 0:
            with contextlib.suppress(OSError):
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
