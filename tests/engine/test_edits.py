"""Wiring edits on roots as people leave them: right, or refused with the lines to paste, never wrong."""

from __future__ import annotations

import ast
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arckode_gen.engine import edits_check, edits_source
from arckode_gen.engine.edits import (
    AlreadyGone,
    AlreadyThere,
    CannotInsert,
    CannotRemove,
    Inserted,
    Removed,
)
from arckode_gen.engine.edits_calls import insert_call, remove_call
from arckode_gen.engine.edits_imports import insert_import, remove_import

if TYPE_CHECKING:
    from arckode_gen.engine.edits import Insertion, Removal

IMPORT = "from shop.modules.orders import register_orders"
CALL = "register_orders(kernel)"

ROOT = '''"""Where everything is wired."""

from shop.connectors.orders_customers import connect_orders_customers
from shop.kernel.app import Kernel
from shop.modules.customers import register_customers
from shop.modules.products import register_products
from shop.settings import Settings


def compose(settings: Settings) -> Kernel:
    kernel = Kernel(settings)
    register_customers(kernel)
    register_products(kernel)
    connect_orders_customers(kernel)
    return kernel
'''
WIRED = ROOT.replace(
    "from shop.modules.products", "from shop.modules.orders import register_orders\nfrom shop.modules.products"
).replace("    register_products", "    register_orders(kernel)\n    register_products")
EMPTY = '''"""Where everything is wired."""

from shop.kernel.app import Kernel
from shop.settings import Settings


def compose(settings: Settings) -> Kernel:
    kernel = Kernel(settings)
    return kernel
'''


def wired(source: bytes, line: str = IMPORT, call: str = CALL) -> bytes | Insertion:
    """Do both edits, or return the first outcome that is none."""
    for outcome in (insert_import(source, line), insert_call(source, "compose", call)):
        if isinstance(outcome, CannotInsert):
            return outcome
    first = insert_import(source, line)
    source = first.text if isinstance(first, Inserted) else source
    second = insert_call(source, "compose", call)
    if isinstance(second, CannotInsert):
        return second
    return second.text if isinstance(second, Inserted) else source


def unwired(source: bytes, line: str = IMPORT, call: str = CALL) -> bytes | Removal:
    """Undo both edits, or return the first outcome that is a refusal."""
    first = remove_call(source, "compose", call)
    source = first.text if isinstance(first, Removed) else source
    second = remove_import(source, line)
    return (
        second.text
        if isinstance(second, Removed)
        else next((outcome for outcome in (first, second) if isinstance(outcome, CannotRemove)), source)
    )


def changed(old: str, new: str, root: str = ROOT) -> str:
    assert old in root
    return root.replace(old, new)


