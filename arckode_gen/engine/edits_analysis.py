"""A configuration for the analyzer into pyproject.toml: keys and a table are added, what is there stays."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, cast

from arckode_gen.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADER = re.compile(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*arckode[ \t]*\][ \t]*(#.*)?$", re.MULTILINE)


def configure(text: str, settings: Sequence[str], table: Sequence[str]) -> str:
    """Return the file with `settings` in `[tool.arckode]` and `table`, lines with their own header, at its end.

    Raises:
        RefusedError: a key or layers are there already, or the result would not say all that the file said before.
    """
    before = _read(text)
    ours = cast("dict[str, dict[str, object]]", before).get("tool", {}).get("arckode", {})
    wanted = {line.partition("=")[0].strip() for line in settings} | ({"layers"} if table else set())
    paste = "\n".join(["[tool.arckode]", *settings, "", *table])
    taken = sorted(wanted & set(cast("dict[str, object]", ours)))
    if taken:
        raise RefusedError(
            f"pyproject.toml has its own [tool.arckode] {taken[0]}", f"edit it by hand; proposed:\n{paste}"
        )
    end = "\r\n" if "\r\n" in text else "\n"
    after = _with(text, settings, table, end)
    if not _says_all(before, _read(after)):
        raise RefusedError("pyproject.toml has no place that is safe to write to", f"paste this by hand:\n{paste}")
    return after


def _with(text: str, settings: Sequence[str], table: Sequence[str], end: str) -> str:
    header = _HEADER.search(text)
    if header is not None:
        at = header.end() + (1 if text[header.end() : header.end() + 1] == "\n" else 0)
        inserted = "".join(f"{line}{end}" for line in settings)
        text = text[:at] + ("" if at > header.end() or not inserted else end) + inserted + text[at:]
        added = list(table)
    else:
        added = ["[tool.arckode]", *settings, *(["", *table] if table else [])]
    if not added:
        return text
    gap = "" if not text else end if text.endswith("\n") else end * 2
    return text + gap + "".join(f"{line}{end}" for line in added)


def _read(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RefusedError(f"pyproject.toml cannot be read: {error}", "repair it first") from error


def _says_all(before: object, after: object) -> bool:
    """Tell whether one document holds everything that another does."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return before == after
    return all(key in after and _says_all(value, after[key]) for key, value in before.items())
