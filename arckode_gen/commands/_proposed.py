"""What a coding agent is about to write: read from what it sends before it uses a tool, in the project it is for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from arckode_analyzers.files import can_read_front, find_root
from arckode_analyzers.run import Proposal
from arckode_analyzers.walk import is_environment
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SENT = '{"cwd": ..., "tool_input": {"file_path": ..., "content": ...}}'
_PATHS = ("file_path", "filePath", "path")
_JUDGED = (".py", ".sql")
_FRONT = (".ts", ".tsx", ".vue")


@dataclass(frozen=True, slots=True)
class Proposed:
    """A file of a project as it would be."""

    root: Path
    proposal: Proposal


def read(sent: bytes, cwd: Path) -> Proposed | None:
    """Return what would be written; None where no rule judges it, or no project holds it.

    Raises:
        UsageError: it is not what agents send.
    """
    try:
        document: object = json.loads(sent)
    except ValueError as error:
        raise UsageError(f"standard input is not JSON: {error}", f"send {_SENT}") from error
    if not isinstance(document, dict):
        raise UsageError(f"standard input is {type(document).__name__}, not an object", f"send {_SENT}")
    said = document.get("tool_input", document)
    asked = cast("dict[str, object]", said) if isinstance(said, dict) else {}
    name = next((asked[key] for key in _PATHS if isinstance(asked.get(key), str)), None)
    if not isinstance(name, str) or not _is_judged(name):
        return None
    folder = document.get("cwd")
    file = (cwd / folder / name if isinstance(folder, str) else cwd / name).resolve()
    root = find_root(next(parent for parent in file.parents if parent.is_dir())).resolve()
    if not (root / "pyproject.toml").is_file() or not file.is_relative_to(root):
        return None
    content = _content(asked, file)
    return (
        None
        if content is None
        else Proposed(root, Proposal(file.relative_to(root).as_posix(), content, only_added=True))
    )


def _is_judged(name: str) -> bool:
    is_read = name.endswith(_JUDGED) or is_environment(name.replace("\\", "/").rpartition("/")[2])
    return is_read or (name.endswith(_FRONT) and can_read_front())


def _content(asked: dict[str, object], file: Path) -> bytes | None:
    """Return the whole new text; an edit that does not fit is the tool's to refuse."""
    content = asked.get("content", asked.get("file_text"))
    if isinstance(content, str):
        return content.encode("utf-8", "surrogatepass")
    edits = asked.get("edits", [asked])
    if not isinstance(edits, list):
        return None
    text = file.read_text(encoding="utf-8", errors="surrogateescape") if file.is_file() else ""
    return _edited(text, cast("Sequence[Mapping[str, object]]", edits))


def _edited(text: str, edits: Sequence[Mapping[str, object]]) -> bytes | None:
    for edit in edits:
        old, new = edit.get("old_string", edit.get("old_str")), edit.get("new_string", edit.get("new_str"))
        if not isinstance(old, str) or not isinstance(new, str):
            return None
        old = old.replace("\r\n", "\n")  # the text was read so, too
        if bool(old) != bool(text) or old not in text:  # nothing is replaced only where nothing is: it makes the file
            return None
        text = text.replace(old, new, -1 if edit.get("replace_all") is True else 1)
    return text.encode("utf-8", "surrogateescape")
