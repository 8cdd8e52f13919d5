"""`db:status` for a person, for a pipe and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.commands import db_status
from arckode_gen.engine.spec import Call
from arckode_gen.errors import OperationError
from tests.migrations.workbench import LINES

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench


def test_in_a_pipe_it_is_plain_columns(bench: Workbench) -> None:
    bench.usual()
    bench.migrate(to="202611220002")
    lines = bench.status().text.splitlines()
    assert lines[0].split() == ["migration", "state", "batch", "applied", "at", "statements"]
    assert lines[1].split()[:3] == ["202611220001_create_orders", "applied", "1"]
    assert lines[3].split() == ["202611220003_fill_orders", "pending"]


def test_on_a_terminal_it_is_a_table_without_colours_when_they_are_unwanted(sqlite: Workbench) -> None:
    sqlite.usual()
    out: list[str] = []
    environ = {"DATABASE_URL": sqlite.url, "NO_COLOR": "1"}
    call = Call(db_status.SPEC, sqlite.root, {}, out.append, out.append, interactive=True, environ=environ)
    assert db_status.run(call) == 0
    assert "│ 202611220001_create_orders │ pending" in "\n".join(out)
    assert "\x1b[33m" not in "\n".join(out)


def test_what_broke_off_is_named_with_its_error_and_the_way_on(mariadb: Workbench) -> None:
    mariadb.write("202611220001_lines", LINES.replace("ON order_lines", "ON nowhere"))
    with pytest.raises(OperationError, match="nowhere"):
        mariadb.migrate()
    said = mariadb.status()
    assert said.text.splitlines()[1].split() == ["202611220001_lines", "unfinished", "1", "1/2"]
    assert said.err[-2].startswith("202611220001_lines broke off after 1/2 statements: Table ")
    assert said.err[-1].startswith("finish what broke off with: arckode db:migrate; a rollback that did with: ")


def test_as_json_it_is_one_object(bench: Workbench) -> None:
    bench.usual()
    bench.migrate(to="202611220002")
    bench.write("202611220002_create_lines", LINES.replace("ix_lines", "ix"))
    document = bench.status(json=True).document
    assert document["version"] == 1
    assert document["dialect"] == bench.dialect
    assert document["summary"] == {"applied": 1, "pending": 1, "edited": 1, "removed": 0, "unfinished": 0}


def test_check_is_1_until_everything_is_applied(sqlite: Workbench) -> None:
    sqlite.usual()
    assert sqlite.status(check=True).code == 1
    assert sqlite.status().code == 0
    sqlite.migrate()
    assert sqlite.status(check=True).code == 0


def test_without_migrations_it_says_so_and_makes_no_file(sqlite: Workbench) -> None:
    assert sqlite.status().text == "no migrations in src/shop/migrations and none applied on sqlite ./shop.db"
    assert not (sqlite.root / "shop.db").exists()
    assert sqlite.migrate().text == "nothing to do: 0 migrations applied on sqlite ./shop.db"
