"""What git calls a conflict and a reader of Python does not, and the conflicts that stay some."""

from __future__ import annotations

import pytest

from arckode_gen.engine.settling import settle, with_imports, with_used_imports, without_new_imports
from arckode_gen.shell.merge import merge

MODEL = """\
class Order(Entity):
    total: int
    note: str
"""


def settled(base: str, ours: str, theirs: str) -> str | None:
    merged = merge(base.encode(), ours.encode(), theirs.encode())
    assert merged.conflicts
    whole = settle(merged.content)
    return None if whole is None else whole.decode()


TOGETHER = [
    pytest.param(
        MODEL,
        MODEL + "    mine: int\n",
        MODEL + "    new: int\n",
        MODEL + "    mine: int\n    new: int\n",
        id="both added a field at the end",
    ),
    pytest.param(
        MODEL,
        MODEL.replace("note: str", "note: str | None"),
        MODEL + "    new: int\n",
        MODEL.replace("note: str", "note: str | None") + "    new: int\n",
        id="one changed the last field, the other added one after it",
    ),
    pytest.param(
        MODEL,
        MODEL + "\n    @property\n    def free(self) -> bool:\n        return True\n",
        MODEL + "    new: int\n",
        MODEL + "    new: int\n\n    @property\n    def free(self) -> bool:\n        return True\n",
        id="a property and a field, which goes to the fields",
    ),
    pytest.param(
        MODEL,
        MODEL + "    mine: int\n\n    @property\n    def free(self) -> bool:\n        return True\n",
        MODEL + "    new: int\n",
        MODEL + "    mine: int\n    new: int\n\n    @property\n    def free(self) -> bool:\n        return True\n",
        id="a field and a property, and a field",
    ),
    pytest.param(
        MODEL + "    old: int\n",
        MODEL + "    mine: int\n    old: int\n\n    @property\n    def free(self) -> bool:\n        return True\n",
        MODEL,
        MODEL + "    mine: int\n\n    @property\n    def free(self) -> bool:\n        return True\n",
        id="a field goes from between what was added around it",
    ),
    pytest.param(
        MODEL,
        MODEL + "    mine: int\n",
        MODEL + "\n\nclass Line(Entity):\n    number: int\n",
        MODEL + "    mine: int\n\n\nclass Line(Entity):\n    number: int\n",
        id="a field in the last class, and a class after it",
    ),
]


@pytest.mark.parametrize(("base", "ours", "theirs", "both"), TOGETHER)
def test_declarations_of_both_sides_stand_together(base: str, ours: str, theirs: str, both: str) -> None:
    assert settled(base, ours, theirs) == both


FUNCTION = "def f(x):\n    a(x)\n    return x\n"
APART = [
    pytest.param(MODEL, MODEL.replace("str", "int"), MODEL.replace("str", "bytes"), id="both changed one line"),
    pytest.param(
        FUNCTION,
        FUNCTION.replace("    return", "    mine(x)\n    return"),
        FUNCTION.replace("    return", "    new(x)\n    return"),
        id="both added a statement in one place of a function",
    ),
    pytest.param(
        "X = (\n    1,\n)\n",
        "X = (\n    1,\n    2,\n)\n",
        "X = (\n    1,\n    3,\n)\n",
        id="both added an item of a tuple",
    ),
    pytest.param(
        "def f():\n    a()\n",
        "def f():\n    a()\n    mine()\n",
        "def f():\n    a()\n\n\ndef g():\n    b()\n",
        id="a statement at the end of a function, and a function after it",
    ),
    pytest.param(
        MODEL.replace("note: str", "a: int"),
        MODEL.replace("note: str", "a: int\n    note: str"),
        MODEL.replace("note: str", "a: int\n    note: int"),
        id="both added a field of one name",
    ),
    pytest.param(
        MODEL,
        MODEL + "\n    def free(self) -> bool:\n        return True\n",
        MODEL + "\n    def free(self) -> int:\n        return 1\n",
        id="both added a method of one name",
    ),
    pytest.param("x = [\n1,\n]\n", "x = [\n1,\n", "x = [\n1,\n]\ny = (\n", id="what is no Python"),
]


