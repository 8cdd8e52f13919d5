"""What the gate sees of a part of a large project is what a look at all of it would have said."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import baseline, config, gate, judging, signed
from arckode_analyzers.cache import Cache
from arckode_analyzers.registry import all_rules
from arckode_analyzers.run import Proposal, Wanted, analyse
from arckode_analyzers.selection import Selection
from tests.rules.projects import LOOP, ORDERS, SERVICE, expected, plant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from arckode_analyzers.rule import Example, Rule

DAY = "2026-11-22"
# Files that have nothing to do with anything: without them, half of a tree is no small part of it.
FILLER = {
    f"src/filler/part{number}.py": f"class Filled{number}:\n    value{number} = {number}\n" for number in range(90)
}
# One bad example of each rule; all of them, and the good ones, with ARCKODE_HOOK=1.
ALL = "ARCKODE_HOOK" in os.environ


class Asked:
    """A project that was analysed once, and what its gate is asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = config.load(root)
        analyse(Wanted(root, DAY))
        self.cache = Cache(root / ".arckode/cache", self.config.digest, keeps=False)

    def by_part(
        self, path: str, content: str, selection: Selection | None = None
    ) -> set[tuple[str, str, int, str]] | None:
        """Return what a proposal adds as its vicinity tells, or None where only the whole tree does."""
        wanted = Wanted(self.root, DAY, proposal=Proposal(path, content.encode(), only_added=True))
        tree = judging.read(self.root, self.config, self.cache)
        seen = gate.judge(tree, self.config, self.cache, selection, wanted, least=0)
        if seen is None:
            return None
        new = baseline.compare(seen.after.outcome.findings, seen.known).new
        return {(each.code, each.path, each.line, each.message) for each in new if each in seen.after.kept}

    def by_all(self, path: str, content: str) -> set[tuple[str, str, int, str]]:
        """Return what a proposal adds as the whole tree tells."""
        tree = judging.read(self.root, self.config)
        before, after = (
            judging.judge(each, self.config, None, None, DAY).outcome.findings
            for each in (tree, tree.with_file(path, content.encode(), self.config))
        )
        known = frozenset(entry for entry, _ in baseline.entries(before))
        return {(each.code, each.path, each.line, each.message) for each in baseline.compare(after, known).new}


def examples() -> list[object]:
    """Return examples of every rule but of what is compared with another branch."""
    return [
        pytest.param(rule, example, id=f"{rule.code} {kind}: {example.title}")
        for rule in all_rules()
        for kind, found in (("bad", rule.bad if ALL else rule.bad[:1]), ("good", rule.good if ALL else ()))
        for example in found
        if not any(path.startswith("@base/") for path in example.files)
    ]


@pytest.mark.parametrize(("rule", "example"), examples())
def test_a_part_says_what_the_whole_says(rule: Rule, example: Example, tmp_path: Path) -> None:
    marked = [path for path, _, code in expected(example.files) if code == rule.code]
    path = next(iter(marked or [path for path in example.files if path.endswith((".py", ".sql", ".ts", ".vue"))]))
    others = {name: text for name, text in example.files.items() if name != path}
    asked = Asked(plant(tmp_path, {"pyproject.toml": "", **FILLER, **others}))
    found = asked.by_part(path, example.files[path])
    if found is None:  # the file makes the project another one
        is_first = not any("/modules/" in other for other in others)
        assert is_first or path.endswith(("/composition_root.py", "/settings.py", "controller.py"))
    else:
        assert found == asked.by_all(path, example.files[path])


def test_the_codes_of_rules_for_the_front_end_begin_alike() -> None:
    """Where no file of it is judged, these are not even loaded."""
    assert {rule.code for rule in all_rules() if rule.layers == ("frontend",)} == {
        rule.code for rule in all_rules() if rule.code.startswith(gate.FRONT)
    }


