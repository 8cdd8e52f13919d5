"""What a project and its package may be called."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass

from arckode_gen.errors import UsageError

# A package of the same name as one of these would hide it, because `src` comes first on the import path, and a project
# of the same name could not be installed beside it.
_TAKEN = frozenset(
    "aiomysql aiosqlite annotated_types anyio arckode arckode_analyzers arckode_gen asyncpg click copier dotenv "
    "fastapi greenlet h11 hatchling httpcore2 httptools httpx2 idna iniconfig jinja2 kernel mypy mypyc packaging "
    "pathspec pluggy pydantic pydantic_core pydantic_settings pygments pymysql pytest rich ruff sqlalchemy "
    "sqlglot src starlette structlog test tests typer typing_extensions typing_inspection uuid_utils uvicorn "
    "uvloop watchfiles websockets yaml".split()
)
_LONGEST_NAME = 64
_LONGEST_PACKAGE = 40  # a database of that name, and a user of it, are created too
_NOT_TEXT = frozenset("true false null yes no on off y n".split())  # what YAML reads as something else


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
    if not re.fullmatch(r"[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?", word):
        message = (
            f"'{word}' cannot be a project's name: letters, digits, '-' and '_', from a letter to a letter or digit"
        )
        raise UsageError(message, _hint(word))
    if len(word) > _LONGEST_NAME:
        raise UsageError(f"the name '{word}' has {len(word)} characters; {_LONGEST_NAME} are the most")
    importable = package or re.sub(r"[-_]+", "_", word).lower().strip("_")
    if not importable.isidentifier() or not importable.isascii() or importable != importable.lower():
        raise UsageError(f"'{importable}' cannot be a Python package", "use lower-case letters, digits and '_'")
    if keyword.iskeyword(importable) or importable in sys.stdlib_module_names or importable in _TAKEN:
        message = f"a package called '{importable}' would hide Python's own or a dependency's"
        raise UsageError(message, f"choose another name, or `--package {importable}_app`")
    if re.sub(r"[-_]+", "_", word).lower() in _TAKEN:
        message = f"a project called '{word}' could not be installed beside the package of that name"
        raise UsageError(message, f"choose another name, as in `arckode new {word}-app`")
    if importable in _NOT_TEXT or word.lower() in _NOT_TEXT:
        raise UsageError(
            f"'{importable}' means something else in YAML files", f"choose another, as in {importable}_app"
        )
    if len(importable) > _LONGEST_PACKAGE:
        message = f"the package name '{importable}' has {len(importable)} characters; {_LONGEST_PACKAGE} are the most"
        raise UsageError(message, "give a shorter one: `--package NAME`")
    return ProjectName(word, importable)


def _hint(word: str) -> str:
    folder, separator, last = word.replace("\\", "/").rstrip("/").rpartition("/")
    if separator and last:
        return f"the project is made where you are: `cd {folder or '/'}` first, then `arckode new {last}`"
    close = re.sub(r"[^a-zA-Z0-9]+", "-", word).strip("-").lstrip("0123456789-")
    return f"did you mean '{close}'?" if close and word.isascii() else "as in `arckode new my-shop`"
