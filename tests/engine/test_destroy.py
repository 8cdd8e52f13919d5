"""destroy: the exact inverse of make, also when other things were made in between; what was edited stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from arckode_gen import commands, resources
from arckode_gen.commands import _generate
from arckode_gen.engine import agreed_drops, destroy, reversal, stubs, units, words
from arckode_gen.engine.placing import refuse_to_merge
from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import PROJECT_FILE, Memory
from arckode_gen.errors import RefusedError
from tests.stubs.golden import TODAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_gen.engine.placing import Merged
    from arckode_gen.engine.plan import Plan

MANIFEST = {"arckode": "0", "format": 1, "name": "shop", "package": "shop", "options": {}}
ROOT = "src/shop/composition_root.py"
START = {
    PROJECT_FILE: FileState(json.dumps(MANIFEST).encode()),
    ROOT: FileState(b"def compose(settings):\n    kernel = Kernel(settings)\n    return kernel\n"),
}
CREATE = "src/shop/migrations/202611220001_create_customers.py"
SERVICE = "src/shop/modules/customers/service.py"


class Unmerged:
    """No file needs a merge here, and none is in a format of the project's own."""

    def __call__(self, path: str, base: bytes, current: bytes, new: bytes) -> Merged:
        return refuse_to_merge(path, base, current, new)

    def restyled(self, path: str, base: bytes, current: bytes) -> bool:
        return False


def after(files: Mapping[str, FileState], plan: Plan) -> dict[str, FileState]:
    result = dict(files)
    for change in plan.changes:
        if change.after is None:
            result.pop(change.path, None)
        else:
            result[change.path] = change.after
    return result


def make(files: Mapping[str, FileState], line: str, cwd: Path) -> dict[str, FileState]:
    name, *rest = line.split()
    spec = commands.find(name, cwd).spec
    stub = stubs.load(resources.folder("stubs") / name.removeprefix("make:"))
    values = words.read(spec, words.normalise(spec, rest))
    assert values is not None
    return after(files, _generate.plan(stub, values, Memory(files), TODAY))


def take_out(
    files: Mapping[str, FileState], kind: str, name: str, held: Mapping[str, str] | None = None
) -> tuple[dict[str, FileState], tuple[str, ...]]:
    unit = units.load(Memory(files), kind, name)
    assert unit is not None
    found = destroy.plan(unit, Memory(files), held=held or {}, merge=Unmerged())
    return after(files, found.plan), found.kept


@pytest.mark.parametrize("before", [[], ["make:module customers name"], ["make:module pets name"]])
def test_what_was_made_is_gone_and_nothing_else(before: list[str], tmp_path: Path) -> None:
    files: dict[str, FileState] = dict(START)
    for line in before:
        files = make(files, line, tmp_path)
    made = make(files, "make:module orders total:int status:enum=draft/paid", tmp_path)
    assert take_out(made, "module", "orders") == (files, ())


def test_what_was_made_in_between_stays(tmp_path: Path) -> None:
    both = make(make(START, "make:module orders total:int", tmp_path), "make:module pets name", tmp_path)
    left, kept = take_out(both, "module", "orders")
    alone = make(START, "make:module pets name", tmp_path)
    stamps = {path.replace("202611220002", "202611220001") for path in left}
    assert stamps == set(alone)
    assert left[ROOT] == alone[ROOT]
    assert kept == ()


def test_a_file_that_was_edited_is_kept_and_named(tmp_path: Path) -> None:
    made = make(START, "make:module customers name", tmp_path)
    edited = {**made, SERVICE: FileState(made[SERVICE].content + b"# mine\n")}
    left, kept = take_out(edited, "module", "customers")
    assert left == {**START, SERVICE: edited[SERVICE]}
    advice = "delete it yourself, or `arckode undo` and then `arckode destroy:module customers --force`"
    assert kept == (f"{SERVICE}: edited since it was generated; {advice}",)


def test_a_registration_that_a_person_changed_is_kept_and_named(tmp_path: Path) -> None:
    made = make(START, "make:module customers name", tmp_path)
    root = made[ROOT].content.replace(b"register_customers(kernel)", b"register_customers(kernel, 3)")
    left, kept = take_out({**made, ROOT: FileState(root)}, "module", "customers")
    assert b"register_customers(kernel, 3)" in left[ROOT].content
    assert any("register_customers(kernel)" in line and "take it out yourself" in line for line in kept)


def test_nothing_goes_while_the_root_is_no_python(tmp_path: Path) -> None:
    made = make(START, "make:module customers name", tmp_path)
    broken = {**made, ROOT: FileState(made[ROOT].content + b"def (\n")}
    with pytest.raises(RefusedError, match=r"composition_root\.py is not valid Python") as caught:
        take_out(broken, "module", "customers")
    assert caught.value.hint == f"put {ROOT} right, then run this again"


def test_no_flag_is_advised_where_only_the_root_is_in_the_way(tmp_path: Path) -> None:
    broken = {**START, ROOT: FileState(START[ROOT].content + b"def (\n")}
    with pytest.raises(RefusedError) as caught:
        make(broken, "make:module customers name --force", tmp_path)
    assert caught.value.hint == "put right what is said of each file, then run this again"


def test_what_others_need_is_refused_with_who_and_what_to_do(tmp_path: Path) -> None:
    files = make(START, "make:module customers name", tmp_path)
    files = make(files, "make:module orders customer:belongs_to=customers", tmp_path)
    with pytest.raises(RefusedError, match="is needed by the module 'orders'; nothing was changed") as caught:
        take_out(files, "module", "customers")
    assert "arckode destroy:module orders" in caught.value.hint