@pytest.mark.parametrize(("base", "ours", "theirs"), APART)
def test_what_is_a_question_for_a_person_stays_one(base: str, ours: str, theirs: str) -> None:
    assert settled(base, ours, theirs) is None


def test_imports_are_left_out_and_put_back_where_they_belong() -> None:
    base = '"""Doc."""\n\nfrom uuid import UUID\n\nfrom shop.kernel.model import Entity\n\nx = 1\n'
    new = base.replace("from uuid", "import datetime as dt\nfrom uuid").replace("Entity", "Entity, Json")
    found = without_new_imports(base.encode(), new.replace("x = 1", "x = 2").encode())
    assert found is not None
    assert found.text.decode() == base.replace("x = 1", "x = 2")
    assert found.added == ("import datetime as dt", "from shop.kernel.model import Json")
    mine = base.replace("from uuid", "from enum import Enum\nfrom uuid").encode()
    whole = with_imports(mine, found.added)
    assert whole is not None
    assert whole.decode() == new.replace("from uuid", "from enum import Enum\nfrom uuid")


def test_a_library_goes_between_the_standard_ones_and_the_project_s_own() -> None:
    text = b"from uuid import UUID\n\nfrom shop.kernel.model import Entity\n"
    assert with_imports(text, ("from pydantic import Field",)) == (
        b"from uuid import UUID\n\nfrom pydantic import Field\n\nfrom shop.kernel.model import Entity\n"
    )


def test_a_standard_import_goes_above_everything_where_there_is_none_yet() -> None:
    text = b'"""Doc."""\n\nfrom shop.kernel.model import Entity\n'
    assert with_imports(text, ("import datetime as dt",)) == (
        b'"""Doc."""\n\nimport datetime as dt\n\nfrom shop.kernel.model import Entity\n'
    )


@pytest.mark.parametrize(
    ("base", "new"),
    [
        pytest.param("x = 1\n", "import a\nx = 1\n", id="there were none"),
        pytest.param("import a\nimport b\nx = 1\n", "import a\nx = 1\n", id="one is dropped"),
        pytest.param("import a\nx = 1\nimport b\n", "import a\nimport b\nimport c\nx = 1\n", id="they are scattered"),
        pytest.param("import a\n", "import (\n", id="what is no Python"),
    ],
)
def test_imports_that_are_not_simply_more_are_left_to_git(base: str, new: str) -> None:
    assert without_new_imports(base.encode(), new.encode()) is None


def test_a_name_that_means_something_else_is_not_imported() -> None:
    assert with_imports(b"import os as dt\n\ndt.getcwd()\n", ("import datetime as dt",)) is None


USED = [
    pytest.param("from sqlalchemy import String\n", "x = String(20)\n", True, id="used"),
    pytest.param("from sqlalchemy import String as Text\n", "x = Text(20)\n", True, id="used by another name"),
    pytest.param("from sqlalchemy import String\n", "x = 1\n", False, id="not used"),
    pytest.param("from sqlalchemy import String\n", "String = str\nx = String()\n", False, id="defined there"),
    pytest.param("from sqlalchemy import String\n", "# String\nx = 'String'\n", False, id="only told about"),
]


@pytest.mark.parametrize(("line", "rest", "stays"), USED)
def test_an_import_that_a_merge_took_comes_back_while_its_name_is_used(line: str, rest: str, *, stays: bool) -> None:
    merged = f"import first\n\n{rest}".encode()
    found = with_used_imports(f"import first\n{line}\n{rest}".encode(), merged)
    assert (line.encode() in found) == stays
    assert stays or found == merged


def test_what_is_no_python_is_left_as_it_is() -> None:
    assert with_used_imports(b"import a\n", b"(") == b"("
