"""What each construct of a document becomes, as the compiler sees it: positive and negative, in three versions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from arckode_gen.client import document
from tests.client.documents import CONSTRUCTS, write
from tests.client.tools import VERSIONS, compile_errors, lines_with_any, unformatted

if TYPE_CHECKING:
    from pathlib import Path


HELP = """
type Shape<T> = T extends object ? { [K in keyof T]: T[K] } : T;
export type Equal<A, B> =
  (<T>() => T extends Shape<A> ? 1 : 2) extends <T>() => T extends Shape<B> ? 1 : 2 ? true : false;
export declare function same<T extends true>(): T;
export declare function expect<T>(value: T): void;
"""


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the client of every construct, with its tests beside it."""
    folder = tmp_path_factory.mktemp("constructs")
    (folder / "help.ts").write_text(HELP, "utf-8")
    for file in CONSTRUCTS:
        made = document.parse(file.read_text("utf-8"), file.name)
        write(made, folder / file.stem)
        tests = str(made["x-tests"])
        exported = {name for each in (folder / file.stem).glob("*.ts") for name in _exported(each)}
        code = re.sub(r"//.*|\"[^\"\n]*\"", "", tests)
        used = sorted(exported & set(re.findall(r"(?<![.\w])[^\W\d]\w*(?!\w|\??:)", code)))
        helpers = [name for name in ("Equal", "expect", "same") if re.search(rf"\b{name}<", tests)]
        lines = [f'import {{ {_listed(used, folder / file.stem)} }} from "./{file.stem}/index";']
        if helpers:
            lines.append(
                f'import {{ {", ".join(f"type {n}" if n == "Equal" else n for n in helpers)} }} from "./help";'
            )
        (folder / f"{file.stem}.test.ts").write_text("\n".join([*lines, tests]), "utf-8")
    return folder


def _exported(file: Path) -> list[str]:
    kinds = r"(?:async )?(?:function\*?|const|class|interface|type)"
    return re.findall(rf"^export {kinds} ([^\W\d]\w*)", file.read_text("utf-8"), re.MULTILINE)


def _listed(names: list[str], folder: Path) -> str:
    text = "".join(file.read_text("utf-8") for file in folder.glob("*.ts"))
    types = {name for name in names if re.search(rf"^export (?:interface|type) {name}\b", text, re.MULTILINE)}
    return ", ".join(f"type {name}" if name in types else name for name in names)


@pytest.mark.parametrize("version", VERSIONS)
def test_each_construct_has_the_type_it_should_have(clients: Path, version: str) -> None:
    assert not (said := compile_errors(clients, version)), "\n".join(said)


def test_a_wrong_expectation_is_noticed(clients: Path, tmp_path: Path) -> None:
    (tmp_path / "help.ts").write_text(HELP, "utf-8")
    text = 'import { type Equal, same } from "./help";\nsame<Equal<string, string | null>>();\n'
    (tmp_path / "wrong.ts").write_text(text, "utf-8")
    (said,) = compile_errors(tmp_path, "7.0")
    assert said.startswith("wrong.ts(2,")


def test_what_is_written_is_formatted(clients: Path) -> None:
    assert unformatted(file for file in clients.glob("*/*.ts")) == []


def test_there_is_no_any(clients: Path) -> None:
    assert [line for folder in clients.iterdir() if folder.is_dir() for line in lines_with_any(folder)] == []
