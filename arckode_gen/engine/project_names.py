"""What a project and its package may be called."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass

from arckode_gen.errors import UsageError

# A package of the same name as one of these would hide it, because `src` comes first on the import path.
_TAKEN = frozenset(
    "aiomysql aiosqlite anyio arckode asyncpg fastapi httpx2 kernel mypy pydantic pytest ruff src sqlalchemy starlette "
    "structlog test tests uvicorn".split()
)


@dataclass(frozen=True, slots=True)
class ProjectName:
    """The name that people read (`my-shop`) and the package that Python imports (`my_shop`)."""

    name: str
    package: str


def parse(word: str, package: str = "") -> ProjectName:
    """Check a project's name and derive its package.

    Raises:
        UsageError: the name cannot be a folder and a Python package at once.
    """
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_-]*", word) or not word.isascii():
        message = f"'{word}' cannot be a project's name: letters, digits, '-' and '_', starting with a letter"
        raise UsageError(message, "as in `arckode new my-shop`")
    importable = package or re.sub(r"[-_]+", "_", word).lower().strip("_")
    if not importable.isidentifier() or not importable.isascii() or importable != importable.lower():
        raise UsageError(f"'{importable}' cannot be a Python package", "use lower-case letters, digits and '_'")
    if keyword.iskeyword(importable) or importable in sys.stdlib_module_names or importable in _TAKEN:
        message = f"a package called '{importable}' would hide Python's own or a dependency's"
        raise UsageError(message, f"choose another name, or `--package {importable}_app`")
    if len(importable) > 40:
        raise UsageError(f"the package name '{importable}' has {len(importable)} characters; 40 are the most")
    return ProjectName(word, importable)
