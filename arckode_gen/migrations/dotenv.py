"""Reads a `.env` file the way the project's settings do (python-dotenv's grammar), without importing them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_BINDING = re.compile(
    r"""^[^\S\n]*(?:export[^\S\n]+)?
        (?:'(?P<quoted_name>[^']+)'|(?P<name>[^=\#\s]+))[^\S\n]*
        (?:=[^\S\n]*
            (?:'(?P<single>(?:\\'|[^'])*)'
              |"(?P<double>(?:\\"|[^"])*)"
              |(?P<bare>(?!['"])[^\n]*))
        )?[^\S\n]*(?:\#[^\n]*)?$""",
    re.VERBOSE | re.MULTILINE,
)
_COMMENT = re.compile(r"\s+#.*")
_REFERENCE = re.compile(r"\$\{(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\}")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def parse(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a `.env` file, with `${NAME}` and `${NAME:-default}` filled in.

    A reference sees the variables above it first, then `environ`; a name without `=` takes its value away.
    """
    found: dict[str, str] = {}
    known = dict(environ)
    for match in _BINDING.finditer(text.replace("\r\n", "\n")):
        name, value = match["quoted_name"] or match["name"], _value(match)
        if value is None:
            found.pop(name, None)
            known[name] = ""
        else:
            found[name] = known[name] = _filled(value, known)
    return found


def _value(match: re.Match[str]) -> str | None:
    if match["single"] is not None:
        return re.sub(r"\\([\\'])", r"\1", match["single"])
    if match["double"] is not None:
        return re.sub(r"\\([\\'\"abfnrtv])", lambda escape: _ESCAPES.get(escape[1], escape[1]), match["double"])
    return None if match["bare"] is None else _COMMENT.sub("", match["bare"]).rstrip()


def _filled(value: str, known: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda reference: known.get(reference["name"], reference["default"] or ""), value)