# Each root with the lines that the edits add to it: (the line after which one is new, that new line).
PLACED = [
    pytest.param(
        ROOT,
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="sorted among its siblings",
    ),
    pytest.param(
        EMPTY,
        [("from shop.kernel.app import Kernel", IMPORT), ("    kernel = Kernel(settings)", f"    {CALL}")],
        id="before the return when it is the first",
    ),
    pytest.param(
        changed("\n    return kernel", "\n\n    # give it back\n    return kernel", EMPTY),
        [("from shop.kernel.app import Kernel", IMPORT), ("    kernel = Kernel(settings)", f"    {CALL}")],
        id="a comment stays with the return it is about",
    ),
    pytest.param(
        changed("    register_customers(kernel)\n    register_products(kernel)\n", ""),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    kernel = Kernel(settings)", f"    {CALL}"),
        ],
        id="registrations come before the connectors that are there",
    ),
    pytest.param(
        changed("    register_customers(kernel)\n", "    # who buys\n    register_customers(kernel)\n").replace(
            "    register_products", "    # what they buy\n    register_products"
        ),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="comments stay with the calls under them",
    ),
    pytest.param(
        changed("register_customers(kernel)", "register_customers(kernel)  # first"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)  # first", f"    {CALL}"),
        ],
        id="a comment behind a call stays on its line",
    ),
    pytest.param(
        changed("kernel = Kernel", "app = Kernel").replace("(kernel)", "(app)").replace("return kernel", "return app"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(app)", "    register_orders(app)"),
        ],
        id="the variable has another name",
    ),
    pytest.param(
        changed("import Kernel", "import Kernel as Core")
        .replace("= Kernel(", "= Core(")
        .replace("-> Kernel", "-> Core")
        .replace("kernel =", "core =")
        .replace("(kernel)", "(core)")
        .replace("return kernel", "return core"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(core)", "    register_orders(core)"),
        ],
        id="the Kernel is imported under another name",
    ),
    pytest.param(
        changed("settings: Settings) -> Kernel:\n    kernel = Kernel(settings)", "app: Kernel) -> Kernel:")
        .replace("(kernel)", "(app)")
        .replace("return kernel", "return app"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(app)", "    register_orders(app)"),
        ],
        id="the kernel is a parameter",
    ),
    pytest.param(
        changed("def compose", "@traced\nasync def compose"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="compose is decorated and async",
    ),
    pytest.param(
        "from shop.kernel.app import Kernel\n\n\n"
        "def compose(kernel: Kernel) -> Kernel:\n    # nothing yet\n    return kernel\n",
        [
            ("from shop.kernel.app import Kernel", IMPORT),
            ("def compose(kernel: Kernel) -> Kernel:", f"    {CALL}"),
        ],
        id="the return is all there is",
    ),
    pytest.param(
        ROOT.replace("    ", "\t"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("\tregister_customers(kernel)", f"\t{CALL}"),
        ],
        id="tabs indent",
    ),
    pytest.param(
        ROOT.replace("\n", "\r\n"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="lines end in CRLF",
    ),
    pytest.param(
        "\ufeff" + ROOT,
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="a byte order mark comes first",
    ),
    pytest.param(
        ROOT.rstrip("\n"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="the last line has no end",
    ),
    pytest.param(
        ROOT.replace("wired.", "wired\x0c; a form feed and \u2028 end no line."),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="signs that end lines elsewhere stand in a docstring",
    ),
    pytest.param(
        changed("Where everything", f"{IMPORT}\n{CALL}\nWhere everything"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="the lines stand in a docstring",
    ),
    pytest.param(
        changed("    return kernel", f"    # {CALL}\n    return kernel"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="the call stands in a comment",
    ),
    pytest.param(
        changed("\n\ndef compose", f"\nif TYPE_CHECKING:\n    {IMPORT}\n\n\ndef compose"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="it is imported for the type checker alone",
    ),
    pytest.param(
        changed(
            "    kernel = Kernel(settings)",
            "    from shop.audit import register_audit\n\n    kernel = Kernel(settings)",
        ),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="a late import is left alone",
    ),
    pytest.param(
        changed("    connect", "    if settings.demo:\n        register_zebras(kernel)\n    connect"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="a conditional registration is no sibling",
    ),
    pytest.param(
        '"""Roots."""\n\nfrom shop.kernel.app import Kernel\n\n\n'
        "def compose(settings):\n    with Kernel(settings) as kernel:\n"
        "        register_customers(kernel)\n        register_zebras(kernel)\n        return kernel\n",
        [
            ("from shop.kernel.app import Kernel", IMPORT),
            ("        register_customers(kernel)", f"        {CALL}"),
        ],
        id="the siblings are inside with",
    ),
    pytest.param(
        changed("    register_products(kernel)", "    register_customers(kernel); register_products(kernel)"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel); register_products(kernel)", f"    {CALL}"),
        ],
        id="two siblings share a line",
    ),
    pytest.param(
        changed(
            "    register_customers(kernel)\n    register_products(kernel)",
            "    register_products(kernel)\n    register_customers(kernel)",
        ),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    kernel = Kernel(settings)", f"    {CALL}"),
        ],
        id="the siblings are in no order",
    ),
    pytest.param(
        changed("from shop.modules.products import register_products\n", "")
        .replace("from shop.connectors", "import shop.modules.products as p\nfrom shop.connectors")
        .replace("register_products", "p.register_products"),
        [
            ("from shop.modules.customers import register_customers", IMPORT),
            ("    register_customers(kernel)", f"    {CALL}"),
        ],
        id="a sibling is called through its module",
    ),
    pytest.param(
        "from shop.kernel.app import Kernel\n\n\ndef compose(settings):\n    kernel = Kernel(settings)\n\n"
        "    def late():\n        return 1\n\n    return kernel\n",
        [("from shop.kernel.app import Kernel", IMPORT), ("        return 1", ""), ("", f"    {CALL}")],
        id="a nested function keeps the blank line after it",
    ),
    pytest.param(
        changed(
            "from shop.modules.customers import register_customers\n",
            "from shop.modules.customers import (\n    register_customers,\n)\n",
        ),
        [(")", IMPORT), ("    register_customers(kernel)", f"    {CALL}")],
        id="a sibling import is in parentheses",
    ),
]


@pytest.mark.parametrize(("root", "places"), PLACED)
def test_the_lines_go_where_they_belong(root: str, places: list[tuple[str, str]]) -> None:
    before = root.encode()
    after = wired(before)
    assert isinstance(after, bytes), after
    lines = after.decode().replace("\r\n", "\n").split("\n")
    old = before.decode().replace("\r\n", "\n").split("\n")
    assert len(lines) == len(old) + 2
    for previous, line in places:
        assert (previous, line) in list(pairwise(lines))
    rest = iter(lines)
    assert all(line in rest for line in old)
    assert wired(after) == after
    assert unwired(after) == before


def test_the_whole_of_a_wired_root() -> None:
    assert wired(ROOT.encode()) == WIRED.encode()


@pytest.mark.parametrize(
    "root",
    [
        pytest.param(WIRED, id="both are there"),
        pytest.param(
            changed(IMPORT, f"{IMPORT} as wire_orders", WIRED).replace("    register_orders(", "    wire_orders("),
            id="imported and called under another name",
        ),
        pytest.param(changed(f"    {CALL}", "    register_orders(kernel, prefix='/v2')", WIRED), id="called with more"),
        pytest.param(changed(f"    {CALL}", f"    if settings.orders:\n        {CALL}", WIRED), id="called inside if"),
        pytest.param(changed(f"    {CALL}", f"    with quiet():\n        {CALL}", WIRED), id="called inside with"),
        pytest.param(
            changed(f"    {CALL}", f"    try:\n        {CALL}\n    except OSError:\n        pass", WIRED),
            id="called inside try",
        ),
        pytest.param(changed(f"    {CALL}", f"    orders = {CALL}", WIRED), id="its result is kept"),
        pytest.param(
            changed(f"    {CALL}", "    for register in (register_orders,):\n        register(kernel)", WIRED),
            id="handed to a loop",
        ),
        pytest.param(
            changed(IMPORT, "import shop.modules.orders", WIRED).replace(
                "    register_orders(", "    shop.modules.orders.register_orders("
            ),
            id="called through the imported package",
        ),
        pytest.param(
            changed(IMPORT, "from shop.modules import orders", WIRED).replace(
                "    register_orders(", "    orders.register_orders("
            ),
            id="called through the imported module",
        ),
        pytest.param(changed(IMPORT, IMPORT.replace("shop.", "."), WIRED), id="imported relatively"),
        pytest.param(
            changed(IMPORT, f"try:\n    {IMPORT}\nexcept ImportError:\n    pass", WIRED), id="imported inside try"
        ),
        pytest.param(
            changed(f"{IMPORT}\n", "", WIRED).replace("    kernel = Kernel", f"    {IMPORT}\n\n    kernel = Kernel"),
            id="imported late, where it is called",
        ),
        pytest.param(
            changed(IMPORT, "from shop.modules.orders import OrdersService, register_orders", WIRED),
            id="imported beside another name",
        ),
    ],
)
def test_what_is_there_in_other_words_is_left_alone(root: str) -> None:
    assert insert_import(root.encode(), IMPORT) == AlreadyThere()
    assert insert_call(root.encode(), "compose", CALL) == AlreadyThere()


def test_an_import_under_another_name_is_called_by_it() -> None:
    root = changed("from shop.modules.products", f"{IMPORT} as wire_orders\nfrom shop.modules.products")
    after = wired(root.encode())
    assert after == changed("    register_products", "    wire_orders(kernel)\n    register_products", root).encode()
    assert isinstance(after, bytes)
    assert remove_call(after, "compose", CALL) == Removed(root.encode())


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        pytest.param("def compose(:\n", "line 1 is no valid Python", id="a syntax error"),
        pytest.param("x = 1\n", "no function 'compose'", id="no compose"),
        pytest.param('"""A docstring and nothing else."""\n', "no function 'compose'", id="a docstring alone"),
        pytest.param("", "no function 'compose'", id="an empty file"),
        pytest.param(f"{ROOT}\n\n{ROOT}", "more than once", id="two functions of the name"),
        pytest.param(
            "class Root:\n    def compose(self):\n        kernel = Kernel()\n        return kernel\n",
            "not at the top level",
            id="a method of the name",
        ),
        pytest.param("def compose(kernel): return kernel\n", "on the line of its header", id="a body on one line"),
        pytest.param(
            "def compose(settings):\n    return Kernel(settings)\n", "no single variable", id="the kernel has no name"
        ),
        pytest.param(
            "def compose(settings):\n    a = Kernel(settings)\n    b = Kernel(settings)\n    return a\n",
            "no single variable",
            id="there are two kernels",
        ),
        pytest.param(
            "def compose(settings):\n    kernel = Kernel(settings); return kernel\n",
            "the return is on the line",
            id="the return shares a line",
        ),
        pytest.param("# coding: no-such\n", "unknown encoding", id="an unknown encoding"),
    ],
)
def test_without_a_safe_place_it_says_why_and_what_to_paste(root: str, reason: str) -> None:
    outcome = insert_call(root.encode(), "compose", CALL)
    assert isinstance(outcome, CannotInsert)
    assert reason in outcome.reason
    assert outcome.patch.strip() == CALL


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        pytest.param(b"import (\n", "no valid Python", id="a syntax error"),
        pytest.param(b"\xff\xfe", "cannot be read|no valid Python|invalid", id="bytes that are no text"),
        pytest.param(b"register_orders = 1\n", "already means something else", id="the name is a variable"),
        pytest.param(
            b"from a import register_orders\n", "already means something else", id="the name is another import"
        ),
        pytest.param(b"import a; import b\n\nx = 1\n", "", id="imports share a line"),
    ],
)
def test_an_import_without_a_safe_place_is_refused_or_right(root: bytes, reason: str) -> None:
    outcome = insert_import(root, IMPORT)
    if isinstance(outcome, Inserted):
        assert not reason
        assert ast.parse(outcome.text)
    else:
        assert isinstance(outcome, CannotInsert)
        assert outcome.patch == IMPORT
        assert (
            reason.split("|", maxsplit=1)[0] in outcome.reason or reason.rsplit("|", maxsplit=1)[-1] in outcome.reason
        )


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        pytest.param("", f"{IMPORT}\n", id="an empty file"),
        pytest.param('"""Doc."""\n', f'"""Doc."""\n\n{IMPORT}\n', id="a docstring alone"),
        pytest.param(
            '"""Doc."""\n\n\ndef f():\n    pass\n',
            f'"""Doc."""\n\n{IMPORT}\n\n\ndef f():\n    pass\n',
            id="a docstring before a function",
        ),
        pytest.param("\n", f"\n{IMPORT}\n", id="an empty line alone"),
        pytest.param(
            '"""Doc."""\n# about x\nx = 1\n',
            f'"""Doc."""\n\n{IMPORT}\n# about x\nx = 1\n',
            id="no line after the docstring",
        ),
        pytest.param("import os\nx = 1\n", f"import os\n\n{IMPORT}\nx = 1\n", id="no line after the imports"),
        pytest.param(
            "# Licence\n\n\nclass A: ...\n",
            f"# Licence\n\n\n{IMPORT}\n\n\nclass A: ...\n",
            id="under a header of comments",
        ),
        pytest.param(
            '"""Doc."""\nfrom .a import b\n',
            f'"""Doc."""\n{IMPORT}\n\nfrom .a import b\n',
            id="between a docstring and relative imports",
        ),
        pytest.param("x = 1\n", f"{IMPORT}\n\nx = 1\n", id="a statement alone"),
        pytest.param("def f():\n    pass\n", f"{IMPORT}\n\n\ndef f():\n    pass\n", id="a function alone"),
        pytest.param(
            "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nx = 1\n",
            f"#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n{IMPORT}\n\nx = 1\n",
            id="a shebang and a coding line",
        ),
        pytest.param(
            "from __future__ import annotations\n\nx = 1\n",
            f"from __future__ import annotations\n\n{IMPORT}\n\nx = 1\n",
            id="after __future__",
        ),
        pytest.param(
            "import os\n\nimport fastapi\n\nx = 1\n",
            f"import os\n\nimport fastapi\n\n{IMPORT}\n\nx = 1\n",
            id="a section of its own after the others",
        ),
        pytest.param(
            "from .a import b\n\nx = b\n", f"{IMPORT}\n\nfrom .a import b\n\nx = b\n", id="before relative imports"
        ),
        pytest.param(
            "from shop.a import b\nfrom shop.z import y\n",
            f"from shop.a import b\n{IMPORT}\nfrom shop.z import y\n",
            id="between its siblings",
        ),
        pytest.param(
            "from shop.modules.orders import OrdersService\n",
            "from shop.modules.orders import OrdersService, register_orders\n",
            id="merged into an import of its module",
        ),
        pytest.param(
            "from shop.modules.orders import (\n    OrdersService,\n    zebra,\n)\n",
            "from shop.modules.orders import (\n    OrdersService,\n    register_orders,\n    zebra,\n)\n",
            id="merged into an import in parentheses",
        ),
        pytest.param(
            "from shop.modules.orders import register_items as items\n",
            f"from shop.modules.orders import register_items as items\n{IMPORT}\n",
            id="beside an import under another name",
        ),
    ],
)
def test_where_an_import_goes(root: str, expected: str) -> None:
    assert insert_import(root.encode(), IMPORT) == Inserted(expected.encode())
    assert insert_import(expected.encode(), IMPORT) == AlreadyThere()
    assert remove_import(expected.encode(), IMPORT) == Removed(root.encode())