def test_there_is_a_remedy_for_each_that_needs_it(tmp_path: Path) -> None:
    files = make(START, "make:module customers name", tmp_path)
    for line in (
        "make:module orders customer:belongs_to=customers",
        "make:module visits customer:belongs_to=customers",
    ):
        files = make(files, line, tmp_path)
    with pytest.raises(RefusedError) as caught:
        take_out(files, "module", "customers")
    assert "`arckode destroy:module orders`" in caught.value.hint
    assert "`arckode destroy:module visits`" in caught.value.hint


def test_a_migration_that_others_have_stays_and_its_inverse_is_written(tmp_path: Path) -> None:
    made = make(START, "make:module customers name", tmp_path)
    left, kept = take_out(made, "module", "customers", {CREATE: "202611230001"})
    drop = "src/shop/migrations/202611230001_drop_customers.py"
    assert left[CREATE] == made[CREATE]
    agreed = "# arckode: ignore[ARC207] destroy:module customers took the code out; release that first"
    up = 'UP = {\n    "*": [\n        "DROP TABLE customers",'
    assert left[drop].text.startswith(f'"""Drop customers."""\n\n{agreed}\n{up}')
    assert set(left) == {*START, CREATE, drop}
    assert kept == ()


def test_a_migration_in_code_is_left_to_a_person(tmp_path: Path) -> None:
    made = make(START, "make:module customers name", tmp_path)
    code = {**made, CREATE: FileState(b"async def up(db): ...\n")}
    _, kept = take_out(code, "module", "customers", {CREATE: "202611230001"})
    assert kept[0].startswith(f"{CREATE}: applied or committed, and its DOWN cannot be read")


@pytest.mark.parametrize(
    ("slug", "wanted"),
    [
        ("create_orders", "drop_orders"),
        ("add_note_to_orders", "remove_note_from_orders"),
        ("split_names", "undo_split_names"),
    ],
)
def test_the_inverse_of_a_migration_is_named_for_what_it_does(slug: str, wanted: str) -> None:
    source = '"""x"""\n\nUP = ["a"]\n\nDOWN = ["b"]\n'
    found = reversal.reverse(f"m/202611220001_{slug}.py", source, "202611230001", "why")
    assert found is not None
    path, text = found
    assert path == f"m/202611230001_{wanted}.py"
    assert text == f'"""{wanted.replace("_", " ").capitalize()}."""\n\nUP = ["b"]\n\nDOWN = ["a"]\n'
    back = reversal.reverse(path, text, "202611240001", "why")
    assert back is not None
    assert back[1].endswith('UP = ["a"]\n\nDOWN = ["b"]\n')


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("src/shop/modules/orders/paying.py", "from shop.kernel import cache, bus\n"),
        ("src/shop/modules/orders/paying.py", "from shop.kernel import (\n    cache,\n    bus,\n)\n"),
        ("src/shop/modules/orders/paying.py", "from ...kernel.bus import EventBus\n"),
        ("src/shop/modules/orders/paying.py", "from ...kernel import bus\n"),
        ("src/shop/kernel/mine.py", "from . import bus\n"),
        ("src/shop/modules/orders/paying.py", "import shop.kernel.bus as bus\n"),
        ("src/shop/modules/orders/paying.py", "from shop.kernel import bus\n\nnot python\n"),
        ("src/shop/a/b/c/d/e/f/paying.py", "from shop.kernel.bus import EventBus\n"),
    ],
)
def test_a_part_of_the_kernel_that_other_code_imports_stays(path: str, source: str) -> None:
    bus = "src/shop/kernel/bus.py"
    state = FileState(b"class EventBus: ...\n")
    unit = units.Unit("event", "paid", 1, {}, files={bus: units.digest(state.content)}, edits=())
    files = {**START, bus: state, units.BASE + bus: state, path: FileState(source.encode())}
    plan = destroy.plan(unit, Memory(files), held={}, merge=Unmerged()).plan
    assert bus not in {change.path for change in plan.changes}
    assert plan.notes == (f"kept: {bus}, used by {path}; the project's own from now on",)


@pytest.mark.parametrize(
    "source", ["from shop.kernel import cache\n", "from ..kernel.bus import EventBus\n", "bus = 1\n"]
)
def test_a_part_of_the_kernel_that_nothing_else_imports_goes(source: str) -> None:
    bus = "src/shop/kernel/bus.py"
    state = FileState(b"class EventBus: ...\n")
    unit = units.Unit("event", "paid", 1, {}, files={bus: units.digest(state.content)}, edits=())
    files = {**START, bus: state, units.BASE + bus: state, "src/shop/modules/orders/x.py": FileState(source.encode())}
    plan = destroy.plan(unit, Memory(files), held={}, merge=Unmerged()).plan
    assert bus in {change.path for change in plan.changes}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DROP TABLE t", "# arckode: ignore[ARC207] why\n"),
        ("alter table t\n  drop   column c", "# arckode: ignore[ARC207] why\n"),
        ("ALTER TABLE t RENAME COLUMN a TO b", "# arckode: ignore[ARC207] why\n"),
        ("DROP INDEX i", ""),
        ("ALTER TABLE t ADD COLUMN drops TEXT", ""),
    ],
)
def test_what_drops_says_why(text: str, said: str) -> None:
    assert agreed_drops.agreed(text, "why") == said
