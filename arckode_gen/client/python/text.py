"""Texts of a document as parts of Python: strings and docstrings that nothing in them can end, and lines that fit."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arckode_gen.client.model import Doc

WIDTH = 120
# Marks that linters take for others, in prose as people mean them.
_PLAIN = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2026": "...",
        "\u00d7": "x",
        **dict.fromkeys("\u2010\u2011\u2013\u2014\u2212", "-"),
    }
)
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\udfff\ufeff]"
)
_ODD = re.compile("[\x00-\x1f\x7f-\xa0\u1680\u2000-\u206f\u2212\u3000\ud800-\udfff\ufeff\U000e0000-\U000e007f]")


def quoted(text: str) -> str:
    """Return a string literal, with the quotes that need fewer escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return quote + _ODD.sub(_escape, escaped) + quote


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(found[0])
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def docstring(text: str, indent: int) -> str:
    """Return a docstring with its line end; empty when there is nothing to say."""
    pad = " " * indent
    found = prose(text)
    room = WIDTH - indent - (8 if len(found) == 1 else 3)  # the quotes at both ends, and a blank before either
    lines = [each for line in found for each in wrapped(line, room)]
    if not lines:
        return ""
    written = "\n".join(f"{pad}{line}" if line else "" for line in lines).strip()
    written = written.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    start = " " if written[0] == '"' else ""
    if len(lines) == 1:
        return f'{pad}"""{start}{written}{" " if written[-1] == chr(34) else ""}"""\n'
    return f'{pad}"""{start}{written}\n{pad}"""\n'


def prose(text: str) -> list[str]:
    """Return the lines of a text for people, safe and without the indentation that they share."""
    safe = _UNSAFE.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)).expandtabs(4).strip()
    first, _, rest = safe.partition("\n")
    lines = [first, *textwrap.dedent(rest).split("\n")] if rest else [first]
    return [line.rstrip() for line in lines] if safe else []


def wrapped(line: str, width: int) -> list[str]:
    """Break a line where it is too long, keeping how far it is indented."""
    if len(line) <= width:
        return [line]
    lead = line[: len(line) - len(line.lstrip())][: width // 2]
    return textwrap.wrap(
        line.strip(), width, initial_indent=lead, subsequent_indent=lead, break_long_words=False, break_on_hyphens=False
    )


def said(doc: Doc) -> str:
    """Return what there is to say about a thing, with its default and whether it is deprecated."""
    parts = [doc.text.strip()] if doc.text.strip() else []
    if doc.deprecated:
        parts.append("Deprecated.")
    if doc.default:
        parts.append(f"Default: {doc.default}")
    return "\n".join(parts) if "\n" in doc.text.strip() else " ".join(parts)


def listed(lead: str, items: Sequence[str], end: str, indent: int = 0, width: int = WIDTH) -> str:
    """Return a bracket's content in one line, or with one item a line when that is too long; `lead` opens it."""
    line = f"{lead}{', '.join(items)}{end}"
    if "\n" not in line and len(line) + indent <= width:
        return line
    pad = " " * (indent + 4)
    inner = "".join(f"{pad}{each.replace(chr(10), chr(10) + '    ')},\n" for each in items)
    return f"{lead}\n{inner}{' ' * indent}{end}"


def opened(lead: str, items: Sequence[str], end: str, indent: int = 0) -> str:
    """Return a line's bracket: as it is, or opened with all items in one line below, or with one item a line."""
    line = f"{lead}{', '.join(items)}{end}"
    if len(line) <= WIDTH:
        return line
    pad, inner = " " * (indent + 4), ", ".join(items)
    if len(pad) + len(inner) > WIDTH and len(items) > 1:
        inner = f",\n{pad}".join(items) + ","
    return f"{lead}\n{pad}{inner}\n{' ' * indent}{end}"


def imported(source: str, names: Iterable[str]) -> str:
    """Return an import, laid out; empty when nothing is needed."""
    wanted = sorted(names, key=_import_order)
    if not wanted:
        return ""
    line = f"from {source} import {', '.join(wanted)}"
    if len(line) <= WIDTH:
        return f"{line}\n"
    return f"from {source} import (\n" + "".join(f"    {each},\n" for each in wanted) + ")\n"


def _import_order(name: str) -> tuple[object, ...]:
    """Order names as isort does: constants, types, then functions, and numbers in them by their value."""
    constant = name.isupper() and len(name) > 1
    natural = [
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.findall(r"\d+|\D+", name.lower())
    ]
    return (0 if constant else 1 if name[0].isupper() else 2, natural, name)