def test_a_latin_1_root_keeps_its_bytes() -> None:
    root = f"# coding: latin-1\n{ROOT}# caf\u00e9\n".encode("latin-1")
    after = wired(root)
    assert isinstance(after, bytes)
    assert after.decode("latin-1") == f"# coding: latin-1\n{WIRED}# caf\u00e9\n"


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        pytest.param(
            changed(f"    {CALL}", f"    {CALL}  # mine", WIRED), "changed the call", id="a comment was added"
        ),
        pytest.param(
            changed(CALL, "register_orders(kernel, 1)", WIRED), "changed the call", id="an argument was added"
        ),
        pytest.param(f"{WIRED}\nx = (\n", "no valid Python", id="a syntax error"),
    ],
)
def test_a_call_that_a_person_changed_stays(root: str, reason: str) -> None:
    outcome = remove_call(root.encode(), "compose", CALL)
    assert isinstance(outcome, CannotRemove)
    assert reason in outcome.reason


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        pytest.param(WIRED, "still used", id="the name is used"),
        pytest.param(f"{IMPORT}  # noqa: F401\n", "changed the line", id="a comment was added"),
        pytest.param(f"{IMPORT} as wire\n", "another way", id="it got another name"),
        pytest.param(f"{IMPORT}\nx = (\n", "no valid Python", id="a syntax error"),
    ],
)
def test_an_import_that_a_person_changed_stays(root: str, reason: str) -> None:
    outcome = remove_import(root.encode(), IMPORT)
    assert isinstance(outcome, CannotRemove)
    assert reason in outcome.reason


