"""Composition roots as people leave them: a generator wires them rightly, or is refused with the lines to paste.

Right is: every line of before is there as it was, the project's Python stays Python, each wire is there once, a second
run changes nothing, and the inverse gives the old bytes back. Refused is: not a byte of the project has changed.
"""

from __future__ import annotations

import ast
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arckode_gen.engine import edits, units, wiring
from arckode_gen.engine.placing import is_python
from arckode_gen.engine.project import Disk
from arckode_gen.errors import RefusedError
from tests.commands.calls import call
from tests.keeping.makers import destroying, has_inverse, makers
from tests.shell.trees import tree

if TYPE_CHECKING:
    from collections.abc import Callable

    Copy = Callable[[Path, str], Path]

ROUNDS = int(os.environ.get("ARCKODE_ROOTS", "200"))
ROOT = "src/shop/composition_root.py"
MAKERS = [maker for maker in makers() if has_inverse(maker.words)]
MAKE = ("make:module", "orders", "total:int")
IMPORT, CALL = "from shop.modules.orders import register_orders", "register_orders(kernel)"
KERNEL = "    kernel = Kernel(settings, database=database)\n"


@dataclass(frozen=True, slots=True)
class Shape:
    """A way to mutilate the root: what stands there becomes something else."""

    name: str
    old: str
    new: str
    refused: bool = False

    def of(self, source: bytes) -> bytes:
        text = source.decode()
        assert self.old in text, self.name
        return text.replace(self.old, self.new).encode()


DEFINED = "def compose(settings: Settings, *, database: Database | None = None) -> Kernel:\n"
SHAPES = (
    Shape("lines end in CRLF", "\n", "\r\n"),
    Shape("tabs indent", "    ", "\t"),
    Shape("a byte order mark comes first", '"""Where', '\ufeff"""Where'),
    Shape("the kernel has another name", "kernel = Kernel", "app = Kernel"),
    Shape("the kernel's class has another name", "import Kernel\n", "import Kernel as K\n"),
    Shape("comments everywhere", "    return kernel", "    # the end\n\n    # really\n    return kernel  # gone"),
    Shape("compose is decorated", DEFINED, f"@staticmethod\n{DEFINED}"),
    Shape("compose is async", DEFINED, f"async {DEFINED}"),
    Shape("two statements share a line", KERNEL, f"{KERNEL[:-1]}; done = True\n"),
    Shape("the return shares a line", "    return kernel", "    done = True; return kernel", refused=True),
    Shape("the kernel is made under a condition", KERNEL, f"    if settings:\n    {KERNEL}    else:\n    {KERNEL}"),
    Shape("a syntax error", "def compose", "def def compose", refused=True),
    Shape("compose has another name", "def compose", "def build", refused=True),
    Shape("compose is defined twice", "def compose", "def compose() -> None: ...\n\n\ndef compose", refused=True),
    Shape("imports for the type checker", "from shop.settings", f"if TYPE_CHECKING:\n    {IMPORT}\nfrom shop.settings"),
    Shape(
        "imports are tried",
        "from shop.settings",
        "try:\n    import x\nexcept ImportError:\n    pass\nfrom shop.settings",
    ),
    Shape("a late import", "    return kernel", "    import late  # noqa\n    return kernel"),
    Shape("the lines stand in a string", '"""Where', f'"""{IMPORT}\n{CALL}\nWhere'),
    Shape("the lines stand in a comment", KERNEL, f"{KERNEL}    # {CALL}\n"),
    Shape("the name is taken", "from shop.settings", "register_orders = 1\nfrom shop.settings", refused=True),
    Shape("the body is on one line", "    kernel", "    if settings: pass\n    kernel"),
    Shape("it has no last line end", "    return kernel\n", "    return kernel"),
    Shape("it has two returns", KERNEL, f"{KERNEL}    if not database:\n        return kernel\n"),
)


@pytest.fixture
def shop(fresh: Path, copied: Copy) -> Path:
    return copied(fresh, "ours")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_module_is_wired_rightly_or_refused_with_the_lines_to_paste(shape: Shape, shop: Path) -> None:
    root = shop / ROOT
    root.write_bytes(shape.of(root.read_bytes()))
    before = tree(shop)
    if shape.refused:
        with pytest.raises(RefusedError) as caught:
            call(shop, *MAKE)
        assert IMPORT in caught.value.message or CALL in caught.value.message
        assert "nothing was written" in caught.value.message
        assert tree(shop) == before
        return
    old = root.read_bytes()
    assert call(shop, *MAKE).code == 0
    new = root.read_bytes()
    assert added(old, new) == [IMPORT, CALL.replace("kernel", "app" if b"app = " in old else "kernel")]
    assert call(shop, *MAKE).out.endswith("nothing to do, everything is there already")
    assert root.read_bytes() == new
    assert call(shop, *destroying(MAKE)).code == 0
    assert tree(shop) == before


def added(old: bytes, new: bytes) -> list[str]:
    """Return the lines that are new, stripped; the others are as they were, line ends included."""
    rest = iter(old.splitlines(keepends=True))
    expected = next(rest, None)
    found: list[str] = []
    for line in new.splitlines(keepends=True):
        if line == expected or (
            expected is not None and line.strip() == expected.strip() and not expected.endswith(b"\n")
        ):
            expected = next(rest, None)
        else:
            found.append(line.decode().strip())
    assert expected is None, "a line is gone or has changed"
    endings = {line[len(line.rstrip(b"\r\n")) :] for line in new.splitlines(keepends=True)} - {b""}
    assert endings <= {line[len(line.rstrip(b"\r\n")) :] for line in old.splitlines(keepends=True)}
    return found


