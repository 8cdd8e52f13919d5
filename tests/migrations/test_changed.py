"""An applied file that was edited or removed is refused with the difference; comments and white space do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError
from tests.migrations.workbench import FILL, LINES

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench


def test_an_edited_file_is_refused_with_the_diff(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    bench.write("202611220002_create_lines", LINES.replace("ix_lines ON", "ix_order_lines ON"))
    with pytest.raises(RefusedError) as caught:
        bench.migrate()
    assert "an applied migration has changed: 202611220002_create_lines was edited" in caught.value.message
    assert "-CREATE INDEX ix_lines ON order_lines (id)\n+CREATE INDEX ix_order_lines ON" in caught.value.message
    assert "write a new migration" in caught.value.hint
    assert bench.states()["202611220002"] == "edited"


def test_an_edited_file_stops_a_rollback_too(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    bench.write("202611220002_create_lines", LINES.replace("ix_lines ON", "ix_order_lines ON"))
    with pytest.raises(RefusedError, match="202611220002_create_lines was edited"):
        bench.migrate(rollback=1)


def test_a_removed_file_is_refused_with_what_it_held(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    (bench.folder / "202611220002_create_lines.py").unlink()
    with pytest.raises(RefusedError) as caught:
        bench.migrate()
    assert "202611220002_create_lines was removed" in caught.value.message
    assert "-CREATE INDEX ix_lines ON order_lines (id)" in caught.value.message
    assert bench.states()["202611220002"] == "removed"
    assert "put it back from version control" in bench.status().err[-1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("202611220002_create_lines", "# a comment\n" + LINES, id="a comment in the Python around it"),
        pytest.param(
            "202611220002_create_lines",
            LINES.replace("CREATE INDEX ix_lines ON", "CREATE INDEX ix_lines /* why */\\n  ON"),
            id="a comment and a line break in the SQL",
        ),
        pytest.param("202611220002_create_lines", LINES.replace("(id)", "( id )"), id="spaces in parentheses"),
        pytest.param("202611220002_create_lines", LINES.replace("DOWN", "DOWN_BEFORE"), id="the way back"),
        pytest.param("202611220003_fill_orders", FILL.replace("up(db):", "up(db):  # fills"), id="a comment in up(db)"),
        pytest.param("202611220003_fill_orders", '"""Why."""\n' + FILL, id="a docstring of a data migration"),
        pytest.param(
            "202611220003_fill_orders", FILL.replace('VALUES (?, ?)",', 'VALUES (?, ?)",\n       '), id="a line break"
        ),
        pytest.param("202611220003_fill_orders", FILL.replace("DELETE FROM", "TRUNCATE"), id="the down(db)"),
    ],
)
def test_what_does_not_change_the_meaning_is_no_edit(sqlite: Workbench, name: str, text: str) -> None:
    sqlite.usual()
    sqlite.migrate()
    sqlite.write(name, text)
    assert sqlite.migrate().text.startswith("nothing to do")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("202611220002_create_lines", LINES.replace("(id)", "(ID)"), id="the case of a name"),
        pytest.param("202611220003_fill_orders", FILL.replace("first 100%", "first  100%"), id="spaces inside a text"),
        pytest.param("202611220003_fill_orders", "X = 1\n" + FILL, id="a constant of a data migration"),
    ],
)
def test_what_may_change_the_meaning_is_an_edit(sqlite: Workbench, name: str, text: str) -> None:
    sqlite.usual()
    sqlite.migrate()
    sqlite.write(name, text)
    with pytest.raises(RefusedError, match=f"{name} was edited"):
        sqlite.migrate()
