"""What each construct of a document becomes in Python, as mypy and as Python see it: positive and negative."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from arckode_gen.client import document
from arckode_gen.client.document import UnsupportedError
from arckode_gen.client.python.text import docstring, quoted
from tests.client.documents import CONSTRUCTS
from tests.client.python_tools import client_of, lint_errors, type_errors, write

_ROOT = Path(__file__).resolve().parents[2]
_HASHES = """
import hashlib
from arckode_gen.client import document
from tests.client.documents import CONSTRUCTS
from tests.client.python_tools import client_of
total = hashlib.sha256()
for file in CONSTRUCTS:
    for name, text in client_of(document.parse(file.read_text("utf-8"), file.name)).items():
        total.update(name.encode() + text.encode())
print(total.hexdigest())
"""


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the client of every construct, with its tests beside it."""
    folder = tmp_path_factory.mktemp("constructs")
    for file in CONSTRUCTS:
        made = document.parse(file.read_text("utf-8"), file.name)
        write(made, folder / file.stem)
        text = f"from typing import Literal, assert_type, get_args\n{made.get('x-python', '')}"
        (folder / f"{file.stem}_test.py").write_text(text, "utf-8")
    return folder


def test_each_construct_has_the_type_it_should_have(clients: Path) -> None:
    assert type_errors(clients) == []


def test_each_construct_is_read_and_written_as_it_should_be(clients: Path) -> None:
    """Import every file, which makes pydantic build what it can, and run the tests that are there."""
    modules = [f"{file.parent.name}.{file.stem}" for file in sorted(clients.glob("*/*.py")) if file.stem != "__init__"]
    tests = [file.stem for file in sorted(clients.glob("*_test.py"))]
    code = (
        "import importlib, inspect\n"
        "from pydantic import BaseModel\n"
        f"for name in {modules + tests}:\n"
        "    module = importlib.import_module(name)\n"
        "    for each in vars(module).values():\n"
        "        if inspect.isclass(each) and issubclass(each, BaseModel) and each is not BaseModel:\n"
        "            assert each.model_rebuild() is not False\n"
    )
    environ = {**os.environ, "PYTHONWARNINGS": "error"}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=clients, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_what_is_written_is_formatted_and_clean(clients: Path) -> None:
    for file in CONSTRUCTS:
        # An alphabet without small letters has no names that pep8-naming takes for a function's.
        assert [each for each in lint_errors(clients / file.stem) if "`注文`" not in each] == []


def test_a_wrong_expectation_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("from typing import assert_type\nassert_type(1, str)\n", "utf-8")
    (said,) = type_errors(tmp_path)
    assert said.startswith("wrong.py:2: error: ")


def test_the_bytes_are_the_same_in_every_process() -> None:
    def run(seed: str) -> str:
        environ = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(_ROOT), "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", _HASHES], cwd=_ROOT, env=environ, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert run("0") == run("77")


def _of(schemas: dict[str, Any]) -> str:
    made = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "components": {"schemas": schemas}}
    return client_of(made)["schemas.py"]


def test_one_more_field_is_one_more_line() -> None:
    def order(*names: str) -> dict[str, Any]:
        return {"Order": {"type": "object", "properties": {name: {"type": "string"} for name in names}}}

    before, after = _of(order("id")), _of(order("id", "note"))
    assert set(after.splitlines()) - set(before.splitlines()) == {"    note: str | None = None"}


def test_objects_that_are_made_of_each_other_come_to_an_end() -> None:
    def linked(name: str) -> dict[str, Any]:
        return {"type": "object", "properties": {"next": {"$ref": f"#/components/schemas/{name}"}}}

    both = {"allOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]}
    text = _of({"A": linked("A"), "B": linked("B"), "Both": both})
    assert "class Both(Model):\n    next: Both | None = None\n" in text


def test_what_cannot_be_read_is_an_error_that_names_the_place() -> None:
    path = {"get": {"parameters": [{"name": "a", "in": "path", "schema": {"type": "object", "properties": {"b": {}}}}]}}
    made = {"openapi": "3.1.0", "paths": {"/x/{a}": path}}
    with pytest.raises(UnsupportedError) as refused:
        client_of(made)
    assert refused.value.message == '#/paths/~1x~1{a}/get: the path parameter "a" is an object'
    assert refused.value.hint == "make it a text or a number"


@pytest.mark.parametrize(
    "text",
    ["", 'it\'s "x"', '"""', "a\\", "\\", "\ud800", "a\nb\tc\rd", "\u2028 \u200b", "ñ", "{x}", "'", '"', "\x00\x7f"],
)
def test_a_text_is_itself_as_a_string_and_ends_no_docstring(text: str) -> None:
    found: dict[str, object] = {}
    exec(f"value = {quoted(text)}\ndef f():\n    '''x'''\n{docstring(text, 4)}", found)
    assert found["value"] == text
