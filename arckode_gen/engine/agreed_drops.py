"""The comment by which a written migration says that what it drops or renames is meant to go."""

from __future__ import annotations

import re

_LOSES = re.compile(r"\b(drop\s+(table|column)|rename\s+column)\b", re.IGNORECASE)


def agreed(text: str, why: str) -> str:
    """Return the line that tells the analyzer, and whoever reviews the file, why; nothing when nothing is lost."""
    return reason(why) if _LOSES.search(text) else ""


def reason(why: str) -> str:
    """Return the line that tells it."""
    return f"# arckode: ignore[ARC207] {why}\n"
