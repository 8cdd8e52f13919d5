"""`db:repair` lists what is not as it was applied, and settles it the one way that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError, RefusedError, UsageError
from tests.migrations.workbench import LINES

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

EDITED = LINES.replace("ix_lines ON", "ix_order_lines ON")


def test_nothing_is_wrong_with_what_was_just_applied(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    said = bench.repair()
    assert (said.code, said.text.startswith("nothing to repair on ")) == (0, True)


def test_an_edited_file_is_accepted_when_a_person_says_so(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    bench.write("202611220002_create_lines", EDITED)
    with pytest.raises(RefusedError) as caught:
        bench.migrate()
    assert "or `arckode db:repair 202611220002_create_lines --accept`" in caught.value.hint
    assert bench.repair().code == 1
    assert "is edited (2/2 statements): `arckode db:repair" in bench.repair().text
    assert bench.repair(name="202611220002", accept=True).out[0] == "accepted 202611220002_create_lines as it is now"
    assert bench.migrate().text.startswith("nothing to do")
    assert "ix_order_lines" in str(bench.rows()[1]["applied_sql"])


def test_a_removed_file_is_forgotten_and_its_row_kept(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    (bench.folder / "202611220002_create_lines.py").unlink()
    with pytest.raises(RefusedError, match="create_lines was removed"):
        bench.migrate()
    assert bench.repair(name="create_lines", forget=True).code == 0
    assert [row["status"] for row in bench.rows()] == ["applied", "forgotten", "applied"]
    assert bench.migrate().text.startswith("nothing to do: 2 migrations applied")


@pytest.mark.mariadb
@pytest.mark.parametrize("took_effect", [True, False])
def test_the_statement_in_doubt_is_settled_by_a_person(mariadb: Workbench, took_effect: bool) -> None:
    mariadb.write("202611220001_first", 'UP = {"*": ["CREATE TABLE a (id INT)", "CREATE SEQUENCE s"]}')
    mariadb.migrate()
    mariadb.fetch("UPDATE _arckode_migrations SET status = 'running', statements_done = 1, finished_at = NULL")
    if not took_effect:
        mariadb.fetch("DROP SEQUENCE s")
    with pytest.raises(OperationError) as caught:
        mariadb.migrate()
    assert "db:repair 202611220001_first --done 2` if it took effect, --done 1 if it did not" in caught.value.hint
    said = mariadb.repair(name="202611220001", done=2 if took_effect else 1)
    assert f"{2 if took_effect else 1} of 2 statements have taken effect" in said.out[0]
    assert mariadb.migrate().code == 0
    assert mariadb.rows()[0]["status"] == "applied"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"name": "create_lines"}, "settles one migration in one way", id="a name without a choice"),
        pytest.param({"accept": True}, "settles one migration in one way", id="a choice without a name"),
        pytest.param({"name": "x", "accept": True, "forget": True}, "--accept and --forget exclude", id="two choices"),
        pytest.param({"name": "invoices", "accept": True}, "no migration is called 'invoices'", id="an unknown name"),
    ],
)
def test_words_that_make_no_sense_are_refused(sqlite: Workbench, values: dict[str, str | bool], message: str) -> None:
    sqlite.usual()
    sqlite.migrate()
    with pytest.raises(UsageError, match=message):
        sqlite.repair(**values)


def test_a_choice_that_does_not_fit_the_state_is_refused(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    with pytest.raises(RefusedError, match="create_lines is applied, so there is nothing to forget"):
        bench.repair(name="create_lines", forget=True)


@pytest.mark.mariadb
def test_more_statements_than_there_are_cannot_have_taken_effect(mariadb: Workbench) -> None:
    mariadb.write("202611220001_first", 'UP = {"*": ["CREATE TABLE a (id INT)", "CREATE TABLE b (id INT"]}')
    with pytest.raises(OperationError):
        mariadb.migrate()
    with pytest.raises(UsageError, match="--done 3: 202611220001_first has 2 statements"):
        mariadb.repair(name="202611220001", done=3)
