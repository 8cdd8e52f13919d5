"""upgrade: what a person wrote stays, what the template changed arrives, and a second run changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from arckode_gen import codemods
from arckode_gen.engine import units, upgrade
from arckode_gen.engine.advisories import Advisory, concerning
from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import Memory
from arckode_gen.shell.three_way import ThreeWay

if TYPE_CHECKING:
    import pytest

MERGE = ThreeWay(Path.cwd(), {})
ROOT = "root.py"
START = b"def compose(settings):\n    kernel = Kernel(settings)\n    return kernel\n"
Files = dict[str, str]


def unit(files: Files, *edits: units.Edit) -> units.Unit:
    digests = {path: units.digest(text.encode()) for path, text in files.items()}
    return units.Unit("module", "orders", 1, {}, digests, edits)


def project(files: Files, *edits: units.Edit) -> dict[str, FileState]:
    """Return a project as it was generated from some files."""
    found = {path: FileState(text.encode()) for path, text in files.items()}
    found |= {units.BASE + path: state for path, state in found.items()}
    made = unit(files, *edits)
    return {**found, made.path: units.dump(made)}


def upgraded(
    current: dict[str, FileState], old: units.Unit, new: units.Unit, files: Files
) -> tuple[dict[str, FileState], upgrade.Upgraded]:
    rendered = upgrade.Rendered(old, new, {path: FileState(text.encode()) for path, text in files.items()})
    found = upgrade.plan([rendered], Memory(current), MERGE)
    result = dict(current)
    for change in found.plan.changes:
        if change.after is None:
            del result[change.path]
        else:
            result[change.path] = change.after
    return result, found


BEFORE: Files = {"a.py": "a = 1\nb = 2\nc = 3\n", "gone.py": "x = 1\n", "same.py": "s = 1\n"}
AFTER: Files = {"a.py": "a = 1\nb = 2\nc = 30\n", "more.py": "m = 1\n", "same.py": "s = 1\n"}


def test_everything_arrives_and_a_second_run_changes_nothing() -> None:
    result, found = upgraded(project(BEFORE), unit(BEFORE), unit(AFTER), AFTER)
    assert result == project(AFTER)
    assert (found.conflicts, found.kept) == ((), ())
    again, nothing = upgraded(result, unit(AFTER), unit(AFTER), AFTER)
    assert (again, nothing.plan.changes) == (result, ())


def test_a_file_that_was_edited_and_then_dropped_is_kept_and_named() -> None:
    current = {**project(BEFORE), "gone.py": FileState(b"x = 1\nmine = 2\n")}
    result, found = upgraded(current, unit(BEFORE), unit(AFTER), AFTER)
    assert result["gone.py"].content == b"x = 1\nmine = 2\n"
    assert found.kept == ("gone.py: edited, and no longer generated; delete it yourself when nothing needs it",)


def test_a_migration_is_never_touched() -> None:
    rendered = upgrade.Rendered(unit(BEFORE), unit(BEFORE), {"a.py": FileState(b"other\n")}, frozen=frozenset(BEFORE))
    assert upgrade.plan([rendered], Memory(project(BEFORE)), MERGE).plan.changes == ()


def test_wires_come_and_go_with_the_template() -> None:
    old = units.Edit(ROOT, "register", "register_orders(kernel)", "compose")
    new = units.Edit(ROOT, "register", "wire_orders(kernel)", "compose")
    wired = START.replace(b"    return", b"    register_orders(kernel)\n    return")
    current = {**project(BEFORE, old), ROOT: FileState(wired)}
    result, _ = upgraded(current, unit(BEFORE, old), unit(BEFORE, new), BEFORE)
    assert result[ROOT].content == wired.replace(b"register_orders", b"wire_orders")


@settings(max_examples=60)
@given(st.data())
def test_no_line_that_a_person_wrote_is_ever_lost(data: st.DataObject) -> None:
    current = project(BEFORE)
    mine: list[str] = []
    for path in BEFORE:
        lines = BEFORE[path].splitlines()
        for at in data.draw(st.lists(st.integers(0, len(lines)), max_size=3)):
            mine.append(f"mine_{len(mine)} = {len(mine)}")
            lines.insert(at, mine[-1])
        if data.draw(st.booleans()):
            lines = lines[1:] if lines and not lines[0].startswith("mine") else lines
        current[path] = FileState("".join(f"{line}\n" for line in lines).encode())
    result, _ = upgraded(current, unit(BEFORE), unit(AFTER), AFTER)
    everything = b"\n".join(state.content for state in result.values()).decode()
    assert [line for line in mine if line not in everything] == []


def test_codemods_of_later_releases_are_found_oldest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "mods_of_a_test"
    package.mkdir()
    for name in ("v0_3_0_b", "v0_2_1_a", "v0_1_0_old", "not_one"):
        (package / f"{name}.py").write_text("def change(project):\n    return ()\n")
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    found = codemods.since("0.1.0", (str(package),), "mods_of_a_test")
    assert [each.name for each in found] == ["v0_2_1_a", "v0_3_0_b"]


def test_an_advisory_names_what_it_concerns_and_the_way_out() -> None:
    fault = Advisory("ARCK-1", "module", 2, "high", "the list could be read without a limit")
    (said,) = concerning([fault], [unit(BEFORE)])
    assert said == (
        "ARCK-1 (high): module 'orders' was made by module@1: the list could be read without a limit; "
        "fixed in @2: run `arckode upgrade`"
    )
    assert concerning([fault], [units.Unit("module", "orders", 2, {}, {})]) == ()
