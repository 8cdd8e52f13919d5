"""Names for TypeScript: whatever a document calls a thing, an identifier that is legal, free and always the same."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Words that cannot name a function or a parameter in a module, the ones that only strict code reserves included.
RESERVED = frozenset(
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends "
    "false finally for function if implements import in instanceof interface let new null package private protected "
    "public return static super switch this throw true try typeof undefined var void while with yield NaN Infinity "
    "globalThis".split()
)
# Types of the language and of browsers that the generated code itself relies on.
GLOBALS = frozenset(
    "Array AsyncGenerator AsyncIterable Blob Date Error Exclude Extract File FormData Function Headers Infinity JSON "
    "Map Math NaN Number Object Omit Partial Pick Promise Readonly Record Request RequestCredentials Required Response "
    "Set String Boolean Symbol TextDecoder URL URLSearchParams AbortController AbortSignal Uint8Array".split()
)
_WINDOWS = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
_LONGEST_FILE = 80


class Names:
    """Hands out names; two things never get the same one, and the first to ask gets the plain one."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def free(self, wanted: str, joint: str = "_") -> str:
        """Return the name that was wanted, or the first free one with a number behind it, joined to another number."""
        name, number = wanted, 2
        while name in self._taken:
            name = f"{wanted}{joint if wanted[-1:].isdigit() else ''}{number}"
            number += 1
        self._taken.add(name)
        return name


@cache
def words(text: str) -> tuple[str, ...]:
    """Split a name as people write them: `Page[Order]`, `order-item`, `HTTPServer`, `orders_index`."""
    plain = text if text.isascii() else _plain(text)
    plain = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", plain)
    plain = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", plain)
    return tuple(re.findall(r"[^\W_]+", plain))


def _plain(text: str) -> str:
    """Spell letters with accents without them; other alphabets stay, as TypeScript takes them."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(
        each for each in decomposed if not unicodedata.combining(each) and (each.isascii() or each.isidentifier())
    )


@cache
def pascal(text: str) -> str:
    """Return the name of a type."""
    name = "".join(word[0].upper() + word[1:] for word in words(text))
    if not name:
        return "Unnamed"
    return name if name[0].isalpha() else f"N{name}"


@cache
def camel(text: str) -> str:
    """Return the name of a function or parameter."""
    parts = words(text)
    if not parts:
        return "unnamed"
    first = parts[0].lower() if parts[0].isupper() else parts[0][0].lower() + parts[0][1:]
    name = first + "".join(word[0].upper() + word[1:] for word in parts[1:])
    name = name if name[0].isalpha() else f"n{name}"
    return f"{name}_" if name in RESERVED else name


def file_name(text: str, taken: set[str]) -> str:
    """Return a file's name without its ending: lower case, so that two never meet on a disk that ignores case."""
    base = "-".join(words(text)).lower().encode("ascii", "ignore").decode().strip("-")[:_LONGEST_FILE].strip("-")
    base = base or "unnamed"
    name = f"{base}-api" if base in _WINDOWS or base in taken else base
    number = 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return name
