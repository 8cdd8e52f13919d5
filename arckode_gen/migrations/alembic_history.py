"""Reads where an Alembic history ends, from its files alone: nothing of Alembic's is imported."""

from __future__ import annotations

import ast
import configparser
from typing import TYPE_CHECKING

from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = "SELECT version_num AS version FROM alembic_version"


def heads(root: Path) -> frozenset[str]:
    """Return the revisions that no other revision comes after.

    Raises:
        UsageError: there is no alembic.ini, or no revision where it says.
    """
    folder = _folder(root) / "versions"
    revisions = [_revision(file) for file in sorted(folder.rglob("*.py"))]
    known = {revision for revision, _ in revisions if revision}
    if not known:
        raise UsageError(f"there is no Alembic revision in {folder}", "correct script_location in alembic.ini")
    return frozenset(known - {before for _, earlier in revisions for before in earlier})


def _folder(root: Path) -> Path:
    file = root / "alembic.ini"
    if not file.is_file():
        raise UsageError(f"there is no alembic.ini in {root}", "run this where Alembic is run")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(file, encoding="utf-8")
        location = parser.get("alembic", "script_location")
    except configparser.Error as error:
        raise UsageError(f"alembic.ini cannot be read: {error}", "correct it") from error
    return root / location.replace("%(here)s", str(root))


def _revision(file: Path) -> tuple[str, tuple[str, ...]]:
    found = dict(_assigned(ast.parse(file.read_text(encoding="utf-8"))))
    before = found.get("down_revision")
    earlier = before if isinstance(before, tuple | list) else (before,)
    return str(found.get("revision") or ""), tuple(str(name) for name in earlier if name)


def _assigned(tree: ast.Module) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        names = [item.id for item in targets if isinstance(item, ast.Name)]
        if value is not None and set(names) & {"revision", "down_revision"}:
            found += [(name, ast.literal_eval(value)) for name in names]
    return found
