"""Compares what a page says with what was printed, blind to times, sizes and identifiers."""

from __future__ import annotations

import re
from difflib import unified_diff

ANY_LINES = "..."

_VOLATILE = (
    (re.compile(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z"), "<moment>"),
    (re.compile(r"\b20\d{6}(\d{4})(?!\d)"), r"<date>\1"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"\b\d+(\.\d+)? ?k?B\b"), "<size>"),
    (re.compile(r"\b\d+(\.\d+)? ?m?s\b"), "<time>"),
    (re.compile(r'("milliseconds": )\d+'), r"\1<n>"),
    (re.compile(r'("(files|calls)": )\d+'), r"\1<n>"),
    (re.compile(r"\b\d+ (files?|records?)\b"), r"<n> \1"),
    (re.compile(r"[ \t]+"), " "),
)


def steady(text: str) -> str:
    """Return a text without what differs from run to run; runs of blanks count as one."""
    for pattern, replacement in _VOLATILE:
        text = pattern.sub(replacement, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def difference(expected: str, actual: str) -> str:
    """Return a diff, or an empty string when they agree; a line `...` stands for any number of lines."""
    wanted, found = steady(expected), steady(actual)
    parts = ("(?:.*\n)*?" if line == ANY_LINES else f"{re.escape(line)}\n" for line in wanted.split("\n"))
    if re.fullmatch("".join(parts), f"{found}\n"):
        return ""
    return "\n".join(unified_diff(wanted.split("\n"), found.split("\n"), "the page", "what was printed", lineterm=""))
