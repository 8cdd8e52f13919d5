"""The parts of the kernel: a project carries the files of the parts that it uses and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from arckode_gen.engine import yaml_text
from arckode_gen.engine.plan import FileState
from arckode_gen.errors import CrashError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def kernel_files(folder: Path, parts: Iterable[str], prefix: str) -> dict[str, FileState]:
    """Return the kernel's files for some parts, byte for byte, below `prefix`.

    Raises:
        CrashError: `parts.yml` does not know a part.
    """
    document = yaml_text.parse((folder / "parts.yml").read_text(encoding="utf-8"))
    known = cast("dict[str, dict[str, dict[str, list[str]]]]", document)["parts"]
    result: dict[str, FileState] = {}
    for part in parts:
        if part not in known:
            raise CrashError(f"the kernel has no part '{part}'")
        for path in known[part]["files"]:
            result[prefix + path] = FileState((folder / "kernel" / path).read_bytes())
    return result