HELPER = "src/shop/look.py"
IDLE = "async def look(rows, key):\n    return key\n"
BUSY = "async def look(rows, key):\n    return await rows.find_by_id(key)\n"
CALLER = ORDERS + (
    "    async def names(self, ids):\n        from shop.look import look\n"
    "        return [await look(self._orders, key) for key in ids]\n"
)


def small(root: Path, **others: str) -> Path:
    return plant(root, {"pyproject.toml": "", **FILLER, SERVICE: CALLER, HELPER: IDLE, **others})


@pytest.mark.parametrize(
    ("path", "content", "places"),
    [
        pytest.param(HELPER, BUSY, [SERVICE], id="it causes one where it is called from"),
        pytest.param(HELPER, IDLE, [], id="it changes nothing"),
        pytest.param(SERVICE, LOOP, [SERVICE], id="it has one itself"),
        pytest.param("src/shop/modules/new/service.py", LOOP, ["src/shop/modules/new/service.py"], id="a new file"),
        pytest.param(SERVICE, "def", [], id="no Python"),
    ],
)
def test_a_finding_is_where_it_is(tmp_path: Path, path: str, content: str, places: list[str]) -> None:
    asked = Asked(small(tmp_path))
    found = asked.by_part(path, content)
    assert found is not None
    assert sorted(each[1] for each in found if each[0] == "ARC201") == places
    assert found == asked.by_all(path, content)


def test_what_was_written_since_is_known(tmp_path: Path) -> None:
    asked = Asked(small(tmp_path))
    (tmp_path / HELPER).write_text(BUSY.replace("look", "look_up"))
    later = CALLER.replace("import look", "import look_up").replace("await look(", "await look_up(")
    found = asked.by_part(SERVICE, later)
    assert found is not None
    assert found == asked.by_all(SERVICE, later)
    assert [code for code, *_ in found] == ["ARC201"]


def test_a_file_that_is_new_since_is_known(tmp_path: Path) -> None:
    asked = Asked(small(tmp_path))
    (tmp_path / "src/shop/search.py").write_text(BUSY)
    later = CALLER.replace("shop.look import", "shop.search import")
    found = asked.by_part(SERVICE, later)
    assert found is not None
    assert [code for code, *_ in found] == ["ARC201"]


def test_what_is_on_the_disk_already_is_no_news(tmp_path: Path) -> None:
    asked = Asked(small(tmp_path, **{HELPER: BUSY}))
    assert asked.by_part(SERVICE, f"{CALLER}\n") == set()


@pytest.mark.parametrize("kind", ["never analysed", "too much changed", "it changes everything", "a small project"])
def test_only_the_whole_tells(tmp_path: Path, kind: str) -> None:
    root = small(tmp_path)
    path = HELPER
    if kind == "it changes everything":
        for name in FILLER:
            (root / name).write_text("from shop.look import look\n")
    asked = Asked(root)
    if kind == "never analysed":
        (root / ".arckode/cache/links.bin").unlink()
    if kind == "too much changed":
        for name in FILLER:
            (root / name).write_text("changed = True\n")
    if kind == "a small project":
        wanted = Wanted(root, DAY, proposal=Proposal(path, BUSY.encode(), only_added=True))
        assert gate.judge(judging.read(root, asked.config), asked.config, asked.cache, None, wanted) is None
    else:
        assert asked.by_part(path, BUSY) is None


def test_a_process_that_stays_notices_what_is_stored_anew(tmp_path: Path) -> None:
    key = b"k" * 32
    signed.store(str(tmp_path), "a.bin", "1", key, {"x": 1})
    assert not signed.is_kept()
    signed.keep_loaded()
    first = signed.load(str(tmp_path), "a.bin", "1", key)
    assert signed.load(str(tmp_path), "a.bin", "1", key) is first
    assert signed.load(str(tmp_path), "a.bin", "2", key) == {}
    signed.store(str(tmp_path), "a.bin", "1", key, {"x": 22})
    assert signed.load(str(tmp_path), "a.bin", "1", key) == {"x": 22}
    signed._KEPT.set(None)


