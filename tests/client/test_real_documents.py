"""Clients of real documents, of eight makers and of a project of ours: no error, no `any`, formatted, in Python, too.

Their mocks come along, and all that these answer is judged by the documents' own schemas.

The documents are fetched, so this runs when it is asked to: `ARCKODE_DOCUMENTS=1`, in `make soak`.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from arckode_gen.client import document
from tests.bench.api_documents import documents
from tests.bench.bench_client import own_document
from tests.client import python_tools
from tests.client.documents import write
from tests.client.mock_answers import answers
from tests.client.tools import VERSIONS, compile_errors, lines_with_any, unformatted

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(os.environ.get("ARCKODE_DOCUMENTS") != "1", reason="fetches documents: ARCKODE_DOCUMENTS=1"),
]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("real")
    found = {**documents(), "own": own_document(tmp_path_factory.mktemp("own"))}
    assert len(found) > 5
    for name, file in found.items():
        write(document.parse(file.read_text("utf-8"), name), folder / name, "mock")
        shutil.copy(file, folder / name / "document.txt")
    return {name: folder / name for name in found}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_client_compiles(clients: dict[str, Path], version: str) -> None:
    said = {name: errors[:5] for name, folder in clients.items() if (errors := compile_errors(folder, version))}
    assert said == {}


def test_no_client_has_an_any(clients: dict[str, Path]) -> None:
    assert {name: found for name, folder in clients.items() if (found := lines_with_any(folder))} == {}


def test_every_answer_of_every_mock_is_what_its_schema_says(clients: dict[str, Path]) -> None:
    overlapping = 0
    for name, folder in clients.items():
        found = answers(document.parse((folder / "document.txt").read_text("utf-8"), name), folder)
        assert [f"{each.place}: {each.wrong}: {each.text[:200]}" for each in found if each.wrong] == [], name
        assert [each.place for each in found if not each.is_known] == [], name
        overlapping += sum(bool(each.wrong_strictly) for each in found)
    # Members of a `oneOf` that take the same values leave no value that is of one alone.
    assert overlapping <= 2


def test_every_client_in_python_is_typed_and_clean(tmp_path: Path) -> None:
    found = {**documents(), "own": own_document(tmp_path)}
    for name, file in found.items():
        python_tools.write(document.parse(file.read_text("utf-8"), name), tmp_path / "clients" / name)
    assert python_tools.type_errors(tmp_path / "clients") == []
    # A name of a hundred letters makes a line too long that nothing can break.
    said = [each for each in python_tools.lint_errors(tmp_path / "clients") if "E501" not in each]
    assert said == []


def test_nearly_everything_is_as_prettier_has_it(clients: dict[str, Path]) -> None:
    files = [file for folder in clients.values() for file in folder.glob("*.ts") if file.name != "entry.ts"]
    assert unformatted(files) == []
