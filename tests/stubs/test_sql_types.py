"""The migration that `make:module` writes is the table that SQLAlchemy would make of the model it writes."""

from __future__ import annotations

import datetime as dt
import json
import re
import warnings
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from arckode_gen import resources
from arckode_gen.commands import _generate
from arckode_gen.engine import stubs
from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import PROJECT_FILE, Memory
from arckode_gen.errors import UsageError
from tests.engine.strategies import field_lists
from tests.generated import EVERY_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Dialect, Table

DIALECTS = {name: make_url(f"{name}://").get_dialect()() for name in ("mariadb", "mysql", "postgresql", "sqlite")}
MANIFEST = {"arckode": "0", "format": 1, "name": "shop", "package": "shop", "options": {}}
STUB = stubs.load(resources.folder("stubs") / "module")


def planned(fields: tuple[str, ...], **flags: object) -> dict[str, str]:
    """Return the text of every file that `make:module things` would write into a project with its parents."""
    parents = {
        f"src/shop/modules/{name}/__init__.py": FileState(b"")
        for name in ("customers", "order_lines", "pedidos", "users")
    }
    root = FileState(b"def compose(settings):\n    kernel = Kernel(settings)\n    return kernel\n")
    snapshot = Memory(
        {PROJECT_FILE: FileState(json.dumps(MANIFEST).encode()), "src/shop/composition_root.py": root, **parents}
    )
    words: dict[str, object] = {"name": "things", "field": fields, **flags}
    plan = _generate.plan(STUB, words, snapshot, dt.date(2026, 11, 22))
    return {change.path: change.after.text for change in plan.changes if change.after is not None}


def migration(files: Mapping[str, str]) -> dict[str, list[str]]:
    space: dict[str, object] = {}
    exec(files["src/shop/migrations/202611220001_create_things.py"], space)
    return cast("dict[str, list[str]]", space["UP"])


def table(files: Mapping[str, str]) -> Table:
    """Define the generated model in a namespace of its own and return its table."""
    from kernel.model import Entity

    space: dict[str, object] = {"__name__": "generated"}
    sources = [files.get("src/shop/modules/things/enums.py", ""), files["src/shop/modules/things/model.py"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy notices that the class was defined by the example before
        for source in sources:
            alone = re.sub(r"from shop\.modules.*(\((?s:.*?)\))?\n", "", source).replace("shop.kernel", "kernel")
            exec(compile(alone, "model.py", "exec", dont_inherit=True), space)
    found = cast("type[Entity]", space["Thing"]).__table__
    Entity.metadata.clear()
    return cast("Table", found)


def compiled(found: Table, dialect: Dialect) -> Iterator[str]:
    parents = {key.column_keys[0]: key for key in found.foreign_key_constraints}
    assert all(parents)
    yield str(CreateTable(found).compile(dialect=dialect))
    for index in sorted(found.indexes, key=lambda index: str(index.name)):
        yield str(CreateIndex(index).compile(dialect=dialect))


def normal(statement: str) -> str:
    """Leave out white space and quotes, and sort the columns: neither makes another table."""
    text = re.sub(r"\s+", "", re.sub(r"(?<![('\w,])'|[\"`]", "", statement))
    head, _, rest = text.partition("(")
    body, _, tail = rest.rpartition(")")
    return f"{head}({'|'.join(sorted(_cut(body)))}){tail}"


def _cut(body: str) -> list[str]:
    parts, depth, quoted, start = [], 0, False, 0
    for place, letter in enumerate(body):
        quoted ^= letter == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0 and not quoted:
            parts.append(body[start:place])
            start = place + 1
    return [*parts, body[start:]]


def check(files: Mapping[str, str]) -> None:
    from sqlalchemy import Column, MetaData
    from sqlalchemy import Table as MakeTable

    from kernel.model import Entity, Guid

    found = table(files)
    metadata = MetaData(naming_convention=Entity.metadata.naming_convention)
    for key in found.foreign_keys:
        target = key.target_fullname.partition(".")[0]
        if target != found.name and target not in metadata.tables:
            MakeTable(target, metadata, Column("id", Guid(), primary_key=True))
    local = found.to_metadata(metadata)
    for name, dialect in DIALECTS.items():
        written = sorted(normal(statement) for statement in migration(files)[name])
        assert written == sorted(normal(statement) for statement in compiled(local, dialect)), name


NULLABLE = [f"{word}:null" for word in EVERY_TYPE if ":" in word and ":null" not in word and ":owner" not in word]


@pytest.mark.parametrize("word", [*EVERY_TYPE, *NULLABLE])
def test_every_type_has_the_ddl_of_sqlalchemy(word: str) -> None:
    check(planned((word,)))


@pytest.mark.parametrize("flags", [{"soft_delete": True}, {"no_timestamps": True}, {"table": "some_things"}])
def test_every_flag_has_the_ddl_of_sqlalchemy(flags: dict[str, object]) -> None:
    files = planned(("name:str:unique", "seen_at:datetime:index:null"), **flags)
    name = f"src/shop/migrations/202611220001_create_{flags.get('table', 'things')}.py"
    check({**files, "src/shop/migrations/202611220001_create_things.py": files[name]})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(field_lists())
def test_any_accepted_fields_have_the_ddl_of_sqlalchemy(words: list[str]) -> None:
    try:
        files = planned(tuple(words))
    except UsageError:
        return
    check(files)