# Every word of these is one that many files have: only imports, folders and names tell what belongs together.
_WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]+")
_ANYWHERE = {
    ("ARC103", "src/shop/modules/customers/__init__.py"),
    ("ARC106", "src/shop/modules/customers/__init__.py"),
    ("ARC106", "src/shop/modules/customers/model.py"),
    ("ARC106", "src/shop/modules/orders/model.py"),
    ("ARC208", "src/shop/modules/orders/model.py"),
    ("ARC302", "src/shop/modules/orders/service.py"),
    ("ARC405", "src/shop/modules/customers/service.py"),
    ("ARC406", "src/shop/migrations/create_orders.py"),
    ("ARC502", "src/shop/modules/orders/service.py"),
    ("ARC601", "src/shop/shared/bus.py"),
    ("ARC603", "src/shop/modules/orders/service.py"),
    ("ARC702", "frontend/src/stores/session.store.ts"),
    ("ARC703", "frontend/src/router.ts"),
}


@pytest.mark.parametrize(
    ("path", "example"),
    [
        pytest.param(path, example, id=f"{rule.code} {path}: {example.title}")
        for rule in all_rules()
        for example in rule.bad
        for path in example.files
        if (rule.code, path) in _ANYWHERE or (ALL and path.endswith((".py", ".sql", ".ts", ".vue")))
        if not any(each.startswith("@base/") for each in example.files)
    ],
)
def test_words_that_every_file_has_hide_nothing(path: str, example: Example, tmp_path: Path) -> None:
    words = " ".join(sorted(set(_WORDS.findall(" ".join([*example.files, *example.files.values()])))))
    filler = {name: f"# {words} {words.replace(' ', '_ ')}\n{text}" for name, text in FILLER.items()}
    others = {name: text for name, text in example.files.items() if name != path}
    asked = Asked(plant(tmp_path, {"pyproject.toml": "", **filler, **others}))
    found = asked.by_part(path, example.files[path])
    assert found is None or found == asked.by_all(path, example.files[path])


def test_a_file_that_others_wait_for_is_judged_where_they_use_it(tmp_path: Path) -> None:
    asked = Asked(plant(tmp_path, {"pyproject.toml": "", **FILLER, SERVICE: CALLER.replace("look", "value1")}))
    path, content = "src/shop/value1.py", BUSY.replace("look", "value1")
    found = asked.by_part(path, content)
    assert found is not None
    assert [(code, place) for code, place, *_ in found] == [("ARC201", SERVICE)]


def test_a_badly_named_migration_is_seen_beside_a_root_that_imports_everything(tmp_path: Path) -> None:
    doors = {f"src/shop/modules/m{number}s/__init__.py": f"def register{number}(kernel): ...\n" for number in range(30)}
    root = "".join(f"from shop.modules.m{number}s import register{number}\n" for number in range(30))
    asked = Asked(plant(tmp_path, {"pyproject.toml": "", **FILLER, **doors, "src/shop/composition_root.py": root}))
    found = asked.by_part("src/shop/migrations/0001_initial.py", "def up(op): ...\n")
    assert found is not None
    assert "ARC406" in {code for code, *_ in found}


MODULES = 30
ROOT = "src/shop/composition_root.py"


def wired(lines: dict[int, str] | None = None, more: str = "", order: tuple[int, ...] = tuple(range(MODULES))) -> str:
    """Return a root that imports and registers every module, with some of its calls as told."""
    told = lines or {}
    imports = "".join(f"from shop.modules.m{number}s import register_m{number}s\n" for number in range(MODULES))
    calls = "".join(told.get(number, f"    register_m{number}s(kernel)\n") for number in order)
    start = f"from shop.kernel.app import Kernel\n{imports}{more}\n\ndef compose():\n    kernel = Kernel()\n"
    return f"{start}{calls}    return kernel\n"