def test_a_root_that_is_gone_is_said_with_the_lines_it_must_hold(shop: Path) -> None:
    (shop / ROOT).unlink()
    before = tree(shop)
    with pytest.raises(RefusedError, match=f"{ROOT} is missing; it must hold") as caught:
        call(shop, *MAKE)
    assert CALL in caught.value.message
    assert tree(shop) == before


@pytest.fixture(scope="module")
def wires(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[bytes, list[units.Edit]]]:
    """Return the root before each generator and the wires that it puts there."""
    found = []
    for maker in MAKERS:
        root = Path(shutil.copytree(fresh, tmp_path_factory.mktemp("wires") / "shop"))
        maker.prepare(root)
        before, known = (root / ROOT).read_bytes(), {unit.id for unit in units.all_units(Disk(root))}
        maker.make(root)
        new = [unit for unit in units.all_units(Disk(root)) if unit.id not in known]
        found.append((before, [edit for unit in new for edit in unit.edits if edit.file == ROOT]))
    return [(before, lines) for before, lines in found if lines]


JUNK = (
    "",
    "# a comment",
    "    # an indented comment",
    "import os",
    "if True:",
    "    pass",
    "    return kernel",
    '"""',
    "x = (",
    ")",
    "    with open('x') as kernel:",
    "try:",
    "except ValueError:",
    "    kernel = Kernel(settings)",
    "\f",
    "\\",
    "class A:",
    "@decorated",
    "match settings:",
    "    case _:",
    "lambda: (yield)",
    "é = '\u2028'",
)


# Where, what happens there, and which line comes if one does; the numbers are taken modulo what there is.
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 999),
        st.sampled_from(("insert", "insert", "delete", "double", "indent", "swap")),
        st.integers(0, 99),
    ),
    min_size=1,
    max_size=4,
)


def mutilated(source: bytes, lines: list[units.Edit], changes: list[tuple[int, str, int]]) -> list[str]:
    """Return the lines of a root in which some came, went, moved or were indented."""
    text = source.decode().splitlines()
    coming = (*JUNK, *(edit.text for edit in lines))
    for place, how, which in changes:
        at = place % len(text)
        match how:
            case "insert":
                text.insert(at, coming[which % len(coming)])
            case "delete" if len(text) > 1:
                del text[at]
            case "double":
                text.insert(at, text[at])
            case "indent":
                text[at] = f"    {text[at]}"
            case "swap":
                text[at], text[-1] = text[-1], text[at]
    return text


@settings(max_examples=ROUNDS, derandomize="ARCKODE_ROOTS" not in os.environ, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 99), CHANGES, st.sampled_from(("\n", "\r\n")), st.booleans())
def test_whatever_stands_in_the_root(
    wires: list[tuple[bytes, list[units.Edit]]], which: int, changes: list[tuple[int, str, int]], end: str, ended: bool
) -> None:
    before, lines = wires[which % len(wires)]
    text = mutilated(before, lines, changes)
    source = (end.join(text) + (end if ended else "")).encode()
    for edit in lines:
        outcome = wiring.insert(edit, source)
        if isinstance(outcome, edits.CannotInsert):
            assert edit.text.split("(")[0] in outcome.patch
            assert outcome.reason
            continue
        if isinstance(outcome, edits.AlreadyThere):
            continue
        assert is_python(source)
        assert is_python(outcome.text)
        assert_only_adds(source, outcome.text)
        assert wiring.insert(edit, outcome.text) == edits.AlreadyThere()
        taken = wiring.remove(edit, outcome.text)
        if isinstance(taken, edits.Removed):
            assert ast.dump(ast.parse(taken.text)) == ast.dump(ast.parse(source))
        else:
            assert isinstance(taken, edits.CannotRemove)
            assert taken.reason in {f"{local(edit)!r} is still used", "a person changed the line"}
        source = outcome.text


def local(edit: units.Edit) -> str:
    return edit.text.rpartition(" ")[2]


def assert_only_adds(old: bytes, new: bytes) -> None:
    """Every line of before, but for one import that took a name in, is there in order."""
    there, at = [line.strip() for line in new.splitlines()], 0
    missing: list[bytes] = []
    for line in (line.strip() for line in old.splitlines()):
        if line in there[at:]:
            at = there.index(line, at) + 1
        else:
            missing.append(line)
    assert not missing or (len(missing) == 1 and _took_a_name_in(missing[0].decode(), new))


def _took_a_name_in(line: str, new: bytes) -> bool:
    """Tell whether the names of an import on one line are still imported from there, with one more."""
    (was,) = ast.parse(line).body
    assert isinstance(was, ast.ImportFrom)
    names = {name.name for name in was.names}
    now = [node for node in ast.walk(ast.parse(new)) if isinstance(node, ast.ImportFrom) and node.module == was.module]
    return any(names < (found := {name.name for name in node.names}) and len(found) == len(names) + 1 for node in now)
