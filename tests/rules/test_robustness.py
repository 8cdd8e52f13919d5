"""Whatever is in a folder: never a traceback, and never green when something was not judged."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arckode_analyzers import engine, signed
from arckode_analyzers.cache import Cache
from arckode_analyzers.config import Config
from arckode_analyzers.facts import newer, scan
from arckode_analyzers.facts.extract import extract
from arckode_analyzers.files import read_all
from tests.rules.projects import CONTROLLER, LOOP, REPOSITORY, SERVICE, plant

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = b"k" * 32


def judged(root: Path, key: bytes = KEY) -> engine.Verdict:
    cache = Cache(root / ".arckode" / "cache", "c", key)
    files, tests = read_all(root, Config(), cache)
    return engine.judge(files, Config(), cache, tests=tests)


# Syntax newer than this Python

NEWER = [
    pytest.param("try:\n    a.b()\nexcept A, B.C: d.e()\n", "try:\n    a.b()\nexcept (A, B.C): d.e()\n", id="PEP 758"),
    pytest.param(
        "try:\n    a()\nexcept* A, B:\n    c.d\n", "try:\n    a()\nexcept* (A, B):\n    c.d\n", id="PEP 758 in a group"
    ),
    pytest.param("def f[T: (int, str), *A](x: T) -> T: x.y()\n", "def f(x: T) -> T: x.y()\n", id="PEP 695, function"),
    pytest.param("class C[T = int](B[T]):\n    x: T\n", "class C(B[T]):\n    x: T\n", id="PEP 695, class"),
    pytest.param("class C[\n    T,  # one\n]: x = a.b()\n", "class C: x = a.b()\n", id="PEP 695, several lines"),
    pytest.param("x = f'{a['b']}' 'c'\ny.z()\n", "x = f'{a[\"b\"]}' 'c'\ny.z()\n", id="PEP 701, quotes"),
    pytest.param(
        "x = f'{'\\n'.join(a.b() for a in c)}'; d.e()\n",
        "x = f'''{NL.join(a.b() for a in c)}'''; d.e()\n",
        id="PEP 701, a backslash",
    ),
    pytest.param("x = f'{f'{f'{a.b()}'}'}'\n", "x = f'{a.b()}'\n", id="PEP 701, strings in strings"),
    pytest.param("x = f'{a.b(  # why\n)!r:>{c[\"d\"]}}'\n", "x = f'{a.b()!r:>{c}}'\n", id="PEP 701, a comment"),
]


@pytest.mark.parametrize(("text", "plain"), NEWER)
def test_newer_syntax_gives_the_calls_of_the_plain_spelling(text: str, plain: str) -> None:
    found, expected = extract(text.encode()), extract(plain.encode())
    names = [(call.func, call.loops, len(call.blocks)) for call in expected.calls if "NL" not in str(call.func)]
    assert [(call.func, call.loops, len(call.blocks)) for call in found.calls if "\\n" not in repr(call.func)][
        : len(names)
    ] == names
    assert [row.name for row in found.functions] == [row.name for row in expected.functions]
    assert [row.bases for row in found.classes] == [row.bases for row in expected.classes]


def test_newer_syntax_keeps_lines_and_columns() -> None:
    text = "type Rows[T] = list[T]; a.b()\ntry: x = f'ñ{c['d']}'; e.f()\nexcept A, B: g.h()\n"
    rows = {
        ".".join(str(part[-1]) for part in (call.func,)): (call.line, call.column)
        for call in extract(text.encode()).calls
    }
    lines = [line.encode() for line in text.splitlines()]
    assert rows == {
        "b": (1, lines[0].index(b"a.b")),
        "f": (2, lines[1].index(b"e.f")),
        "h": (3, lines[2].index(b"g.h")),
    }


def test_an_alias_is_known_by_its_value() -> None:
    (row,) = extract(b"type Rows[T] = list[T]\n").bindings
    assert (row.target, row.value) == (("name", "Rows"), ("item", ("name", "list"), ("name", "T")))


def test_a_suppression_beside_a_newer_string_counts() -> None:
    (row,) = extract(b"x = f'{a['#']}'  # arckode: ignore[ARC201] why\n").ignores
    assert (row.codes, row.reason, row.first) == (("ARC201",), "why", 1)


@pytest.mark.parametrize(
    "text", ["x = f'{a['b'}'", "except A, B:\n", "type X =\n", "print 1\n", "f'{'", "def f[(x): 1\n"]
)
def test_what_no_python_reads_is_a_gap(text: str) -> None:
    verdict = engine.judge({SERVICE: LOOP.encode(), "src/bad.py": text.encode()}, Config())
    assert [each.partition(":")[0] for each in verdict.incomplete] == ["src/bad.py"]


def rewritten(text: str) -> ast.Module:
    found = scan.tokens(text)
    edits = newer.in_order([*newer.statements(found), *newer.strings(text, found)])
    tree = ast.parse(newer.applied(text, edits))
    newer.restore(tree, newer.Places(text, edits))
    return tree


@pytest.mark.parametrize("module", [engine, newer, signed, subprocess, ast], ids=lambda module: module.__name__)
def test_rewriting_what_needs_no_rewriting_changes_nothing(module: object) -> None:
    text = Path(str(getattr(module, "__file__", ""))).read_text(encoding="utf-8")
    plain = ast.parse(text)
    for node in ast.walk(plain):
        if isinstance(node, ast.FormattedValue):
            node.conversion = -1
    assert ast.dump(rewritten(text)) == ast.dump(plain)


# Strange code

PIECES = st.sampled_from(
    "async await def class f g x for in while if elif else try except finally with as return yield lambda : , ( ) [ ] "
    "{ } = := + . * ** @ -> ; match case type import from not and or is None f' ' \" ''' \\ # \n \n \n\t \n\x20\x20 "
    "\x0c 1 0x ñ \u2028 del raise assert global nonlocal arckode: ignore[ARC201]".split(" ")
)


@given(st.lists(PIECES, max_size=60).map(" ".join))
@settings(max_examples=300)
def test_any_words_are_judged_or_said_to_be_no_python(text: str) -> None:
    verdict = engine.judge({"src/a.py": text.encode()}, Config(), rules=())
    assert len(verdict.incomplete) == (not is_python(text))


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_are_judged_or_said_to_be_no_python(content: bytes) -> None:
    assert len(engine.judge({"src/a.py": content}, Config(), rules=()).incomplete) <= 1


@given(st.integers(min_value=0, max_value=len(LOOP)))
def test_a_truncated_file_is_judged_or_said_to_be_no_python(size: int) -> None:
    verdict = engine.judge({SERVICE: LOOP[:size].encode()}, Config())
    assert len(verdict.incomplete) == (not is_python(LOOP[:size]))


def is_python(text: str) -> bool:
    try:
        extract(text.encode())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


DEEP: dict[str, str] = {
    "parentheses": "(" * 100_000,
    "minus signs": "x = " + "-" * 100_000 + "1\n",
    "attributes": "x = a" + ".b" * 100_000 + "\n",
    "calls": "x = a" + "()" * 100_000 + "\n",
    "sums": "x = a" + " + a" * 100_000 + "\n",
    "elifs": "if a: pass\n" + "elif b: c()\n" * 5_000,
    "lambdas": "x = " + "lambda: " * 10_000 + "1\n",
    "choices": "x = " + "a if b else " * 10_000 + "c\n",
    "indented blocks": "".join(" " * depth + "if x:\n" for depth in range(1_000)),
    "formatted strings": "x = " + "f'{" * 1_000 + "a" + "}'" * 1_000 + "\n",
}


@pytest.mark.parametrize("name", DEEP)
def test_code_that_is_nested_too_deeply_is_a_gap(name: str) -> None:
    verdict = engine.judge({SERVICE: LOOP.encode(), "src/deep.py": DEEP[name].encode()}, Config())
    assert [each.code for each in verdict.findings] == ["ARC201"]
    assert [each.partition(":")[0] for each in verdict.incomplete] == ["src/deep.py"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("if a: pass\n" + "elif b: c()\n" * 900 + "else: d()\n", id="nine hundred elifs"),
        pytest.param("x = a" + ".b" * 900 + "\n", id="nine hundred attributes"),
        pytest.param("x = a" + " + b()" * 900 + "\n", id="nine hundred sums"),
        pytest.param("".join(" " * n + "if x:\n" for n in range(90)) + " " * 90 + "y()\n", id="ninety blocks"),
    ],
)
def test_code_that_is_nested_deeply_is_judged(text: str) -> None:
    assert engine.judge({"src/deep.py": text.encode()}, Config()).incomplete == ()


def test_a_lambda_that_stands_as_an_annotation_is_judged() -> None:
    text = "class Facets:\n    def __init__(self, factory: lambda path: str) -> None:\n        self.rows = factory(1)\n"
    verdict = engine.judge({"src/facets.py": text.encode()}, Config())
    assert (verdict.findings, verdict.incomplete) == ((), ())


def test_a_file_of_a_hundred_thousand_lines_is_judged() -> None:
    method = "    def f{}(self):\n        x = self._orders\n\n        return x\n" + "        # why\n" * 6
    text = LOOP + "".join(map(method.format, range(10_000)))
    verdict = engine.judge({SERVICE: text.encode()}, Config(), rules=())
    assert (verdict.incomplete, verdict.calls) == ((), 1)


# Strange folders


def test_a_folder_named_like_a_file_a_pipe_and_links_in_circles_are_no_files(tmp_path: Path) -> None:
    plant(tmp_path, {SERVICE: LOOP, "src/folder.py/inner.py": "x = 1\n"})
    (tmp_path / "src/loop.py").symlink_to("loop.py")
    (tmp_path / "src/nowhere.py").symlink_to("gone.py")
    (tmp_path / "src/up").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "src/pipe.py")
    verdict = judged(tmp_path)
    assert (verdict.files, verdict.incomplete) == (2, ())


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_must_not_be_read_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    plant(tmp_path, {SERVICE: LOOP, "src/locked/secret.py": "x = 1\n"})
    locked = "src/locked/secret.py" if what == "file" else "src/locked"
    refuse(monkeypatch, tmp_path / locked, PermissionError(13, "Permission denied"))
    verdict = judged(tmp_path)
    assert verdict.incomplete == (f"{locked}: it cannot be read: Permission denied",)
    assert judged(tmp_path).incomplete == verdict.incomplete


def test_a_file_that_vanishes_while_the_folder_is_read_is_no_part_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, {SERVICE: LOOP, "src/gone.py": "x = 1\n"})
    refuse(monkeypatch, tmp_path / "src/gone.py", FileNotFoundError(2, "gone"))
    verdict = judged(tmp_path)
    assert (verdict.files, verdict.incomplete) == (1, ())


def refuse(monkeypatch: pytest.MonkeyPatch, place: Path, error: OSError) -> None:
    """Refuse one place, as root is never refused anything."""
    opened, scanned = open, os.scandir

    def reads(file: object, *words: object, **named: object) -> object:
        if str(file) == str(place):
            raise error
        return opened(file, *words, **named)  # type: ignore[call-overload]  # passed on as it came

    def lists(folder: str) -> object:
        if folder == str(place):
            raise error
        return scanned(folder)

    monkeypatch.setattr("builtins.open", reads)
    monkeypatch.setattr(os, "scandir", lists)


def test_a_name_that_is_not_utf_8_is_a_gap(tmp_path: Path) -> None:
    plant(tmp_path, {SERVICE: LOOP})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/src/\xff.py")).write_text("x = 1\n")
    assert judged(tmp_path).incomplete == ("src/\\xff.py: its name is not UTF-8",)


def test_an_edit_that_keeps_size_and_dates_is_seen(tmp_path: Path) -> None:
    plant(tmp_path, {SERVICE: LOOP})
    file = tmp_path / SERVICE
    os.utime(file, (1, 1))
    assert len(judged(tmp_path).findings) == 1
    file.write_text(LOOP.replace("find_by_id", "find_by_xx"))
    os.utime(file, (1, 1))
    assert judged(tmp_path).findings == ()


# Modules that are not there


@pytest.mark.parametrize(
    ("text", "is_gap"),
    [
        pytest.param("from shop.orders.schemas import Order\n", True, id="a deleted module"),
        pytest.param("from .schemas import Order\n", True, id="by its place"),
        pytest.param("import shop.orders.schemas\n", True, id="by its whole name"),
        pytest.param("def f():\n    from shop.orders import schemas, model\n", False, id="a name of a package"),
        pytest.param("from shop.orders.model import Order\n", False, id="a module that is there"),
        pytest.param("from shop.orders.bad import x\n", False, id="one that cannot be parsed, which is said already"),
        pytest.param("from shop.tests.factory import x\n", False, id="one of the tests"),
        pytest.param("from shop.orders.fast import x\n", False, id="a compiled one"),
        pytest.param("from shop.orders.order_pb2 import x\n", False, id="a generated one"),
        pytest.param("from sqlalchemy.nonsense import x\nimport shopping.x\n", False, id="somebody else's"),
        pytest.param(
            "try:\n    from shop.orders.speed import x\nexcept ImportError:\n    x = None\n",
            False,
            id="one with a substitute",
        ),
        pytest.param(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.orders.types import x\n",
            False,
            id="one for the type checker",
        ),
    ],
)
def test_an_import_of_a_module_that_is_not_there_is_a_gap(tmp_path: Path, text: str, *, is_gap: bool) -> None:
    others = {
        "src/shop/__init__.py": "",
        "src/shop/orders/__init__.py": "",
        "src/shop/orders/model.py": "",
        "src/shop/orders/fast.so": "",
        "src/shop/orders/bad.py": "def (\n",
        "src/shop/tests/factory.py": "",
    }
    plant(tmp_path, {**others, "src/shop/orders/service.py": text})
    said = [each for each in judged(tmp_path).incomplete if "service.py" in each]
    assert bool(said) is is_gap


@pytest.mark.parametrize(("start", "source"), [("src/", 'source = "src"\n'), ("", "")])
def test_a_package_file_where_imports_start_makes_nobody_elses_modules_its_own(
    tmp_path: Path, start: str, source: str
) -> None:
    text = "import asyncio\nimport fastapi\nfrom shop import model\nfrom shop.lost import x\n"
    files = {"__init__.py": "", "shop/__init__.py": "", "shop/model.py": "", "shop/service.py": text}
    plant(tmp_path, {f"{start}{path}": content for path, content in files.items()})
    plant(tmp_path, {"pyproject.toml": f"[tool.arckode]\n{source}"})
    assert judged(tmp_path).incomplete == (
        f"{start}shop/service.py: it imports shop.lost (line 4), which is not there",
    )


# Hostile caches


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "bytes that crash marshal": lambda content: content[:32] + b"\xdb\xff\xff\xff\x7f" * 50,
    "another signature": lambda content: signed._signature("verdict.bin", "", content[32:], b"x" * 32) + content[32:],
    "no body": lambda content: content[:32],
    "a part": lambda content: content[: len(content) // 2],
    "a bit": lambda content: content[:-4] + bytes([content[-4] ^ 16]) + content[-3:],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_cache_changes_nothing(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {SERVICE: LOOP})
    cold = judged(tmp_path)
    for file in (tmp_path / ".arckode/cache").glob("*.bin"):
        file.write_bytes(HOSTILE[name](file.read_bytes()))
    again = judged(tmp_path)
    assert (again.findings, again.parsed) == (cold.findings, 1)


def test_a_cache_of_somebody_else_is_not_believed(tmp_path: Path) -> None:
    plant(tmp_path, {SERVICE: "x = 1\n"})
    judged(tmp_path, b"a" * 32)
    assert judged(tmp_path, b"b" * 32).parsed == 1


def test_without_a_key_nothing_is_kept(tmp_path: Path) -> None:
    plant(tmp_path, {SERVICE: "x = 1\n"})
    judged(tmp_path, b"")
    assert not (tmp_path / ".arckode").exists()


@pytest.mark.parametrize("what", ["file", "link", "pipe"])
def test_a_cache_that_is_something_else_is_left_alone(tmp_path: Path, what: str) -> None:
    root = plant(tmp_path / "root", {SERVICE: LOOP})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / ".arckode").mkdir()
    if what == "file":
        (root / ".arckode/cache").write_text("")
    elif what == "link":
        (root / ".arckode/cache").symlink_to(elsewhere, target_is_directory=True)
    else:
        (root / ".arckode/cache").mkdir()
        os.mkfifo(root / ".arckode/cache/verdict.bin")
    assert len(judged(root).findings) == 1
    assert list(elsewhere.iterdir()) == []


def test_the_key_is_made_once_and_only_for_its_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    key = signed.own_key()
    assert (len(key), signed.own_key()) == (32, key)
    assert (tmp_path / "arckode/key").stat().st_mode & 0o077 == 0
    assert [file.name for file in (tmp_path / "arckode").iterdir()] == ["key"]


def test_without_a_place_for_a_key_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert signed.own_key() == b""


def test_runs_at_the_same_time_on_one_cache_agree(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {SERVICE: LOOP, **{f"src/m{n}.py": f"x = {n}\n" for n in range(40)}})
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "home")}
    command = (sys.executable, "-m", "arckode_gen", "analyze", "--json")
    for _ in range(2):
        runs = [
            subprocess.Popen(command, cwd=root, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(4)
        ]
        said = {(process.communicate(), process.returncode) for process in runs}
        assert len(said) == 1
        ((_, complaints), code) = said.pop()
        assert (code, b"Traceback" in complaints) == (1, False)
        (root / "src/m1.py").write_text("y = 2\n")
    assert not [file.name for file in (root / ".arckode/cache").iterdir() if file.name.count(".") > 1]


# An edit


EDITS = st.lists(
    st.tuples(
        st.sampled_from([SERVICE, "src/shop/modules/orders/helpers.py", "src/shop/other.py", "tests/test_orders.py"]),
        st.sampled_from(
            [
                None,
                "",
                LOOP,
                LOOP.replace("find_by_id", "fetch"),
                "from shop.other import look\nasync def go(rows, keys): return [await look(rows, k) for k in keys]\n",
                "async def look(rows, key):\n    return await rows.find_by_id(key)\n",
                "def look(rows, key): return key\n",
                "def broken(:\n",
            ]
        ),
    ),
    min_size=1,
    max_size=4,
)


@given(EDITS)
@settings(max_examples=25)
def test_after_any_edits_the_verdict_is_that_of_a_run_without_a_cache(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str | None]]
) -> None:
    root = plant(tmp_path_factory.mktemp("edited"), {SERVICE: LOOP, "src/shop/other.py": "x = 1\n"})
    judged(root)
    for path, text in edits:
        if text is None:
            (root / path).unlink(missing_ok=True)
        else:
            plant(root, {path: text})
        files, tests = read_all(root, Config())
        cold = engine.judge(files, Config(), tests=tests)
        assert replace(judged(root), parsed=0) == replace(cold, parsed=0)


# Code that leads nowhere

_EVERYWHERE = (
    CONTROLLER,
    SERVICE,
    REPOSITORY,
    "src/shop/modules/orders/model.py",
    "src/shop/modules/orders/schemas.py",
    "src/shop/connectors/orders_customers.py",
    "src/shop/composition_root.py",
    "src/shop/shared/rows.py",
    "alembic/versions/1.py",
)
_ALL_OF_IT = """\
from alembic import op
from fastapi import APIRouter, Request
from pydantic import BaseModel
from shop.kernel.repository import RepositoryAdapter
from sqlalchemy import select, text
from sqlalchemy.orm import Session

