"""The same 200 migrations for Alembic, Django and yoyo, which live in an environment of their own that goes again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PACKAGES = ("alembic", "django", "yoyo-migrations", "psycopg2-binary", "pymysql", "setuptools")
_ENV = """
import os
from alembic import context
from sqlalchemy import create_engine, pool
with create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
_REVISION = """
from alembic import op
revision, down_revision = {name!r}, {before!r}
def upgrade():
    op.execute({sql!r})
"""
_SETTINGS = """
import pymysql
pymysql.install_as_MySQLdb()
pymysql.version_info = (2, 2, 7, "final", 0)
SECRET_KEY = "bench"
INSTALLED_APPS = ["shop"]
USE_TZ = True
DATABASES = {{"default": {database!r}}}
"""
_MIGRATION = """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = {before!r}
    operations = [migrations.RunSQL({sql!r})]
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool: how its project is written for a database, and the command that migrates."""

    name: str
    write: Callable[[Path, Sequence[str], str], None]
    command: tuple[str, ...]
    scheme: Callable[[str], str]


def _alembic(root: Path, statements: Sequence[str], url: str) -> None:
    del url
    versions = root / "alembic/versions"
    versions.mkdir(parents=True)
    (root / "alembic.ini").write_text("[alembic]\nscript_location = alembic\n")
    (root / "alembic/env.py").write_text(_ENV)
    for number, sql in enumerate(statements):
        before = f"r{number - 1:04}" if number else None
        (versions / f"r{number:04}.py").write_text(_REVISION.format(name=f"r{number:04}", before=before, sql=sql))


def _django(root: Path, statements: Sequence[str], url: str) -> None:
    folder = root / "shop/migrations"
    folder.mkdir(parents=True)
    (root / "shop/__init__.py").touch()
    (folder / "__init__.py").touch()
    (root / "settings.py").write_text(_SETTINGS.format(database=_django_database(url)))
    for number, sql in enumerate(statements):
        before = [("shop", f"m{number - 1:04}")] if number else []
        (folder / f"m{number:04}.py").write_text(_MIGRATION.format(before=before, sql=sql))


def _django_database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": "bench.db"}
    engine = "postgresql" if parts.scheme.startswith("postgres") else "mysql"
    return {
        "ENGINE": f"django.db.backends.{engine}",
        "NAME": parts.path[1:],
        "HOST": parts.hostname,
        "PORT": parts.port,
        "USER": parts.username,
        "PASSWORD": parts.password or "",
    }


def _yoyo(root: Path, statements: Sequence[str], url: str) -> None:
    del url
    folder = root / "migrations"
    folder.mkdir(parents=True)
    for number, sql in enumerate(statements):
        (folder / f"m{number:04}.sql").write_text(f"{sql};\n")


def _sqlalchemy_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg2://").replace("mariadb://", "mysql+pymysql://")


def _yoyo_url(url: str) -> str:
    return url.replace("mariadb://", "mysql://").replace("sqlite:///./", "sqlite:///")


PEERS = (
    Peer("alembic", _alembic, ("-m", "alembic", "upgrade", "head"), _sqlalchemy_url),
    Peer("django", _django, ("-m", "django", "migrate", "--settings=settings", "--pythonpath=."), lambda url: url),
    Peer("yoyo", _yoyo, ("-m", "yoyo", "apply", "--batch", "--no-config-file", "migrations"), _yoyo_url),
)


def environment(folder: Path) -> str:
    """Install them where nothing else is, and return the Python that has them."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def command(peer: Peer, url: str, python: str) -> list[str]:
    """Return the command line of one run."""
    words = [python, *peer.command]
    return [*words[:-1], "--database", peer.scheme(url), words[-1]] if peer.name == "yoyo" else words
