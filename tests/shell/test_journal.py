from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from arckode_gen.engine.plan import Change, Plan, Step
from arckode_gen.errors import RefusedError, UsageError
from arckode_gen.shell import journal
from arckode_gen.shell.journal import Entry, State
from tests.shell.trees import project, state

if TYPE_CHECKING:
    from pathlib import Path

PLAN = Plan(
    "make:module orders total:decimal",
    (
        Change("text.py", None, state("é\r\n"), reason="because"),
        Change("binary", state(b"\xff\x00"), state(b"", executable=True)),
        Change("gone", state("x\u2028y\n"), None),
    ),
    steps=(Step("Migrate", "arckode db:migrate"), Step("Rest")),
    notes=("a note",),
)


def begin(root: Path, plan: Plan = PLAN, undoes: str = "", ended: State = "applied") -> Entry:
    entry = journal.begin(root, plan, folders=("a", "a/b"), modes={"binary": 0o640}, undoes=undoes)
    journal.settle(root, entry.id, ended)
    return entry


def test_an_entry_comes_back_as_it_was_written(tmp_path: Path) -> None:
    entry = begin(project(tmp_path), ended="pending")
    assert journal.load(tmp_path, entry.id) == entry
    assert journal.unfinished(tmp_path) == entry.id


def test_the_history_is_ignored_by_git_on_its_own(tmp_path: Path) -> None:
    begin(project(tmp_path))
    assert (tmp_path / ".arckode/history/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("make:module orders total:decimal", "0001-make-module-orders", id="the command and its name"),
        pytest.param("make:auth --force", "0001-make-auth", id="no flags"),
        pytest.param("make:module ../../Órders", "0001-make-module-rders", id="nothing that is special in a path"),
        pytest.param("", "0001-change", id="something even for nothing"),
    ],
)
def test_an_id_is_a_number_and_the_command(command: str, expected: str, tmp_path: Path) -> None:
    assert begin(project(tmp_path), Plan(command, PLAN.changes)).id == expected


def test_numbers_go_on_after_9999_in_order(tmp_path: Path) -> None:
    (project(tmp_path) / ".arckode/history/9999-x").mkdir(parents=True)
    assert [begin(tmp_path).id, begin(tmp_path).id] == ["10000-make-module-orders", "10001-make-module-orders"]
    assert journal.ids(tmp_path)[0] == "9999-x"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        pytest.param("0002-make-module-orders", "0002-make-module-orders", id="by id"),
        pytest.param("0002", "0002-make-module-orders", id="by number"),
        pytest.param("2", "0002-make-module-orders", id="by number without zeros"),
    ],
)
def test_an_entry_is_found(name: str, found: str, tmp_path: Path) -> None:
    begin(project(tmp_path))
    begin(tmp_path)
    assert journal.load(tmp_path, name).id == found


def test_an_unknown_entry_is_refused_with_the_nearest(tmp_path: Path) -> None:
    begin(project(tmp_path))
    with pytest.raises(UsageError, match="the history has no '0001-make-modul-orders'") as caught:
        journal.load(tmp_path, "0001-make-modul-orders")
    assert caught.value.hint == "did you mean '0001-make-module-orders'?"
    with pytest.raises(UsageError, match="see `arckode undo --list`"):
        journal.load(tmp_path, "77")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param('"because"', '"because', "JSONDecodeError", id="not JSON"),
        pytest.param('"undoes"', '"undid"', "KeyError", id="a missing key"),
        pytest.param("é", "e", "do not match their digest", id="other bytes"),
        pytest.param("/wA=", "/w=", "Error", id="broken base64"),
        pytest.param('"0640"', '"rw"', "ValueError", id="bits that are none"),
        pytest.param('"0640"', "640", "TypeError", id="bits of another type"),
    ],
)
def test_a_damaged_entry_says_where_and_what_to_do(old: str, new: str, said: str, tmp_path: Path) -> None:
    entry = begin(project(tmp_path))
    file = tmp_path / ".arckode/history" / entry.id / "plan.json"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(RefusedError, match=rf"history/{entry.id}/plan\.json is damaged: .*{said}") as caught:
        journal.entries(tmp_path)
    assert f"delete .arckode/history/{entry.id}" in caught.value.hint


def test_a_damaged_state_says_what_it_holds(tmp_path: Path) -> None:
    entry = begin(project(tmp_path))
    (tmp_path / ".arckode/history" / entry.id / "state").write_text("appl")
    with pytest.raises(RefusedError, match="state is damaged: it says 'appl'"):
        journal.unfinished(tmp_path)


def test_text_in_the_journal_can_be_read_by_a_person(tmp_path: Path) -> None:
    entry = begin(project(tmp_path))
    document = json.loads((tmp_path / ".arckode/history" / entry.id / "plan.json").read_bytes())
    assert [change["after"] and change["after"]["content"] for change in document["plan"]["changes"]] == [
        "é\r\n",
        "",
        None,
    ]


@pytest.mark.parametrize(
    ("undoes", "expected"),
    [
        pytest.param(("", "1"), {"1"}, id="a command that was taken back"),
        pytest.param(("", "1", "2"), {"2"}, id="a command that was brought back"),
        pytest.param(("", "1", "2", "1"), {"1", "2"}, id="a command that was brought back and taken back again"),
        pytest.param(("", ""), set(), id="commands only"),
    ],
)
def test_what_is_undone_follows_from_the_entries(undoes: tuple[str, ...], expected: set[str]) -> None:
    history = tuple(
        Entry(str(number), PLAN, state="applied", undoes=each) for number, each in enumerate(undoes, start=1)
    )
    assert journal.undone(history) == expected


def test_an_undo_that_was_rolled_back_took_nothing_back() -> None:
    history = (Entry("1", PLAN, state="applied"), Entry("2", PLAN, state="undone", undoes="1"))
    assert journal.undone(history) == frozenset()
