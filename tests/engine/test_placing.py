"""The table of what happens to a file, row by row, with git's own merge."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from arckode_gen.engine import placing
from arckode_gen.engine.plan import FileState
from arckode_gen.shell.three_way import ThreeWay

MERGE = ThreeWay(Path.cwd(), {})
BASE = "a = 1\nb = 2\nc = 3\nd = 4\ne = 5\n"
NEW = BASE.replace("e = 5", "e = 50")
EDITED = BASE.replace("a = 1", "a = 10")
BOTH = EDITED.replace("e = 5", "e = 50")
CLASH = BASE.replace("e = 5", "e = 500")


def state(text: str | None) -> FileState | None:
    return None if text is None else FileState(text.encode())


def text_of(placed: placing.Placed) -> str | None:
    return None if placed.state is None else placed.state.text


@pytest.mark.parametrize(
    ("current", "base", "action", "text"),
    [
        pytest.param(None, None, "create", NEW, id="absent"),
        pytest.param(None, BASE, "create", NEW, id="deleted by a person, and asked for again"),
        pytest.param(NEW, BASE, "unchanged", NEW, id="what would be written anyway"),
        pytest.param(BASE, BASE, "update", NEW, id="as it was generated"),
        pytest.param(EDITED, BASE, "merge", BOTH, id="edited elsewhere"),
        pytest.param(EDITED, NEW, "unchanged", EDITED, id="edited, and nothing new to write"),
        pytest.param(EDITED, None, "exists", EDITED, id="never ours"),
    ],
)
def test_make(current: str | None, base: str | None, action: str, text: str) -> None:
    placed = placing.on_make("a.py", state(current), state(base), FileState(NEW.encode()), MERGE)
    assert (placed.action, text_of(placed)) == (action, text)


@pytest.mark.parametrize(
    ("current", "base", "new", "action", "text"),
    [
        pytest.param(None, None, NEW, "create", NEW, id="new in the template"),
        pytest.param(None, BASE, NEW, "absent", None, id="deleted by a person stays deleted"),
        pytest.param(NEW, BASE, NEW, "unchanged", NEW, id="adopted"),
        pytest.param(BASE, BASE, NEW, "update", NEW, id="as it was generated"),
        pytest.param(EDITED, BASE, NEW, "merge", BOTH, id="edited elsewhere"),
        pytest.param(BASE, BASE, None, "delete", None, id="dropped by the template"),
        pytest.param(EDITED, BASE, None, "keep", EDITED, id="edited and dropped is kept"),
        pytest.param(None, BASE, None, "absent", None, id="dropped and gone"),
    ],
)
def test_upgrade(current: str | None, base: str | None, new: str | None, action: str, text: str | None) -> None:
    placed = placing.on_upgrade("a.py", state(current), state(base), state(new), MERGE)
    assert (placed.action, text_of(placed)) == (action, text)


def test_both_sides_of_a_conflict_and_what_was_before_are_between_markers() -> None:
    placed = placing.on_upgrade("a.py", state(CLASH), state(BASE), state(NEW), MERGE)
    assert placed.action == "conflict"
    lines = (text_of(placed) or "").splitlines()
    assert lines[lines.index("<<<<<<< yours") :] == [
        "<<<<<<< yours",
        "e = 500",
        "||||||| generated before",
        "e = 5",
        "=======",
        "e = 50",
        ">>>>>>> generated now",
    ]


def test_a_file_of_a_persons_own_where_the_template_has_a_new_one_is_a_conflict_with_both() -> None:
    placed = placing.on_upgrade("a.py", state("mine = 1\n"), None, state(NEW), MERGE)
    assert placed.action == "conflict"
    assert "mine = 1" in (text_of(placed) or "")
    assert "e = 50" in (text_of(placed) or "")


@pytest.mark.parametrize(
    ("current", "base", "action"),
    [(None, BASE, "absent"), (BASE, BASE, "delete"), (EDITED, BASE, "keep"), (BASE, None, "keep")],
)
def test_destroy(current: str | None, base: str | None, action: str) -> None:
    assert placing.on_destroy("a.py", state(current), state(base), MERGE.restyled).action == action


def test_two_clean_changes_that_make_nonsense_together_are_a_conflict() -> None:
    base = "x = (\n    1,\n    2,\n    3,\n    4,\n    5,\n    6,\n)\n"
    current = base.replace("x = (\n", "x = [\n").replace("6,\n)", "6,\n]")
    new = base.replace("    3,\n", "    3,\n)\ny = (\n")
    placed = placing.on_make("a.py", state(current), state(base), FileState(new.encode()), MERGE)
    assert placed.action == "conflict"


def test_line_ends_are_the_persons() -> None:
    placed = placing.on_make("a.py", state(EDITED.replace("\n", "\r\n")), state(BASE), FileState(NEW.encode()), MERGE)
    assert (placed.action, text_of(placed)) == ("merge", BOTH.replace("\n", "\r\n"))


LONG = 'def f():\n    return call("first argument here", "second argument here", "a third argument to be long")\n'


def test_what_only_a_formatter_changed_goes_as_if_nobody_had(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 79\n")
    merge = ThreeWay(tmp_path, {"PATH": str(Path(sys.executable).parent)})
    formatted = merge._formatted("a.py", LONG.encode())
    assert formatted not in {None, LONG.encode()}
    edited = FileState((formatted or b"") + b"mine = 1\n")
    assert placing.on_destroy("a.py", FileState(formatted or b""), state(LONG), merge.restyled).action == "delete"
    assert placing.on_upgrade("a.py", FileState(formatted or b""), state(LONG), None, merge).action == "delete"
    assert placing.on_destroy("a.py", edited, state(LONG), merge.restyled).action == "keep"


@pytest.mark.parametrize("width", [79, 120])
def test_a_project_in_its_own_format_is_no_conflict(tmp_path: Path, width: int) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.ruff]\nline-length = {width}\n")
    merge = ThreeWay(tmp_path, {"PATH": str(Path(sys.executable).parent)})
    base, new = LONG, LONG.replace("return call", "return await_call")
    formatted = merge._formatted("a.py", base.encode())  # the style that the project has
    assert formatted is not None
    placed = placing.on_upgrade("a.py", FileState(formatted), state(base), state(new), merge)
    assert placed.action in {"merge", "update"}
    assert placed.state is not None
    assert b"<<<<<<<" not in placed.state.content
    assert b"await_call" in placed.state.content


GROWING = [
    pytest.param(None, BASE, "absent", id="what a person deleted stays away"),
    pytest.param(None, None, "create", id="what is new is made"),
    pytest.param(BASE, BASE, "update", id="what nobody edited becomes the new text"),
    pytest.param(EDITED, BASE, "merge", id="an edit elsewhere is merged"),
    pytest.param("mine = 1\n", None, "exists", id="a file of that name that was never ours"),
]


@pytest.mark.parametrize(("current", "base", "action"), GROWING)
def test_a_unit_that_gets_more(current: str | None, base: str | None, action: str) -> None:
    placed = placing.on_grow("a.py", state(current), state(base), FileState(NEW.encode()), MERGE)
    assert placed.action == action


TWICE = [
    pytest.param("class A:\n    x: int\n", "A.x", id="a field"),
    pytest.param("def f() -> None: ...\n", "f", id="a function"),
    pytest.param("X = 1\n", "X", id="a constant"),
]


@pytest.mark.parametrize(("declared", "name"), TWICE)
def test_a_name_that_both_sides_declare_is_a_conflict(declared: str, name: str) -> None:
    base = "class A:\n    a: int\n    b: int\n    c: int\n    d: int\n    e: int\n\n\ny = 1\nz = 2\n"
    inside = name.startswith("A.")
    current = base.replace("    a: int\n", "    x: int\n    a: int\n") if inside else declared + base
    new = base.replace("    e: int\n", "    e: int\n    x: str\n") if inside else base + declared
    placed = placing.on_make("a.py", state(current), state(base), FileState(new.encode()), MERGE)
    assert (placed.action, placed.why) == ("conflict", f"both declare {name}")


def test_what_a_person_declared_twice_is_theirs() -> None:
    base = "a = 1\nb = 2\nc = 3\nd = 4\n"
    placed = placing.on_make("a.py", state("a = 0\n" + base), state(base), FileState(f"{base}e = 5\n".encode()), MERGE)
    assert placed.action == "merge"
