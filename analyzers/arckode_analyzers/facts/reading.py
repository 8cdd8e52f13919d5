"""Many files to packed facts, by several processes when there are enough of them to pay for starting those."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, TypeAlias

from arckode_analyzers import children
from arckode_analyzers.facts.extract import extract
from arckode_analyzers.facts.records import FileFacts, pack, unpack
from arckode_analyzers.facts.sql_file import extract_sql
from arckode_analyzers.walk import is_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# The name of the content, its packed facts, and why there are none.
Read: TypeAlias = tuple[str, bytes, str]
_WORTH_FORKING = 300
_FRONT = frozenset({"ts", "tsx", "vue"})


class UnreadError(Exception):
    """A file that is not Python cannot be read; the message says where."""


def read_facts(files: Mapping[str, bytes], paths: Sequence[str], name: Callable[[bytes, str], str]) -> dict[str, Read]:
    """Read files; `name` gives what the cache calls a content."""
    count = children.processes() if len(paths) >= _WORTH_FORKING else 1
    found: dict[str, Read] = {}
    for part in children.done(lambda mine: _read(files, mine, name), [paths[at::count] for at in range(count)]):
        found.update(part)
    return found


def facts_of(packed: bytes) -> FileFacts:
    return unpack(marshal.loads(packed))  # noqa: S302  # made by this process, its child, or signed by an earlier one


def _read(files: Mapping[str, bytes], paths: Sequence[str], name: Callable[[bytes, str], str]) -> dict[str, Read]:
    found: dict[str, Read] = {}
    for path in paths:
        content = files[path]
        try:
            found[path] = (name(content, path), marshal.dumps(pack(facts_in(content, path))), "")  # type: ignore[arg-type]  # tuples of plain values, all the way down
        except Exception as error:  # noqa: BLE001  # one strange file must not keep the others from being judged
            found[path] = (name(content, path), b"", reason(error))
    return found


def facts_or_none(content: bytes, path: str) -> FileFacts | None:
    """Read a file for whoever goes on without those that cannot be."""
    try:
        return facts_in(content, path)
    except (SyntaxError, ValueError, RecursionError, MemoryError, UnreadError):
        return None


def facts_in(content: bytes, path: str) -> FileFacts:
    """Read a file as what its name says it is."""
    kind = path.rpartition(".")[2]
    if kind in _FRONT:
        from arckode_analyzers.facts.front_file import extract_front  # its grammars are an extra

        return extract_front(content, kind)
    if is_environment(path):
        from arckode_analyzers.facts.environment_file import extract_environment  # few files, and YAML is loaded

        return extract_environment(content, path)
    return extract_sql(content) if kind == "sql" else extract(content)


def reason(error: Exception) -> str:
    """Say why a file has no facts."""
    if isinstance(error, SyntaxError):
        return f"this Python cannot parse it: {error.msg}" + (f" (line {error.lineno})" if error.lineno else "")
    if isinstance(error, UnreadError):
        return str(error)
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, ValueError | RecursionError | MemoryError):
        return f"this Python cannot parse it: {said}"
    return f"arckode fails on it, please report that: {said}"
