"""Names for findings that survive edits elsewhere in the file, for the services that track them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from arckode_analyzers.baseline import entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arckode_analyzers.rule import Finding


def named(findings: Iterable[Finding]) -> Iterator[tuple[str, Finding]]:
    """Pair findings with their names: what identifies them in a baseline, hashed."""
    for entry, finding in entries(findings):
        yield hashlib.sha256(repr(tuple(entry)).encode()).hexdigest()[:32], finding
