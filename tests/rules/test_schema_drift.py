"""ARC207 and ARC208 on a generated project: silent as it is, and no single edit by hand goes unnoticed."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from arckode_analyzers import engine
from arckode_analyzers.config import load
from arckode_analyzers.facts.extract import extract
from arckode_analyzers.facts.sql_file import extract_sql
from arckode_analyzers.files import read_project
from arckode_analyzers.model.analysis import Analysis
from arckode_analyzers.model.project import Project
from arckode_analyzers.registry import all_rules
from arckode_analyzers.sql.operations import ENGINES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.generates
_ALL = os.environ.get("ARCKODE_DRIFT") == "1"
_MODEL = "src/shop/modules/things/model.py"
_NEEDED = ("kernel/model.py", "kernel/clock.py", "kernel/tokens.py", "kernel/__init__.py", "things/enums.py", _MODEL)
_COLUMN = re.compile(r"^    (\w+): Mapped\[(.*?)\](?= =|$).*$", re.MULTILINE)


class Edit(NamedTuple):
    """A text that somebody changed, and words of what is to be said about it."""

    path: str
    text: str
    column: str
    said: str


def _files(root: Path) -> dict[str, bytes]:
    every = read_project(root, load(root))
    return {path: every[path] for path in every if path.endswith(_NEEDED) or "_create_things" in path}


def _messages(files: Mapping[str, bytes]) -> list[str]:
    rules = tuple(rule for rule in all_rules() if rule.code in {"ARC207", "ARC208"})
    return [each.message for each in engine.judge(files, rules=rules).findings]


def _edits(files: Mapping[str, bytes]) -> Iterator[Edit]:
    model = files[_MODEL].decode()
    migration = next(path for path in files if "migrations" in path)
    for number, match in enumerate(_COLUMN.finditer(model)):
        if not _ALL and number % 7:
            continue
        line, attribute, kind = match[0], match[1], match[2]
        named = re.search(r'mapped_column\("(\w+)"', line)
        name = named[1] if named else attribute
        bare = kind.removesuffix(" | None")
        other = "str" if re.match(r"int|float|Decimal|bool", kind) else "int"
        loose = kind if kind != bare else f"{bare} | None"
        null = bare if kind != bare else loose
        written = re.sub(rf"(?m)^ +{name} .*\n", "", files[migration].decode())
        yield Edit(_MODEL, model.replace(f"{line}\n", ""), name, "which no model declares")
        yield Edit(migration, written, name, "is declared, and no migration adds it")
        yield Edit(_MODEL, model.replace(line, line.replace(f"[{kind}]", f"[{null}]", 1)), name, "be NULL in the model")
        typed = f"    {name}: Mapped[{kind.replace(bare, other)}]"
        yield Edit(_MODEL, model.replace(line, typed), name, f"is {'text' if other == 'str' else 'int'} in the model")
        if "unique=True" in line:
            yield Edit(
                _MODEL, model.replace(line, line.replace("unique=True", "index=True")), name, "unique in the migrations"
            )
        elif "mapped_column(" in line:
            yield Edit(_MODEL, model.replace(line, f"{line[:-1]}, unique=True)"), name, "is unique in the model")


def test_no_edit_by_hand_goes_unnoticed(everything: Path) -> None:
    files = _files(everything)
    assert _messages(files) == []
    missed = [
        (edit.column, edit.said)
        for edit in _edits(files)
        if not any(
            f"`things.{edit.column}`" in each and edit.said in each
            for each in _messages({**files, edit.path: edit.text.encode()})
        )
    ]
    assert missed == []


def test_every_statement_that_is_generated_is_read(everything: Path) -> None:
    files = {
        path: content for path, content in read_project(everything, load(everything)).items() if "/migrations/" in path
    }
    reads = {path: extract_sql if path.endswith(".sql") else extract for path in files}
    project = Project(((path, reads[path](content), content) for path, content in files.items()), load(everything))
    migrations = Analysis(project).migrations
    for on in ENGINES:
        kinds = [
            operation.kind
            for migration in migrations.all
            for row in migration.on(on)
            for operation in migrations.operations(row, on)
        ]
        assert "unknown" not in kinds
        assert kinds.count("create_table") >= 9
