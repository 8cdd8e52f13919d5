from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.commands import undo
from arckode_gen.engine.spec import Call, Value
from arckode_gen.errors import RefusedError, UsageError
from arckode_gen.shell.apply import apply
from arckode_gen.shell.journal import ids
from tests.commands.calls import call
from tests.shell.trees import MANIFEST, plan, plant, project, tree

if TYPE_CHECKING:
    from arckode_gen.engine.plan import FileState

REPOSITORY = Path(__file__).parents[2]
ROOT = "composition_root.py"
EMPTY = b"import first\n\n\ndef compose():\n    first()\n"
ORDERS = b"import first\nimport orders\n\n\ndef compose():\n    first()\n    orders()\n"
BOTH = b"import apples\nimport first\nimport orders\n\n\ndef compose():\n    apples()\n    first()\n    orders()\n"
APPLES = b"import apples\nimport first\n\n\ndef compose():\n    apples()\n    first()\n"
ADJACENT = b"import first\nimport orders\nimport pears\n\n\ndef compose():\n    first()\n    orders()\n    pears()\n"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A project and what `arckode undo` said about it."""

    root: Path
    written: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def make(self, name: str, files: dict[str, bytes | FileState | None]) -> str:
        return apply(self.root, plan(self.root, files, f"make:module {name}")).id

    def undo(self, name: str = "", **values: Value) -> int:
        self.written.clear()
        self.said.clear()
        return undo.run(
            Call(
                undo.SPEC,
                self.root,
                {"id": name or None, **values},
                self.written.append,
                self.said.append,
                json=values.get("json") is True,
            )
        )

    def tree(self) -> dict[str, str]:
        return tree(self.root)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(project(tmp_path, {ROOT: EMPTY, "readme.md": b"hello\n"}))


def test_the_last_command_is_taken_back_and_the_way_to_bring_it_back_is_said(terminal: Terminal) -> None:
    old = terminal.tree()
    terminal.make("orders", {ROOT: ORDERS, "orders/service.py": b"x = 1\n"})
    assert terminal.undo() == 0
    assert terminal.tree() == old
    assert terminal.written == [f"update  {ROOT}  69 B -> 42 B\ndelete  orders/service.py  6 B"]
    assert terminal.said == [
        "0001-make-module-orders is undone; `arckode undo 0002-undo-0001-make-module-orders` brings it back"
    ]


def test_undoing_again_goes_one_further_back(terminal: Terminal) -> None:
    trees = [terminal.tree()]
    for name in ("a", "b", "c"):
        terminal.make(name, {f"{name}.py": b"x = 1\n", ROOT: EMPTY + f"# {name}\n".encode()})
        trees.append(terminal.tree())
    for expected in (trees[2], trees[1], trees[0]):
        assert terminal.undo() == 0
        assert terminal.tree() == expected
    assert terminal.undo() == 0
    assert terminal.said == ["there is nothing to undo"]
    assert terminal.tree() == trees[0]


def test_undoing_an_undo_brings_the_command_back_and_it_can_be_undone_again(terminal: Terminal) -> None:
    old = terminal.tree()
    terminal.make("orders", {"orders/service.py": b"x = 1\n"})
    new = terminal.tree()
    terminal.undo()
    assert terminal.undo("2") == 0
    assert terminal.tree() == new
    assert terminal.undo() == 0
    assert terminal.tree() == old


def test_edits_in_other_files_do_not_matter(terminal: Terminal) -> None:
    terminal.make("orders", {"orders/service.py": b"x = 1\n"})
    plant(terminal.root, {"readme.md": b"mine\n", "orders/notes.txt": b"mine\n"})
    assert terminal.undo() == 0
    assert (terminal.root / "readme.md").read_bytes() == b"mine\n"
    assert [path.name for path in (terminal.root / "orders").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param({"orders/service.py": b"mine = 1\n"}, id="a file it made was edited"),
        pytest.param({"orders/service.py": b"mine = 1\n", ROOT: b"mine = 1\n"}, id="two files were edited"),
    ],
)
def test_a_file_that_was_edited_since_is_named_and_nothing_changes(edits: dict[str, bytes], terminal: Terminal) -> None:
    terminal.make("orders", {ROOT: ORDERS, "orders/service.py": b"x = 1\n", "orders/model.py": b"y = 1\n"})
    plant(terminal.root, edits)
    old = terminal.tree()
    with pytest.raises(
        RefusedError, match="0001-make-module-orders cannot be undone, so nothing was changed:"
    ) as caught:
        terminal.undo()
    assert caught.value.message.splitlines()[1:] == [f"  {path} was edited since" for path in sorted(edits)]
    assert caught.value.exit_code == 3
    assert terminal.tree() == old


def test_a_file_that_someone_put_back_by_hand_is_no_obstacle(terminal: Terminal) -> None:
    old = terminal.tree()
    terminal.make("orders", {ROOT: ORDERS, "orders.py": b"x = 1\n"})
    (terminal.root / "orders.py").unlink()
    plant(terminal.root, {ROOT: EMPTY})
    assert terminal.undo() == 0
    assert terminal.tree() == old
    assert terminal.undo() == 0
    assert terminal.said == ["there is nothing to undo"]


def test_a_file_that_a_later_command_changed_elsewhere_is_merged(terminal: Terminal) -> None:
    terminal.make("orders", {ROOT: ORDERS, "orders.py": b"x = 1\n"})
    terminal.make("apples", {ROOT: BOTH, "apples.py": b"y = 1\n"})
    assert terminal.undo("1") == 0
    assert (terminal.root / ROOT).read_bytes() == APPLES
    assert not (terminal.root / "orders.py").exists()
    assert "note: composition_root.py was merged with later changes" in terminal.written[0]
    assert terminal.undo() == 0
    assert (terminal.root / ROOT).read_bytes() == EMPTY


def test_a_folder_goes_with_the_last_command_that_has_files_in_it_whatever_the_order(terminal: Terminal) -> None:
    old = terminal.tree()
    terminal.make("orders", {"modules/orders.py": b"x = 1\n"})
    terminal.make("apples", {"modules/apples.py": b"x = 1\n"})
    terminal.undo("1")
    assert terminal.tree() == {**old, "modules": "folder", "modules/apples.py": "644 b'x = 1\\n'"}
    terminal.undo("2")
    assert terminal.tree() == old


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        pytest.param({ROOT: ORDERS}, {ROOT: ADJACENT}, ROOT, id="the same lines"),
        pytest.param({"orders.py": b"x = 1\n"}, {"orders.py": b"x = 2\n"}, "orders.py", id="a file the first one made"),
        pytest.param({"i": b"\0"}, {"i": b"\0\0"}, "i", id="a binary file"),
        pytest.param(
            {ROOT: b"def f():\n    a = 1\n\n\n\n    pass\n"},
            {ROOT: b"def f():\n    a = 1\n\n\n\n    pass\n    b = (a,\n"},
            ROOT,
            id="a merge that is no Python",
        ),
    ],
)
def test_what_a_later_command_changed_too_is_refused_and_names_it(
    first: dict[str, bytes | FileState | None],
    second: dict[str, bytes | FileState | None],
    path: str,
    terminal: Terminal,
) -> None:
    terminal.make("orders", {**first, "other.py": b"x = 1\n"})
    terminal.make("pears", second)
    old = terminal.tree()
    with pytest.raises(RefusedError) as caught:
        terminal.undo("0001")
    assert caught.value.message.splitlines()[1:] == [
        f"  {path} was changed in the same lines by 0002-make-module-pears"
    ]
    assert "later commands with `arckode undo`" in caught.value.hint
    assert terminal.tree() == old


def test_an_edit_elsewhere_in_a_file_that_was_there_before_is_merged(terminal: Terminal) -> None:
    terminal.make("orders", {ROOT: ORDERS})
    plant(terminal.root, {ROOT: b'"""Mine."""\n\n' + ORDERS})
    assert terminal.undo() == 0
    assert (terminal.root / ROOT).read_bytes() == b'"""Mine."""\n\n' + EMPTY


def test_an_edit_of_the_same_lines_is_refused(terminal: Terminal) -> None:
    terminal.make("orders", {ROOT: ORDERS})
    plant(terminal.root, {ROOT: ORDERS.replace(b"    orders()\n", b"    orders(1)\n")})
    with pytest.raises(RefusedError, match=rf"{ROOT} was edited since"):
        terminal.undo("1")


def test_a_dry_run_shows_and_changes_nothing(terminal: Terminal) -> None:
    terminal.make("orders", {"orders.py": b"x = 1\n"})
    everything = {path: path.stat().st_mtime_ns for path in terminal.root.rglob("*")}
    assert terminal.undo(dry_run=True) == 0
    assert terminal.written == ["delete  orders.py  6 B"]
    assert terminal.undo(dry_run=True, diff=True) == 0
    assert terminal.written[0].endswith("--- a/orders.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x = 1")
    assert terminal.said == []
    assert {path: path.stat().st_mtime_ns for path in terminal.root.rglob("*")} == everything


def test_json_is_the_plan_with_both_ids(terminal: Terminal) -> None:
    terminal.make("orders", {"orders.py": b"x = 1\n"})
    terminal.undo(json=True)
    document = json.loads(terminal.written[0])
    assert document["undoes"] == "0001-make-module-orders"
    assert document["id"] == "0002-undo-0001-make-module-orders"
    assert [(change["path"], change["action"]) for change in document["changes"]] == [("orders.py", "delete")]
    terminal.undo(json=True)
    assert json.loads(terminal.written[0])["changes"] == []


def test_the_list_says_what_is_undone(terminal: Terminal) -> None:
    terminal.make("orders", {"orders.py": b"x = 1\n"})
    terminal.make("apples", {"apples.py": b"x = 1\n"})
    terminal.undo()
    terminal.undo(list=True)
    assert terminal.written[0].splitlines() == [
        "0003-undo-0002-make-module-apples  applied  1 file  undo 0002-make-module-apples",
        "0002-make-module-apples  undone  1 file  make:module apples",
        "0001-make-module-orders  applied  1 file  make:module orders",
    ]
    terminal.undo(list=True, json=True)
    assert json.loads(terminal.written[0])["entries"][0] == {
        "id": "0003-undo-0002-make-module-apples",
        "command": "undo 0002-make-module-apples",
        "state": "applied",
        "files": 1,
        "undoes": "0002-make-module-apples",
    }


def test_an_empty_history_has_an_empty_list(terminal: Terminal) -> None:
    assert terminal.undo(list=True) == 0
    assert terminal.said == ["there is nothing to undo"]


def test_what_is_undone_already_is_left_alone(terminal: Terminal) -> None:
    terminal.make("orders", {"orders.py": b"x = 1\n"})
    terminal.undo()
    assert terminal.undo("1") == 0
    assert terminal.said == ["0001-make-module-orders is undone already; see `arckode undo --list`"]


def test_the_command_that_made_the_project_is_never_undone(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.make("shop", {".arckode/project.json": MANIFEST, "main.py": b"x = 1\n"})
    assert terminal.undo() == 0
    assert terminal.said == ["there is nothing to undo"]
    with pytest.raises(RefusedError, match="0001-make-module-shop made this project"):
        terminal.undo("1")


def test_an_unknown_id_is_a_usage_error(terminal: Terminal) -> None:
    with pytest.raises(UsageError, match="the history has no '9'"):
        terminal.undo("9")


def test_outside_a_project_there_is_nothing_to_undo_in(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not inside an arckode project"):
        Terminal(tmp_path).undo()


def test_a_damaged_journal_is_said_and_changes_nothing(terminal: Terminal) -> None:
    terminal.make("orders", {"orders.py": b"x = 1\n"})
    (terminal.root / ".arckode/history/0001-make-module-orders/plan.json").write_text("[]")
    old = terminal.tree()
    with pytest.raises(RefusedError, match=r"0001-make-module-orders/plan\.json is damaged"):
        terminal.undo()
    assert terminal.tree() == old


def test_undo_waits_for_another_command_and_then_sees_what_it_did(terminal: Terminal) -> None:
    terminal.make("orders", {ROOT: ORDERS})
    script = (
        "import sys, time; from pathlib import Path; from arckode_gen.shell.lock import hold\n"
        "from arckode_gen.shell.apply import apply; from tests.shell.trees import plan\n"
        "root = Path(sys.argv[1])\n"
        "with hold(root) as held:\n"
        "    print('held', flush=True); time.sleep(0.4)\n"
        "    apply(root, plan(root, {'late.py': b'x = 1\\n'}, 'make:module late'), held=held)\n"
    )
    words = [sys.executable, "-c", script, str(terminal.root)]
    with subprocess.Popen(words, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as making:
        assert making.stdout is not None
        assert making.stdout.readline() == "held\n"
        assert terminal.undo() == 0
    assert not (terminal.root / "late.py").exists()
    assert (terminal.root / ROOT).read_bytes() == ORDERS


def test_a_make_that_was_planned_before_an_undo_is_refused(terminal: Terminal) -> None:
    terminal.make("orders", {ROOT: ORDERS})
    planned = plan(terminal.root, {ROOT: BOTH}, "make:module apples")
    terminal.undo()
    with pytest.raises(RefusedError, match=rf"{ROOT} was edited"):
        apply(terminal.root, planned)


def test_what_stands_below_later_commands_names_the_destroy_that_takes_only_it_out(shop: Path) -> None:
    call(shop, "make:field", "orders", "a_mark:int:null")
    call(shop, "make:field", "orders", "b_mark:int:null")
    number = ids(shop)[-2]
    before = tree(shop)
    with pytest.raises(RefusedError, match=rf"model\.py was changed in the same lines by {ids(shop)[-1]}") as caught:
        call(shop, "undo", number)
    assert caught.value.hint.endswith("or take out only what it made: `arckode destroy:field orders a_mark`")
    assert tree(shop) == before
    assert call(shop, "destroy:field", "orders", "a_mark").code == 0
    with pytest.raises(RefusedError, match="make-module-orders cannot be undone") as caught:
        call(shop, "undo", "2")
    assert caught.value.hint.endswith("`arckode destroy:module orders`")


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((("make:job", "send_a"), ("make:job", "send_b")), id="a part of the kernel"),
        pytest.param((("make:helper", "first"), ("make:helper", "second")), id="a package"),
    ],
)
def test_what_a_later_command_has_as_well_is_not_taken_away(shop: Path, lines: tuple[tuple[str, ...], ...]) -> None:
    for line in lines:
        call(shop, *line)
    entry = ids(shop)[-2]
    before = tree(shop)
    kind, name = lines[1][0].removeprefix("make:"), lines[1][1]
    with pytest.raises(RefusedError, match=f"the {kind} '{name}' uses files that it made") as caught:
        call(shop, "undo", entry)
    assert caught.value.hint.endswith(f"or take out only what nothing else has: `arckode destroy:{kind} {lines[0][1]}`")
    assert tree(shop) == before
    call(shop, "undo")
    assert call(shop, "undo", entry).code == 0


def test_each_thing_that_needs_it_is_named_with_the_words_that_take_it_out(shop: Path) -> None:
    call(shop, "make:module", "tags", "label")
    entry = ids(shop)[-1]
    call(shop, "make:connector", "orders", "tags")
    with pytest.raises(RefusedError, match="the connector 'orders_tags' cannot do without it") as caught:
        call(shop, "undo", entry)
    assert caught.value.hint == "destroy what needs it first: `arckode destroy:connector orders tags`"


def test_the_list_names_what_was_made_in_the_words_that_make_it(shop: Path) -> None:
    call(shop, "make:usecase", "orders", "ship_order")
    call(shop, "destroy:usecase", "orders", "ship_order")
    lines = call(shop, "undo", "--list").out.splitlines()
    assert [line.rpartition("  ")[2] for line in lines[:2]] == [
        "destroy:usecase orders ship_order",
        "make:usecase orders ship_order",
    ]
