"""The last answer to the same question: what `analyze` said, while nothing that it depends on has changed.

A question is the command's words, the day, this analyzer, the settings and the state of every Python file. It is asked
before anything is read, so an answer about files that changed meanwhile is never found again.
This module loads nothing that Python has not loaded already: an unchanged tree costs a look at every file and no more.
"""

from __future__ import annotations

import marshal
import os
from time import gmtime, strftime, time_ns

from arckode_analyzers import long_outputs, signed
from arckode_analyzers.walk import SETTLED, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FOLDER = ".arckode/cache"
_ALONE = frozenset({"--strict", "--json", "--statistics"})
_VALUED = frozenset({"--format", "--select", "--ignore", "--per-path", "--baseline"})
_SETTINGS = ("pyproject.toml", ".arckode/project.json", "src", "src/__init__.py")
_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  # `pathlib` costs more than all of this


def question(words: Sequence[str], cwd: str) -> str:
    """Name a run of `analyze` by everything its answer depends on; empty when that cannot be said."""
    if not words or words[0] != "analyze" or not all(map(_is_plain, words)):
        return ""
    root = _root(cwd)
    gaps: list[str] = []
    states = list(walk(root, gaps))
    named = [os.path.join(cwd, word.partition("=")[2] or word) for word in words[1:]]  # noqa: PTH118
    looked_at = [_state(file) for file in (*(f"{root}/{name}" for name in _SETTINGS), *named)]
    newest = max((max(state[0], state[3]) for state in (*looked_at, *(state for _, state in states))), default=0)
    if gaps or newest > time_ns() - SETTLED:
        return ""
    said = [os.path.relpath(cwd, root), *words, strftime("%Y-%m-%d", gmtime()), repr(looked_at)]
    encoded = (word.encode("utf-8", "surrogateescape") for word in said)
    return signed.digest(*encoded, own_code(), marshal.dumps(states, 2))


def answer(asked: str, cwd: str) -> tuple[int, str | long_outputs.Place, str] | None:
    """Return exit code, output and complaints of the last run, if it was asked the same.

    A long output is not loaded: what is returned is where it lies, and `long_outputs.content` reads it.
    """
    found = signed.load(f"{_root(cwd)}/{_FOLDER}", "answer.bin", "", signed.own_key()).get(asked) if asked else None
    return found if isinstance(found, tuple) else None


def keep(asked: str, cwd: str, code: int, output: str, complaints: str) -> None:
    """Remember what was said."""
    if not asked:
        return
    key, folder = signed.own_key(), f"{_root(cwd)}/{_FOLDER}"
    kept: str | long_outputs.Place | None = output
    if long_outputs.is_long(output):
        kept = long_outputs.keep(folder, output) if key else None
    if kept is not None:
        signed.store(folder, "answer.bin", "", key, {asked: (code, kept, complaints)})


def own_code() -> bytes:
    """Identify this analyzer's own code, so that nothing another version said is believed."""
    return marshal.dumps(sorted(_stamps()), 2)


def _stamps() -> Iterator[tuple[str, int, int]]:
    pending = [_HERE]
    while pending:
        folder = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    found = entry.stat()
                    yield entry.path[len(_HERE) :], found.st_mtime_ns, found.st_size
                elif entry.name != "__pycache__" and entry.is_dir():
                    pending.append(entry.path)


def _is_plain(word: str) -> bool:
    """Tell whether a word means the same every time, whatever surrounds it."""
    return not word.startswith("-") or word in _ALONE or word.partition("=")[0] in _VALUED


def _root(cwd: str) -> str:
    """Return the nearest folder at or above with a pyproject.toml or a manifest, else the folder itself."""
    folder = cwd
    while True:
        if os.path.isfile(f"{folder}/pyproject.toml") or os.path.isfile(f"{folder}/.arckode/project.json"):  # noqa: PTH113
            return folder
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return cwd
        folder = above


def _state(file: str) -> tuple[int, int, int, int]:
    try:
        found = os.stat(file)  # noqa: PTH116
    except OSError:
        return (0, 0, 0, 0)
    if os.path.isdir(file):  # noqa: PTH112  # what is in it is looked at for itself
        return (1, 0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)