def test_removing_what_is_not_there_is_nothing_to_do() -> None:
    assert remove_import(ROOT.encode(), IMPORT) == AlreadyGone()
    assert remove_call(ROOT.encode(), "compose", CALL) == AlreadyGone()


@pytest.mark.parametrize("statement", ["x = 1", "import a, b", "from a import b, c"])
def test_an_import_statement_of_a_stub_must_be_one(statement: str) -> None:
    with pytest.raises(ValueError, match="does not import one name"):
        insert_import(b"", statement)


def test_a_call_statement_of_a_stub_must_be_one() -> None:
    with pytest.raises(ValueError, match="no call of a plain name"):
        insert_call(b"", "compose", "kernel.start()")


MODULES = st.lists(st.from_regex(r"[a-z]{1,3}[0-9]{0,2}(_[a-z]{1,3})?", fullmatch=True), unique=True, max_size=6)


def root_with(modules: list[str]) -> bytes:
    source = EMPTY.encode()
    for module in modules:
        after = wired(
            source, f"from shop.modules.m_{module} import register_m_{module}", f"register_m_{module}(kernel)"
        )
        assert isinstance(after, bytes)
        source = after
    return source


@given(MODULES)
def test_the_order_of_making_does_not_matter(modules: list[str]) -> None:
    assert root_with(modules) == root_with(sorted(modules))


