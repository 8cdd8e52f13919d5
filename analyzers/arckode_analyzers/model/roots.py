"""Where absolute imports start, as the imports tell: `backend/` when people write `from app.core import db`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from arckode_analyzers.facts.records import FileFacts

_MARK = "/__init__.py"


def import_roots(files: Mapping[str, FileFacts], sources: Collection[str]) -> tuple[str, ...]:
    """Return the folders, besides those configured, whose packages are imported by their bare name; deepest first.

    A package that two folders have is left alone: nothing says which of them an import means.
    """
    imported = {row.module.partition(".")[0] for facts in files.values() for row in facts.imports if not row.level}
    holders: dict[str, set[str]] = {}
    for path in files:
        folder, _, name = path.removesuffix(_MARK).rpartition("/")
        if path.endswith(_MARK) and folder and f"{folder}{_MARK}" not in files and name in imported:
            holders.setdefault(name, set()).add(folder)
    roots = {next(iter(folders)) for folders in holders.values() if len(folders) == 1}
    wanted = (root for root in roots if root not in sources and root.partition("/")[0] not in imported)
    return tuple(sorted(wanted, key=lambda root: (-len(root), root)))
