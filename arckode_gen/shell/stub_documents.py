"""`stub.yml`, read as YAML once for each text of it: to import what reads YAML takes longer than most commands do."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

from arckode_gen.engine import stub_document
from arckode_gen.shell import kept

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_gen.engine.stub_document import Entry


def read(file: Path) -> Entry:
    """Read a whole `stub.yml`.

    Raises:
        CrashError: it cannot be read, is not YAML or holds no keys.
    """
    try:
        stamp = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return stub_document.read(file)  # which says what is wrong with it
    place = kept.beside(file, ".yml")
    known = kept.load(place, stamp)
    if known is not None:
        return stub_document.entry(str(file), cast("Mapping[str, object]", known))
    found = stub_document.read(file)
    kept.save(place, stamp, dict(found.values))
    return found