@given(MODULES.filter(bool))
def test_every_module_can_be_taken_out_again(modules: list[str]) -> None:
    source = root_with(modules)
    first = modules[0]
    line, call = f"from shop.modules.m_{first} import register_m_{first}", f"register_m_{first}(kernel)"
    assert wired(source, line, call) == source
    assert unwired(source, line, call) == root_with(modules[1:])


def ruff(source: bytes, *arguments: str) -> str:
    command = [
        sys.executable,
        "-m",
        "ruff",
        *arguments,
        "--isolated",
        "--line-length",
        "120",
        "--stdin-filename",
        "root.py",
    ]
    done = subprocess.run([*command, "-"], input=source, capture_output=True, check=False)
    return done.stdout.decode() + done.stderr.decode() if done.returncode else ""


ISORT = ("check", "--select", "I", "--config", "lint.isort.known-first-party=['shop']")
MANY = ["a10", "a2", "a", "a_b", "ab", "z", "b1_c", "b", "b_"]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(WIRED.encode(), id="the usual root"),
        pytest.param(root_with(MANY), id="a root of names that sort oddly"),
        *(
            pytest.param(wired(str(case.values[0]).encode()), id=str(case.id))
            for case in PLACED
            if "tabs" not in str(case.id) and "share" not in str(case.id)
        ),
    ],
)
def test_ruff_finds_the_imports_sorted_and_the_file_formatted(source: bytes) -> None:
    assert not ruff(source, *ISORT)
    assert not ruff(source, "format", "--check")