def joined(root: Path, first: str) -> Path:
    """Plant a project whose root joins many modules; each has a service that the others do not know."""
    doors = {
        f"src/shop/modules/m{number}s/__init__.py": "from shop.kernel.app import Kernel\n"
        f"from shop.modules.m{number}s.service import M{number}sService\n\n"
        f"def register_m{number}s(kernel: Kernel) -> None:\n    kernel.provide(M{number}sService)\n"
        for number in range(MODULES)
    }
    services = {
        f"src/shop/modules/m{number}s/service.py": f"class M{number}sService:\n    number = {number}\n"
        for number in range(MODULES)
    }
    kernel = {"src/shop/kernel/app.py": "class Kernel:\n    def provide(self, kind):\n        return kind\n"}
    return plant(root, {"pyproject.toml": "", **FILLER, **doors, **services, **kernel, ROOT: first})


INNER = "from shop.modules.m3s.service import M3sService\n"


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        pytest.param(wired(), wired() + "# done\n", set(), id="a remark"),
        pytest.param(wired(), wired({7: ""}), {"ARC105"}, id="a module is registered no more"),
        pytest.param(wired({7: ""}), wired(), set(), id="a module is registered at last"),
        pytest.param(wired(), wired({7: "    register_m7s(kernel)\n" * 2}), set(), id="a module is registered twice"),
        pytest.param(wired(), wired(order=tuple(reversed(range(MODULES)))), set(), id="another order"),
        pytest.param(wired(), wired(more=INNER), {"ARC103"}, id="what is inside a module is imported"),
        pytest.param(
            wired(),
            wired({9: "    for each in range(3):\n        register_m9s(kernel)\n"}),
            set(),
            id="a module is registered in a loop",
        ),
        pytest.param(wired(), wired({9: "    register_m99s(kernel)\n"}), {"ARC105"}, id="a name that is not there"),
        pytest.param(
            wired(more=INNER), wired(more=INNER) + "# done\n", set(), id="a remark beside what is wrong already"
        ),
    ],
)
def test_a_root_that_joins_everything_is_judged_by_what_changed_in_it(
    before: str, after: str, codes: set[str], tmp_path: Path
) -> None:
    asked = Asked(joined(tmp_path, before))
    found, whole = asked.by_part(ROOT, after), asked.by_all(ROOT, after)
    assert {code for code, *_ in whole} == codes
    assert found == whole


def test_the_first_question_in_a_clone_is_the_only_slow_one(tmp_path: Path) -> None:
    """What it learns of the files on the disk stays, in the cache alone; of the proposal nothing does."""
    root = joined(tmp_path, wired())
    before = {file for file in root.rglob("*") if file.is_file()}
    wanted = Wanted(root, DAY, proposal=Proposal(ROOT, wired(more=INNER).encode(), only_added=True))
    first = analyse(wanted)
    written = {file for file in root.rglob("*") if file.is_file()} - before
    assert written
    assert {file.parent for file in written} == {root / ".arckode/cache"}
    assert [each.code for each in first.findings] == ["ARC103"]
    chosen = config.load(root)
    cache = Cache(root / ".arckode/cache", chosen.digest, keeps=False)
    tree = judging.read(root, chosen, cache)
    assert gate.judge(tree, chosen, cache, None, wanted) is not None
    assert analyse(wanted).findings == first.findings
    assert "ARC103" not in {each.code for each in analyse(Wanted(root, DAY)).findings}


class Partly(Cache):
    """A cache for whoever needs no look at all files: it has the facts of those that are named, and not of all."""

    def facts(self, digests: Iterable[str]) -> dict[str, bytes]:
        raise AssertionError("all files are looked at")


DOOR = (
    "from shop.kernel.app import Kernel\n\ndef register_orders(kernel: Kernel) -> None:\n    kernel.provide(object)\n"
)
NEW = "src/shop/modules/orders/__init__.py"


