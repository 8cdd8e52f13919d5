"""Lays out generated Python as `ruff format` would, so that what is written is already formatted whatever its names.

Source of the rules: the Black code style ("How Black wraps lines"), with ruff's line length of 120.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

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


def comprehension(head: str, element: str, clauses: Sequence[str], tail: str = ")", indent: int = 0) -> str:
    """Write a comprehension on one line, on three, or with the element and each of its clauses on a line."""
    pad = " " * indent
    joined = " ".join((element, *clauses))
    if indent + len(head) + len(joined) + len(tail) <= LINE_LENGTH:
        return f"{head}{joined}{tail}"
    inner = f"{pad}    "
    if len(inner) + len(joined) <= LINE_LENGTH:
        return f"{head}\n{inner}{joined}\n{pad}{tail}"
    name, _, rest = element.partition("(")
    if len(inner) + len(element) > LINE_LENGTH and rest:
        element = call(f"{name}(", rest.removesuffix(")").split(", "), indent=indent + 4)
    return f"{head}\n{inner}{element}\n" + "".join(f"{inner}{clause}\n" for clause in clauses) + f"{pad}{tail}"


def display(head: str, items: Sequence[str], tail: str = ")", indent: int = 0) -> str:
    """Write a tuple, list, set or dict on one line, or with one item a line; `head` ends with its opening bracket."""
    joined = ", ".join(items)
    comma = "," if head.endswith("(") and len(items) == 1 else ""
    if indent + len(head) + len(joined) + len(comma) + len(tail) <= LINE_LENGTH:
        return f"{head}{joined}{comma}{tail}"
    pad = " " * indent
    return f"{head}\n" + "".join(f"{pad}    {item},\n" for item in items) + f"{pad}{tail}"