router = APIRouter()

class Body(BaseModel):
    total: int

class First(Second):
    held = Second.held

class Second(First):
    held = First.held

def ping(a, session: Session): return pong(a, session)
def pong(a, session: Session): return ping(session, a)

"""
_CIRCLE = """\
@router.post("/{key}")
async def post(key: int, body: Body, request: Request, session: Session, rows: RepositoryAdapter[First]):
    a = b
    b = a.x(a)
    a = b[a](a)
    c, d = d, c
    d = {**c, "k": d}
    q = q.where(a) if a else q
    q = text(f"select {q} {a}")
    session.execute(q)
    e = await request.json()
    e = e.f(e)
    if a.total > c.total and e["x"] == d.y and body.total > a:
        raise ValueError(a, e)
    for e in e:
        session.get(a, e)
        ping(e, session)
    rows.update(a, d)
    rows.create({**d})
    op.execute(q)
    return a.b.c(d)
"""
_CHAIN = (
    '@router.post("/{key}")\ndef post(body: Body, session: Session, rows: RepositoryAdapter[First]):\n    x0 = body\n'
    + "".join(f"    x{at + 1} = x{at}\n" for at in range(150))
    + "    if x150.total > 3:\n        raise ValueError\n"
    + "    session.execute(text(x150))\n    return rows.create(x150)\n"
)


@pytest.mark.parametrize("body", [pytest.param(_CIRCLE, id="in circles"), pytest.param(_CHAIN, id="in a long chain")])
def test_names_that_stand_for_one_another_are_judged_in_every_layer(body: str) -> None:
    files = {path: (_ALL_OF_IT + body).encode() for path in _EVERYWHERE}
    assert engine.judge(files, Config()).incomplete == ()