def test_what_is_not_asked_for_costs_no_look_at_all_files(tmp_path: Path) -> None:
    asked = Asked(joined(tmp_path, wired()))
    asked.cache = Partly(asked.cache.folder, asked.config.digest, keeps=False)
    assert asked.by_part(NEW, DOOR, Selection(ignore=("ARC105", "ARC5"))) == set()
    with pytest.raises(AssertionError, match="all files"):
        asked.by_part(NEW, DOOR)


# Words that many files have, no import from one to the other: only a look at all files tells that something is there.
_COMMONPLACE = "# orders remind read register subscribe declare require Permission Role Kernel kernel compose events\n"
_REGISTER = """\
from shop.kernel.app import Kernel


def compose(kernel: Kernel):
    kernel.queue.register("orders.remind", object())
"""
_DISPATCH = """\
from shop.kernel.jobs import Queue


class Reminding:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def remind(self):
        await self._queue.dispatch("orders.remind", {})
"""
_DEMAND = """\
from shop.kernel.access import require

GUARD = require("orders:read")
"""
_DECLARE = """\
from shop.kernel.access import Permission

READ = Permission("orders:read", "See orders")
"""
_OTHERWISE = _DECLARE.replace("orders:read", "orders:write")
_WIRE = """\
from shop.modules.orders import register_orders


def everything(kernel):
    register_orders(kernel)
"""
_IDLE = _WIRE.replace("    register_orders(kernel)", "    pass")
FAR, NEAR = "src/shop/far.py", "src/shop/near.py"
_OTHER = "src/shop/modules/notes/repository.py"
_CALLS = {
    _OTHER: "# One of a module.\n",
    ROOT: "from shop.far import everything\n\ndef compose(kernel):\n    everything(kernel)\n",
}


@pytest.mark.parametrize(
    ("files", "path", "content", "code"),
    [
        pytest.param({FAR: _DECLARE}, NEAR, _DEMAND, "", id="a permission"),
        pytest.param({FAR: _OTHERWISE}, NEAR, _DEMAND, "ARC304", id="no permission"),
        pytest.param({FAR: _DECLARE, NEAR: _DEMAND}, FAR, _OTHERWISE, "ARC304", id="a permission is renamed"),
        pytest.param({**_CALLS, FAR: _WIRE}, NEW, DOOR, "", id="a module"),
        pytest.param({**_CALLS, FAR: _IDLE}, NEW, DOOR, "ARC105", id="a module that is imported only"),
        pytest.param({**_CALLS, NEW: DOOR, FAR: _WIRE}, FAR, _IDLE, "ARC105", id="a module is wired no more"),
        pytest.param({ROOT: _REGISTER}, NEAR, _DISPATCH, "", id="a job"),
        pytest.param({ROOT: _REGISTER.replace("remind", "forget")}, NEAR, _DISPATCH, "ARC602", id="no job"),
    ],
)
def test_what_seems_to_be_missing_is_asked_of_all(
    files: dict[str, str], path: str, content: str, code: str, tmp_path: Path
) -> None:
    filler = {name: _COMMONPLACE + text for name, text in FILLER.items()}
    asked = Asked(plant(tmp_path, {"pyproject.toml": "", **filler, **files}))
    found = asked.by_part(path, content)
    assert found == asked.by_all(path, content)
    assert found is not None
    assert {each[0] for each in found if each[0] in gate.ABSENCE - {"ARC504"}} == ({code} if code else set())


@pytest.mark.parametrize("wires", [True, False])
def test_a_suppression_is_idle_where_the_whole_says_so(tmp_path: Path, *, wires: bool) -> None:
    """The rule that it names may find nothing in the part because what it takes for there is not."""
    asked = Asked(plant(tmp_path, {"pyproject.toml": "", **FILLER, **_CALLS, FAR: _WIRE if wires else _IDLE}))
    content = DOOR.replace("-> None:", "-> None:  # arckode: ignore[ARC105] it is made by hand")
    found = asked.by_part(NEW, content)
    assert found == asked.by_all(NEW, content)
    assert found is not None
    assert ("ARC002" in {code for code, *_ in found}) == wires
