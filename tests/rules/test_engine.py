"""The engine: cache, verdicts, files that cannot be read, layers that match nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import engine
from arckode_analyzers.cache import Cache
from arckode_analyzers.config import Config, ConfigurationError, Globs, load
from arckode_analyzers.files import find_root, module_name, read_project
from arckode_analyzers.registry import all_rules
from tests.rules.projects import LOOP, ORDERS, SERVICE, plant

if TYPE_CHECKING:
    from pathlib import Path

FILES = {SERVICE: LOOP.encode(), "src/shop/other.py": b"x = 1\n"}


def cache(folder: Path) -> Cache:
    return Cache(folder / "cache", "c", key=b"k" * 32)


def test_an_unchanged_tree_is_answered_without_parsing(tmp_path: Path) -> None:
    cold = engine.judge(FILES, Config(), cache(tmp_path))
    warm = engine.judge(FILES, Config(), cache(tmp_path))
    assert (cold.parsed, warm.parsed) == (2, 0)
    assert replace(cold, parsed=0) == warm
    assert [each.code for each in warm.findings] == ["ARC201"]


def test_an_edit_parses_only_the_edited_file(tmp_path: Path) -> None:
    engine.judge(FILES, Config(), cache(tmp_path))
    edited = {**FILES, "src/shop/other.py": b"x = 2\n"}
    assert engine.judge(edited, Config(), cache(tmp_path)).parsed == 1


def test_a_renamed_file_is_not_parsed_again_and_is_reported_under_its_new_name(tmp_path: Path) -> None:
    engine.judge(FILES, Config(), cache(tmp_path))
    moved = SERVICE.replace("orders", "sales")
    verdict = engine.judge({moved: LOOP.encode(), "src/shop/other.py": b"x = 1\n"}, Config(), cache(tmp_path))
    assert verdict.parsed == 0
    assert [each.path for each in verdict.findings] == [moved]


def test_an_edit_of_a_helper_is_seen_in_the_file_that_calls_it(tmp_path: Path) -> None:
    caller = ORDERS + (
        "    async def names(self, ids):\n        from shop.other import look\n"
        "        return [await look(self._orders, key) for key in ids]\n"
    )
    idle = {SERVICE: caller.encode(), "src/shop/other.py": b"async def look(rows, key):\n    return key\n"}
    busy = {**idle, "src/shop/other.py": b"async def look(rows, key):\n    return await rows.find_by_id(key)\n"}
    assert engine.judge(idle, Config(), cache(tmp_path)).findings == ()
    assert [each.path for each in engine.judge(busy, Config(), cache(tmp_path)).findings] == [SERVICE]


@pytest.mark.parametrize("name", ["facts", "verdict"])
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[:-3], id="cut short"),
        pytest.param(lambda content: content[:-1] + bytes([content[-1] ^ 1]), id="one bit turned"),
        pytest.param(lambda content: bytes([content[0] ^ 1]) + content[1:], id="one bit of the signature turned"),
        pytest.param(lambda content: b"something else", id="foreign"),
    ],
)
def test_a_damaged_cache_is_as_good_as_none(tmp_path: Path, name: str, damage: object) -> None:
    cold = engine.judge(FILES, Config(), cache(tmp_path))
    for file in (tmp_path / "cache").glob("*"):
        if file.name.startswith((name, "verdict")):
            file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]  # the table above holds functions
    again = engine.judge(FILES, Config(), cache(tmp_path))
    assert again.findings == cold.findings
    assert again.parsed == (2 if name == "facts" else 0)


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert len(engine.judge(FILES, Config(), cache(tmp_path)).findings) == 1


def test_the_cache_ignores_itself_in_git_and_leaves_no_temporary_files(tmp_path: Path) -> None:
    engine.judge(FILES, Config(), cache(tmp_path))
    kept = {file.name.partition("-")[0] for file in (tmp_path / "cache").iterdir()}
    assert kept == {".gitignore", "facts", "links.bin", "verdict.bin"}
    assert (tmp_path / "cache" / ".gitignore").read_text() == "*\n"


def test_another_configuration_gets_another_verdict(tmp_path: Path) -> None:
    engine.judge(FILES, Config(), cache(tmp_path))
    other = replace(Config(), layers={**Config().layers, "seeds": ("**/service.py",)})
    assert engine.judge(FILES, other, cache(tmp_path)).findings == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"def f(:\n", "invalid syntax (line 1)", id="a syntax error"),
        pytest.param(b"a\0b\n", "null bytes", id="a null byte"),
        pytest.param(b"# coding: nope\n", "unknown encoding: nope", id="an unknown encoding"),
        pytest.param(b"x = '\xff'\n", "", id="bytes that are no text"),
        pytest.param(b"x = " + b"(" * 3000 + b")" * 3000, "too many nested parentheses", id="nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_said_and_the_others_are_judged(content: bytes, reason: str) -> None:
    verdict = engine.judge({SERVICE: LOOP.encode(), "src/bad.py": content}, Config())
    assert [each.code for each in verdict.findings] == ["ARC201"]
    assert len(verdict.incomplete) == 1
    assert verdict.incomplete[0].startswith("src/bad.py: this Python cannot parse it: ")
    assert reason in verdict.incomplete[0]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        pytest.param(LOOP.encode(), 19, id="plain"),
        pytest.param(b"\xef\xbb\xbf" + LOOP.encode(), 19, id="with a byte order mark"),
        pytest.param(LOOP.replace("\n", "\r\n").encode(), 19, id="with Windows line ends"),
        pytest.param(LOOP.replace("    ", "\t").encode(), 10, id="with tabs"),
        pytest.param(LOOP.replace("await self", "'ñandú'; await self").encode(), 28, id="after letters of two bytes"),
        pytest.param(("# coding: latin-1\n# ñ\n" + LOOP).encode("latin-1"), 19, id="in another encoding"),
    ],
)
def test_lines_and_columns_are_what_an_editor_shows(content: bytes, column: int) -> None:
    (found,) = engine.judge({SERVICE: content}, Config()).findings
    assert found.column == column
    assert found.text.strip().endswith("await self._orders.find_by_id(key)")
    assert found.line in {9, 11}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("from b import *\nfrom a import *\nx = x\nz = z.z.z\n", id="star imports of itself and another"),
        pytest.param("class A(A): pass\nclass B(C): pass\nclass C(B): pass\n", id="classes that inherit in a circle"),
        pytest.param("def f(): return g()\ndef g(): return f()\nf()\n", id="functions that call each other"),
        pytest.param("X = Y\nY = X\ndef f(x: X, y: 'Y'): x.y.z()\n", id="aliases in a circle"),
        pytest.param("x = " + "a." * 2000 + "b\n", id="two thousand attributes"),
        pytest.param("x = a" + "(1)" * 900 + "\n", id="nine hundred calls of calls"),
        pytest.param("".join(f"def f{n}(): return f{n + 1}()\n" for n in range(900)) + "f0().x()\n", id="a long chain"),
        pytest.param("def f(x: 'list[', y: ''): pass\n", id="annotations that are no Python"),
        pytest.param(
            "def f():\n" + "".join(" " * (n + 1) + "for x in y:\n" for n in range(18)) + " " * 20 + "g()\n", id="loops"
        ),
        pytest.param("(lambda: (lambda: x)())()\n[y async for y in z if (w := y)]\n", id="lambdas and walruses"),
        pytest.param("match x:\n    case {'a': [1, *rest]} if rest: f()\n    case _: pass\n", id="match"),
        pytest.param(
            "class P:\n    def m(self): ...\nclass A(P):\n    def m(self): ...\nclass B(A, P):\n    def m(self): ...\n"
            "def f(a: A, b: B, p: P):\n    f(b, a, a)\n    f(p, p, b)\n    a.m(); b.m(); p.m()\n",
            id="interfaces that implement each other",
        ),
        pytest.param("", id="nothing"),
    ],
)
def test_strange_code_is_judged_without_a_crash(text: str) -> None:
    files = {"src/a.py": text.encode(), "src/b.py": b"from a import *\nfrom a import y as x\n"}
    assert engine.judge(files, Config()).incomplete == ()


def test_unresolved_calls_are_counted() -> None:
    verdict = engine.judge({"src/a.py": b"print(1)\nunknown.thing()\n"}, Config())
    assert (verdict.calls, verdict.unresolved) == (2, 1)


def test_a_rule_that_crashes_is_named_with_the_file() -> None:
    def crash(*_: object) -> tuple[()]:
        raise ZeroDivisionError("division by zero")

    rule = replace(all_rules()[0], check=crash)
    with pytest.raises(engine.RuleCrash) as caught:
        engine.judge(FILES, Config(), rules=(rule,))
    assert str(caught.value) == f"rule {rule.code} failed on {SERVICE}: ZeroDivisionError: division by zero"


def test_the_runtime_migrations_seeds_and_tests_are_not_judged() -> None:
    for path in ("src/shop/kernel/x.py", "src/shop/migrations/1_x.py", "src/shop/seeds/x.py"):
        assert engine.judge({path: LOOP.encode()}, Config()).findings == ()


def configured(root: Path, text: str) -> Config:
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    return load(root)


def test_layers_are_configuration(tmp_path: Path) -> None:
    config = configured(tmp_path, '[tool.arckode.layers]\nservices = ["app/logic/*.py"]\n')
    text = "from sqlalchemy.orm import Session\n\ndef close(session: Session): ...\n"
    files = {"app/logic/orders.py": text.encode(), SERVICE: text.encode()}
    assert [each.path for each in engine.judge(files, config).findings] == ["app/logic/orders.py"]


def test_a_configured_layer_that_matches_nothing_is_a_gap(tmp_path: Path) -> None:
    config = configured(tmp_path, '[tool.arckode.layers]\ncontrollers = "**/endpoints.py"\n')
    assert engine.judge(FILES, config).incomplete == ("[tool.arckode.layers] controllers matches no file",)


def test_layers_nobody_configured_may_be_empty() -> None:
    assert engine.judge({"src/a.py": b""}, Config()).incomplete == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[tool.arckode\n", "pyproject.toml cannot be read: ", id="no TOML"),
        pytest.param(
            "[tool.arckode.layers]\ncontroler = []\n", "does not know 'controler'; the layers are", id="a typo"
        ),
        pytest.param(
            "[tool.arckode.layers]\nmodels = 3\n", "tool.arckode.layers.models must be a pattern", id="a number"
        ),
        pytest.param("[tool.arckode]\nlayers = 3\n", "[tool.arckode.layers] must be a table", id="no table"),
        pytest.param(
            "[tool.arckode]\nexclude = [3]\n", "tool.arckode.exclude must be a pattern", id="a list of numbers"
        ),
        pytest.param("[tool.arckode]\nsource = 3\n", "tool.arckode.source must be a folder", id="no folder"),
    ],
)
def test_wrong_configuration_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configured(tmp_path, text)
    assert message in str(caught.value)


def test_files_are_found_in_order_without_caches_environments_and_tests(tmp_path: Path) -> None:
    kept = ("src/shop/b.py", "src/shop/a.py", "tool.py")
    left_out = (
        ".venv/x.py",
        "env39/pyvenv.cfg",
        "env39/x.py",
        "node_modules/x.py",
        "src/shop/__pycache__/x.py",
        "tests/test_a.py",
        "src/shop/conftest.py",
        "generated/x.py",
    )
    plant(tmp_path, dict.fromkeys((*kept, *left_out), ""))
    config = configured(tmp_path, '[tool.arckode]\nexclude = "generated/**"\n')
    assert list(read_project(tmp_path, config)) == sorted(kept)


def test_the_root_is_the_nearest_project_above(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "", "src/shop/a.py": ""})
    assert find_root(tmp_path / "src" / "shop") == tmp_path


@pytest.mark.parametrize(
    ("path", "sources", "name"),
    [
        pytest.param("src/shop/a.py", ("src", ""), "shop.a", id="below the source folder"),
        pytest.param("src/shop/__init__.py", ("src", ""), "shop", id="a package"),
        pytest.param("app/a.py", ("",), "app.a", id="without a source folder"),
    ],
)
def test_module_names(path: str, sources: tuple[str, ...], name: str) -> None:
    assert module_name(path, sources) == name


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        pytest.param("**/a.py", "a.py", True, id="two stars match no folder"),
        pytest.param("**/a.py", "x/y/a.py", True, id="and many"),
        pytest.param("*/a.py", "x/y/a.py", False, id="one star stays in its folder"),
        pytest.param("x/**", "x/y/z.py", True, id="two stars at the end"),
        pytest.param("x?.py", "xy.py", True, id="a question mark"),
        pytest.param("a.py", "aXpy", False, id="a dot is a dot"),
    ],
)
def test_patterns(pattern: str, path: str, *, matches: bool) -> None:
    assert Globs((pattern,)).match(path) is matches
