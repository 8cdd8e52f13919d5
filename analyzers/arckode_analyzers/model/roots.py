"""Where absolute imports start, as the imports tell: `backend/` when people write `from app.core import db`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from arckode_analyzers.facts.records import FileFacts, Import

_MARK = "/__init__.py"


def import_roots(files: Mapping[str, FileFacts], sources: Collection[str]) -> tuple[str, ...]:
    """Return the folders, besides those configured, whose packages are imported by their bare name; deepest first.

    A package that two folders have is left alone: nothing says which of them an import means. So is a folder out of
    which something is imported by the folder's own name; `api/` is not one where all that is meant is `api/api/`.
    """
    dotted = {_dotted(row) for facts in files.values() for row in facts.imports if not row.level}
    imported = {name.partition(".")[0] for name in dotted}
    holders: dict[str, set[str]] = {}
    for path in files:
        folder, _, name = path.removesuffix(_MARK).rpartition("/")
        if path.endswith(_MARK) and folder and f"{folder}{_MARK}" not in files and name in imported:
            holders.setdefault(name, set()).add(folder)
    roots = {next(iter(folders)) for folders in holders.values() if len(folders) == 1}
    inside = {"/".join(path.removesuffix(".py").split("/", 2)[:2]) for path in files}
    reached = {name.partition(".")[0] for name in dotted if "/".join(name.split(".", 2)[:2]) in inside}
    wanted = (root for root in roots if root not in sources and root.partition("/")[0] not in reached)
    return tuple(sorted(wanted, key=lambda root: (-len(root), root)))


def _dotted(row: Import) -> str:
    return f"{row.module}.{row.name}" if row.name else row.module
