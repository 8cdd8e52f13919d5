"""Texts of a document as parts of TypeScript: strings, keys and comments that nothing in them can end."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_gen.client.model import Doc

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufeff]")


def quoted(text: str) -> str:
    """Return a string literal, with the quotes that need fewer escapes."""
    single = text.count('"') > text.count("'")
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    if single:
        escaped = escaped.replace('\\"', '"').replace("'", "\\'")
    escaped = _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)
    return f"'{escaped}'" if single else f'"{escaped}"'


@cache
def key(name: str) -> str:
    """Return the key of an object, in quotes where it needs them."""
    return name if _IDENTIFIER.fullmatch(name) else quoted(name)


def member(name: str) -> str:
    """Return how a key is reached: `.name` or `["na-me"]`."""
    return f".{name}" if _IDENTIFIER.fullmatch(name) else f"[{quoted(name)}]"


def template(text: str) -> str:
    """Return the fixed part of a template literal."""
    escaped = text.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)


def plain(text: str) -> str:
    """Return a text for a comment: it ends no comment, gives the compiler no order, and is whole Unicode."""
    safe = _UNSAFE.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return safe.replace("*/", "*\\/").replace("@ts-", "@ts\\-")


def comment(doc: Doc, indent: int) -> str:
    """Return a comment for people and editors, with its line end; empty when there is nothing to say."""
    if not doc.text and not doc.deprecated and not doc.default:
        return ""
    pad = " " * indent
    lines = [line.rstrip() for line in plain(doc.text).strip().split("\n")] if doc.text.strip() else []
    if len(lines) == 1 and doc.default and not doc.deprecated:
        lines[0] += f" Default: {plain(doc.default)}"
    elif doc.default:
        lines.append(f"@default {plain(doc.default)}")
    if doc.deprecated:
        lines.append("@deprecated")
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{pad}/** {lines[0]} */\n"
    return f"{pad}/**\n" + "".join(f"{pad} * {line}".rstrip() + "\n" for line in lines) + f"{pad} */\n"
