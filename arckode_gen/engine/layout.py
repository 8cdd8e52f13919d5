"""Lays out generated Python as `ruff format` would, so that what is written is already formatted whatever its names.

Source of the rules: the Black code style ("How Black wraps lines"), with ruff's line length of 120.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LINE_LENGTH = 120


def call(head: str, arguments: Sequence[str], tail: str = ")", indent: int = 0) -> str:
    """Write `head(arguments)tail` on one line, on three, or with one argument a line: the first that fits.

    `head` ends with its opening bracket; only the lines after the first carry their indent.
    """
    pad = " " * indent
    joined = ", ".join(arguments)
    if indent + len(head) + len(joined) + len(tail) <= LINE_LENGTH:
        return f"{head}{joined}{tail}"
    inner = f"{pad}    "
    if len(inner) + len(joined) <= LINE_LENGTH:
        return f"{head}\n{inner}{joined}\n{pad}{tail}"
    return f"{head}\n" + "".join(f"{inner}{argument},\n" for argument in arguments) + f"{pad}{tail}"


def display(head: str, items: Sequence[str], tail: str = ")", indent: int = 0) -> str:
    """Write a tuple, list, set or dict on one line, or with one item a line; `head` ends with its opening bracket."""
    joined = ", ".join(items)
    comma = "," if head.endswith("(") and len(items) == 1 else ""
    if indent + len(head) + len(joined) + len(comma) + len(tail) <= LINE_LENGTH:
        return f"{head}{joined}{comma}{tail}"
    pad = " " * indent
    return f"{head}\n" + "".join(f"{pad}    {item},\n" for item in items) + f"{pad}{tail}"


def import_block(pairs: Iterable[tuple[str, str]], first_party: Iterable[str]) -> str:
    """Write every import of a file, in isort's sections and order; a pair with an empty name is `import module`."""
    own = frozenset(first_party)
    sections: dict[int, dict[str, set[str]]] = {}
    for module, name in pairs:
        sections.setdefault(_section(module, own), {}).setdefault(module, set()).add(name)
    return "\n\n".join(_section_text(sections[number]) for number in sorted(sections))


def order_names(names: Iterable[str]) -> list[str]:
    """Order imported names as isort does: CONSTANTS, then Classes, then functions."""
    return sorted(set(names), key=lambda name: (_kind(name), name.lower(), name))


def _section(module: str, first_party: frozenset[str]) -> int:
    top = module.partition(".")[0].partition(" ")[0]
    if top in first_party:
        return 2
    return 0 if top in sys.stdlib_module_names else 1


def _section_text(modules: Mapping[str, set[str]]) -> str:
    whole = [f"import {module}" for module, names in modules.items() if "" in names]
    parts = [_from(module, names - {""}) for module, names in sorted(modules.items()) if names - {""}]
    return "\n".join((*sorted(whole), *parts))


def _kind(name: str) -> int:
    if name.isupper() and len(name) > 1:
        return 0
    return 1 if name[:1].isupper() else 2


def _from(module: str, names: Iterable[str]) -> str:
    ordered = order_names(names)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= LINE_LENGTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"
