"""The markers of a merge in a file: git's, and ours, which are git's with other labels."""

from __future__ import annotations

import re

_MARKERS = re.compile(rb"^<<<<<<< .*?^=======\r?$.*?^>>>>>>> ", re.DOTALL | re.MULTILINE)


def has_markers(content: bytes) -> bool:
    """Tell whether somebody still has to decide between two versions."""
    return b"<<<<<<< " in content and _MARKERS.search(content) is not None  # hardly ever, and nearly free