def test_an_import_that_is_too_long_for_a_line_stands_in_parentheses() -> None:
    long = f"from shop.connectors.{'orders_' * 8}customers import connect_{'orders_' * 8}customers"
    inserted = insert_import(ROOT.encode(), long)
    assert isinstance(inserted, Inserted)
    head, _, name = long.partition(" import ")
    assert f"{head} import (\n    {name},\n)\n" in inserted.text.decode()
    assert isinstance(insert_import(inserted.text, long), AlreadyThere)
    removed = remove_import(inserted.text, long)
    assert isinstance(removed, Removed)
    assert removed.text == ROOT.encode()


def test_wiring_loads_nothing_that_costs_more_than_the_edit() -> None:
    """`re` and what imports it take as long as reading a root of 500 lines; see tests/bench/bench_keeping.py."""
    script = (
        "import sys; before = set(sys.modules)\n"
        "from arckode_gen.engine.edits_calls import insert_call\n"
        "from arckode_gen.engine.edits_imports import insert_import\n"
        f"root = insert_import({ROOT.encode()!r}, {IMPORT!r}).text\n"
        f"insert_call(root, 'compose', {CALL!r}).text\n"
        "print(*sorted((set(sys.modules) - before) & {'ast', 're', 'typing', 'dataclasses', 'functools', 'tokenize'}))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@given(st.data())
def test_what_is_proven_on_the_statements_around_an_edit_holds_for_the_file(data: st.DataObject) -> None:
    """Lines put anywhere: whatever the quick check lets through, reading the whole file lets through too."""
    lines = NESTED.splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines)))
    drop = data.draw(st.integers(0, min(2, len(lines) - at)))
    new = data.draw(st.lists(st.sampled_from(PIECES), max_size=3))
    before = edits_source.read(NESTED.encode())
    after = "".join([*lines[:at], *new, *lines[at + drop :]]).encode()
    around = edits_check._around(before, after)
    if around is None:
        return
    old, now = around
    if edits_check._adds(old, now, len(now) - len(old)):
        whole = edits_source.read(after)
        said = [edits_check._said(file.lines, file.tree) for file in (before, whole)]
        assert edits_check._adds(said[0], said[1], len(now) - len(old))


NESTED = '''"""Odd."""
import a; import b
from c import (
    d,
    e,
)

x = 1 \\

@wrap(
    1
)
def compose(
    settings,
):
    # first
    """Doc
    string.
    """
    try:
        f(1); g(2)
    except ValueError:
        h(3)
    else:
        with open(
            "x") as y:
            i(4)

    match x:
        case 1:
            j(5)
        case _: k(6)
    if x: l(7)
    elif y:
        m(8)
    return x
'''
PIECES = """\
\n# note\nelse:\n    n()\n        n()\n            n()\nn()\nimport n\n    n,\n)\n    else:\n\tn()\n    n(
    n() \\\nx = 1 \\\n    return x\n'''
""".splitlines(keepends=True)
