"""The short way of a run with nothing to do says what the long way says, and leaves everything else to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from arckode_gen.migrations import idle
from tests.migrations.workbench import LINES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.migrations.workbench import Workbench


def _idle(bench: Workbench, *words: str, **environ: str) -> tuple[str, str] | None:
    known = {"DATABASE_URL": bench.url, **environ}
    return idle.answer(
        words or ("db:migrate",), {name: value for name, value in known.items() if value}, str(bench.root)
    )


def test_it_says_what_the_command_says(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    said = bench.migrate()
    assert _idle(bench) == (said.out[0], said.err[0])


def test_it_finds_the_project_from_below_and_the_url_in_env(sqlite: Workbench) -> None:
    sqlite.usual()
    sqlite.migrate()
    (sqlite.root / ".env").write_text("OTHER=1\ndatabase_url=sqlite:///./shop.db\n")
    assert idle.answer(("db:migrate",), {}, str(sqlite.folder)) is not None
    (sqlite.root / ".env").write_text("OTHER=1\n")
    assert idle.answer(("db:migrate",), {}, str(sqlite.folder)) is not None
    assert idle.answer(("db:migrate",), {"ENVIRONMENT": "production"}, str(sqlite.folder)) is None


def _edited(bench: Workbench) -> None:
    bench.write("202611220002_create_lines", f"# a comment\n{LINES}")


def _pending(bench: Workbench) -> None:
    bench.write("202611220009_more", 'UP = {"*": []}')


def _removed(bench: Workbench) -> None:
    (bench.folder / "202611220002_create_lines.py").unlink()


def _misnamed(bench: Workbench) -> None:
    bench.write("more", 'UP = {"*": []}')


def _unfinished(bench: Workbench) -> None:
    bench.fetch("UPDATE _arckode_migrations SET status = 'failed' WHERE entry = 2")


def _rolled_back(bench: Workbench) -> None:
    bench.migrate(rollback=1)


def _configured(bench: Workbench) -> None:
    (bench.root / "pyproject.toml").write_text('[tool.arckode]\nmigrations = "elsewhere"\n')


def _interrupted(bench: Workbench) -> None:
    folder = bench.root / ".arckode/history/0001-make-module"
    folder.mkdir(parents=True)
    (folder / "state").write_text("pending\n")


def _without_a_table(bench: Workbench) -> None:
    bench.fetch("DROP TABLE _arckode_migrations")


def _other_interpreter(bench: Workbench) -> None:
    (bench.root / ".venv/bin").mkdir(parents=True)
    (bench.root / ".venv/bin/python").symlink_to(os.path.realpath("/bin/sh"))


CASES = (
    _edited,
    _pending,
    _removed,
    _misnamed,
    _unfinished,
    _rolled_back,
    _configured,
    _interrupted,
    _without_a_table,
    _other_interpreter,
)


@pytest.mark.parametrize("change", CASES, ids=[case.__name__.strip("_") for case in CASES])
def test_it_leaves_to_the_command_what_is_not_as_it_was_applied(
    sqlite: Workbench, change: Callable[[Workbench], None]
) -> None:
    sqlite.usual()
    sqlite.migrate()
    change(sqlite)
    assert _idle(sqlite) is None


def test_other_words_and_other_databases_are_left_to_the_command(sqlite: Workbench) -> None:
    sqlite.usual()
    sqlite.migrate()
    assert _idle(sqlite, "db:migrate", "--json") is None
    for url in ("sqlite://", "sqlite:///./shop.db?mode=ro", "nonsense", "postgresql://nobody@127.0.0.1:1/x"):
        assert _idle(sqlite, DATABASE_URL=url) is None
