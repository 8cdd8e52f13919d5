"""A run with nothing to do imports the driver and little else."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

PROBE = """
import sys
from arckode_gen.__main__ import main
code = main(["db:migrate"])
print(code, *sorted(name for name in sys.modules if "." not in name))
"""
HEAVY = {"sqlalchemy", "sqlglot", "typer", "rich", "jinja2", "yaml", "copier", "pydantic", "libcst"}


def modules(bench: Workbench) -> set[str]:
    environ = {**os.environ, "DATABASE_URL": bench.url}
    environ.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=bench.root, env=environ, capture_output=True, text=True, check=True
    )
    code, *modules = done.stdout.splitlines()[-1].split()
    assert code == "0"
    return set(modules)


def test_a_run_with_nothing_to_do_imports_nothing_heavy(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    assert not modules(bench) & HEAVY


def test_on_sqlite_it_does_not_even_import_the_event_loop(sqlite: Workbench) -> None:
    sqlite.usual()
    sqlite.migrate()
    assert "asyncio" not in modules(sqlite)


@pytest.mark.postgres
def test_a_run_with_nothing_to_do_takes_no_lock(postgres: Workbench) -> None:
    postgres.usual()
    postgres.migrate()
    postgres.fetch("SELECT pg_advisory_lock(1)")
    assert postgres.migrate(lock_timeout=0).text.startswith("nothing to do")
