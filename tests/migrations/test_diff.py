"""`db:diff` from the command line, in the project's own process: what it shows, asks, writes and refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from sqlalchemy import (
    Column,
    Date,
    DateTime,
    Double,
    Enum,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.mysql import DATETIME

from arckode_gen.errors import OperationError, RefusedError, UsageError
from arckode_gen.migrations import catalogue
from tests.migrations.models import apply, diff, shop
from tests.migrations.test_model_changes import read_catalogue
from tests.migrations.workbench import Workbench

if TYPE_CHECKING:
    from arckode_gen.migrations.dialects import Dialect

MODELS = """from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData()
Table("orders", metadata, Column("id", Integer, primary_key=True), Column("{column}", String(40)))
"""
CONFIGURATION = '[tool.arckode]\nmigrations = "db/migrations"\nmetadata = "shop_models:metadata"\n'


def _project(bench: Workbench, column: str = "note") -> None:
    """Make it a project that arckode did not generate: a configuration and models, no manifest."""
    (bench.root / "pyproject.toml").write_text(CONFIGURATION)
    (bench.root / ".arckode/project.json").unlink(missing_ok=True)
    (bench.root / "shop_models.py").write_text(MODELS.format(column=column))


def test_a_foreign_project_goes_from_models_to_tables_and_on(bench: Workbench) -> None:
    _project(bench)
    assert (bench.diff().text, bench.diff().code) == ("add table orders", 1)
    assert bench.diff(write="create_orders").code == 0
    (file,) = (bench.root / "db/migrations").iterdir()
    assert file.name.endswith("0001_create_orders.py")
    assert bench.migrate().code == 0
    said = bench.diff()
    assert (said.code, said.text.startswith("nothing differs: ")) == (0, True)
    assert "nothing to do" in bench.diff(write="again").text
    _project(bench, "remark")
    said = bench.diff()
    assert said.out == ["add column orders.remark", "drop column orders.note"]
    assert "left alone, because it would lose data: drop column orders.note; --allow-drop does it" in said.err
    assert "if orders.note was renamed to orders.remark: --rename orders.note:orders.remark" in said.err
    bench.fetch("INSERT INTO orders (id, note) VALUES (1, 'kept')")
    bench.diff(write="rename note", rename=("orders.note:orders.remark",))
    bench.migrate()
    assert bench.fetch("SELECT remark FROM orders") == [{"remark": "kept"}]
    assert bench.diff().code == 0
    bench.migrate(rollback=1)
    assert bench.fetch("SELECT note FROM orders") == [{"note": "kept"}]


def test_the_answer_as_an_object(sqlite: Workbench) -> None:
    _project(sqlite)
    document = sqlite.diff(json=True).document
    assert document["differences"] == [
        {"kind": "table", "verb": "add", "table": "orders", "name": "", "text": "add table orders", "kept": False}
    ]
    up = cast("dict[str, list[str]]", document["up"])
    assert sorted(up) == ["mariadb", "mysql", "postgresql", "sqlite"]
    assert document["down"] == {dialect: ["DROP TABLE orders"] for dialect in up}


def test_a_drop_wants_the_word(bench: Workbench) -> None:
    bench.write("202611220001_first", diff(bench, shop())["text"])
    bench.migrate()
    found = diff(bench, shop(note=None), drops=False)
    assert [(item["text"], item["kept"]) for item in found["differences"]] == [("drop column orders.note", True)]
    assert (found["text"], found["up"][found["dialect"]]) == ("", [])
    assert "note" in diff(bench, shop(note=None), drops=True)["text"]


def test_what_is_pending_comes_first(sqlite: Workbench) -> None:
    _project(sqlite)
    sqlite.diff(write="create_orders")
    with pytest.raises(RefusedError, match="_create_orders is not applied, so the database is not what the files say"):
        sqlite.diff()


@pytest.mark.parametrize(
    ("rename", "message"),
    [
        ("orders", "--rename orders: it does not say what became what"),
        ("orders.note:remark", "it does not say what became what"),
        ("orders.note:lines.note", "a column does not move to another table"),
        ("orders.nota:orders.note", "the database has no column orders.nota"),
        ("orders.id:orders.key", "the models have no column orders.key"),
        ("orders.id:orders.note", "the database has a column orders.note already"),
    ],
)
def test_a_rename_that_makes_no_sense_is_refused(sqlite: Workbench, rename: str, message: str) -> None:
    sqlite.write("202611220001_first", diff(sqlite, shop())["text"])
    sqlite.migrate()
    with pytest.raises(UsageError, match=message):
        diff(sqlite, shop(), rename)


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        ("shop_models", UsageError, "no attribute is named"),
        ("nowhere:metadata", UsageError, "there is no module nowhere"),
        ("shop_models:nothing", UsageError, "is nothing, not SQLAlchemy's MetaData"),
        ("shop_models:Column", UsageError, "not SQLAlchemy's MetaData"),
        ("broken:metadata", OperationError, "importing broken failed: ZeroDivisionError"),
        ("missing:metadata", OperationError, "cannot import missing: there is no module no_such_package"),
    ],
)
def test_metadata_that_cannot_be_had_is_said(
    sqlite: Workbench, words: str, kind: type[Exception], message: str
) -> None:
    _project(sqlite)
    (sqlite.root / "broken.py").write_text("1 / 0\n")
    (sqlite.root / "missing.py").write_text("import no_such_package\n")
    with pytest.raises(kind, match=message):
        sqlite.diff(metadata=words)


def test_a_project_without_models_is_told_where_to_write_them(sqlite: Workbench) -> None:
    with pytest.raises(UsageError, match="where the models are is not known"):
        sqlite.diff()


def test_what_a_dialect_cannot_say_leaves_it_out(postgres: Workbench) -> None:
    from sqlalchemy import Column, MetaData, Table
    from sqlalchemy.dialects.postgresql import INET

    metadata = MetaData()
    Table("hosts", metadata, Column("address", INET, primary_key=True))
    assert list(diff(postgres, metadata)["up"]) == ["postgresql"]


@pytest.mark.mariadb
def test_what_the_server_itself_cannot_say_is_refused(mariadb: Workbench) -> None:
    from sqlalchemy import Column, MetaData, String, Table

    metadata = MetaData()
    Table("hosts", metadata, Column("name", String, primary_key=True))
    with pytest.raises(RefusedError, match="mariadb cannot say this"):
        diff(mariadb, metadata)


def test_tables_that_refer_to_each_other_are_made_and_taken_back(bench: Workbench) -> None:
    from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table

    metadata = MetaData()
    Table(
        "hens",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("egg_id", Integer, ForeignKey("eggs.id", name="fk_hens_egg")),
    )
    Table(
        "eggs",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("hen_id", Integer, ForeignKey("hens.id", name="fk_eggs_hen", use_alter=True)),
    )
    apply(bench, diff(bench, metadata), 1)
    assert diff(bench, metadata)["differences"] == []
    apply(bench, diff(bench, MetaData()), 2)
    assert bench.tables() == set()
    bench.migrate(rollback=1)
    assert bench.tables() == {"hens", "eggs"}
    assert diff_of_applied(bench, metadata) == []
    assert bench.migrate(rollback=1).code == 0
    assert bench.tables() == set()


def diff_of_applied(bench: Workbench, metadata: MetaData) -> list[str]:
    """Compare while the last file is set aside, because what is pending comes first."""
    last = max(bench.folder.iterdir())
    hidden = last.rename(last.with_name(f"_{last.name}"))
    found = [item["text"] for item in diff(bench, metadata)["differences"]]
    hidden.rename(last)
    return found


@pytest.mark.mariadb
def test_options_for_mysql_count_on_mariadb_too(mariadb: Workbench) -> None:
    from sqlalchemy import Column, Index, Integer, MetaData, String, Table

    metadata = MetaData()
    table = Table("paths", metadata, Column("id", Integer, primary_key=True), Column("path", String(4000)))
    Index("ix_paths", table.c.path, mysql_length={"path": 255})
    found = diff(mariadb, metadata)
    assert "CREATE INDEX ix_paths ON paths (path(255))" in found["up"]["mariadb"]
    apply(mariadb, found, 1)
    assert diff(mariadb, metadata)["differences"] == []


def test_foreign_keys_without_names_leave_nothing_that_differs(bench: Workbench) -> None:
    from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table

    metadata = MetaData()
    Table("parents", metadata, Column("id", Integer, primary_key=True))
    Table(
        "children",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", Integer, ForeignKey("parents.id", ondelete="CASCADE")),
        Column("other_id", Integer, ForeignKey("parents.id")),
    )
    apply(bench, diff(bench, metadata), 1)
    assert diff(bench, metadata)["differences"] == []


def test_members_that_come_before_the_first_are_added_in_order(postgres: Workbench) -> None:
    def models(*members: str) -> MetaData:
        return shop(status=Column("status", Enum(*members, name="order_status"), nullable=False))

    apply(postgres, diff(postgres, models("c")), 1)
    apply(postgres, diff(postgres, models("a", "b", "c")), 2)
    assert not diff(postgres, models("a", "b", "c"))["differences"]


def _with_status(*tables: str, members: tuple[str, ...] = ("draft", "paid, in part")) -> MetaData:
    from sqlalchemy import ARRAY

    metadata = MetaData()
    for name in tables:
        status: Enum = Enum(*members, name="status")
        key = Column("id", Integer, primary_key=True)
        Table(name, metadata, key, Column("now", status), Column("past", ARRAY(status)))
    return metadata


def test_a_type_is_made_once_and_goes_with_its_last_column(postgres: Workbench) -> None:
    steps = [_with_status("orders", "returns"), _with_status("returns"), _with_status()]
    for number, models in enumerate(steps, 1):
        apply(postgres, diff(postgres, models), number)
        assert diff(postgres, models)["differences"] == []
    types = "SELECT typname AS name FROM pg_type WHERE typname = 'status'"
    assert postgres.fetch(types) == []
    assert postgres.migrate(rollback=2).code == 0
    assert postgres.fetch(types) == [{"name": "status"}]
    assert postgres.migrate(rollback=1).code == 0
    assert postgres.fetch(types) == []


def _elsewhere(origin: Workbench, url: str, dialect: Dialect) -> Workbench:
    """Give a project on another database the migrations that were written on the first."""
    found = Workbench(origin.root / dialect, url, dialect)
    for path in origin.folder.glob("*.py"):
        (found.folder / path.name).write_text(path.read_text())
    return found


def _tables_of_statuses(*names: str) -> MetaData:
    metadata = MetaData()
    status: Enum = Enum("a", "b, c", name="status")
    for name in ("orders", "returns"):
        table = Table(name, metadata, Column("id", Integer, primary_key=True), Column("note", String(9)))
        if name in names:
            table.append_column(Column("now", status, nullable=False, server_default="a"))
    return metadata


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def test_a_type_that_no_database_here_has_goes_on_postgresql_with_its_last_column(
    name: str, request: pytest.FixtureRequest, empty_postgres: str
) -> None:
    here: Workbench = request.getfixturevalue(name)
    for number, kept in enumerate((("orders", "returns"), ("orders",), ()), 1):
        found = diff(here, _tables_of_statuses(*kept))
        apply(here, found, number)
        assert diff(here, _tables_of_statuses(*kept))["differences"] == []
        assert ("DROP TYPE IF EXISTS status" in found["up"]["postgresql"]) == (number == 3)
    there = _elsewhere(here, empty_postgres, "postgresql")
    types = "SELECT typname AS name FROM pg_type WHERE typname = 'status'"
    columns = "SELECT table_name AS of, udt_name AS name FROM information_schema.columns WHERE column_name = 'now'"
    assert there.migrate().code == 0
    assert (there.fetch(types), there.fetch(columns)) == ([], [])
    there.execute("INSERT INTO orders (id) VALUES (1)")
    assert there.migrate(rollback=1).code == 0
    assert there.fetch(columns) == [{"of": "orders", "name": "status"}]
    assert there.migrate(rollback=1).code == 0
    assert {row["of"] for row in there.fetch(columns)} == {"orders", "returns"}
    there.execute("INSERT INTO orders (id, now) VALUES (2, 'b, c')")
    assert there.migrate().code == 0
    assert "up, down and up again end where they should" in there.migrate(verify_down=True).out[-1]


def test_members_with_commas_stay_whole_and_one_may_be_the_new_default(postgres: Workbench) -> None:
    def models(*members: str) -> MetaData:
        metadata = MetaData()
        kind: Enum = Enum(*members, name="status")
        status: Column[str] = Column("now", kind, server_default=members[-1])
        Table("orders", metadata, Column("id", Integer, primary_key=True), status)
        return metadata

    for number, members in enumerate((("a", "b, c"), ("a", "b, c", "d, e"), ("a", "b, c")), 1):
        apply(postgres, diff(postgres, models(*members)), number)
        assert diff(postgres, models(*members))["differences"] == []


def test_a_new_member_that_is_the_default_rewrites_no_rows(postgres: Workbench) -> None:
    def models(*members: str) -> MetaData:
        metadata = MetaData()
        status: Column[str] = Column("status", Enum(*members, name="order_status"), server_default=members[-1])
        Table("orders", metadata, Column("id", Integer, primary_key=True), status)
        return metadata

    apply(postgres, diff(postgres, models("draft")), 1)
    postgres.execute("INSERT INTO orders (id) VALUES (1)")
    found = diff(postgres, models("draft", "paid"))
    assert found["up"]["postgresql"] == [
        "ALTER TYPE order_status ADD VALUE 'paid' AFTER 'draft'",
        "ALTER TABLE orders ALTER COLUMN status SET DEFAULT 'paid'",
    ]
    apply(postgres, found, 2)
    assert "statement by statement" not in postgres.migrate(rollback=1, dry_run=True).text
    assert diff(postgres, models("draft", "paid"))["differences"] == []
    postgres.execute("INSERT INTO orders (id) VALUES (2)")
    assert [row["status"] for row in postgres.fetch("SELECT status FROM orders ORDER BY id")] == ["draft", "paid"]


def test_a_text_that_becomes_an_enumeration_on_sqlite_gets_its_type_on_postgresql(sqlite: Workbench) -> None:
    kind: Enum = Enum("draft", "paid", name="order_status")
    apply(sqlite, diff(sqlite, shop(status=Column("status", String(30)))), 1)
    found = diff(sqlite, shop(status=Column("status", kind)))
    assert found["up"]["postgresql"] == [
        "CREATE TYPE order_status AS ENUM ('draft', 'paid')",
        "ALTER TABLE orders ALTER COLUMN status TYPE order_status USING status::order_status",
    ]
    assert found["down"]["postgresql"][-1] == "DROP TYPE order_status"


@pytest.mark.postgres
@pytest.mark.mariadb
def test_a_default_that_was_read_on_postgresql_comes_back_on_the_other_engines(
    postgres: Workbench, empty_mariadb: str
) -> None:
    def models(*defaults: Column[object]) -> MetaData:
        metadata = MetaData()
        Table("orders", metadata, Column("id", Integer, primary_key=True), *defaults)
        return metadata

    defaults: list[Column[object]] = [
        Column("word", String(9), nullable=False, server_default="it's"),
        Column("count", Numeric(9, 2), nullable=False, server_default="-1"),
        Column("at", DateTime, nullable=False, server_default=func.now()),
        Column("day", Date, nullable=False, server_default="2026-01-31"),
        Column("status", Enum("a", "b", name="status"), nullable=False, server_default="b"),
    ]
    apply(postgres, diff(postgres, models(*defaults)), 1)
    apply(postgres, diff(postgres, models()), 2)
    query = "SELECT word, count, day, status FROM orders"
    on_sqlite = _elsewhere(postgres, "sqlite:///./shop.db", "sqlite")
    for there in (postgres, on_sqlite, _elsewhere(postgres, empty_mariadb, "mariadb")):
        assert there.migrate().code == 0
        assert there.migrate(rollback=1).code == 0
        there.execute("INSERT INTO orders (id) VALUES (1)")
        (row,) = there.fetch(query)
        assert [row["word"], float(str(row["count"])), str(row["day"]), row["status"]] == [
            "it's",
            -1,
            "2026-01-31",
            "b",
        ]
        assert there.migrate().code == 0


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def test_a_column_that_goes_comes_back_on_postgresql_with_a_type_that_it_has(
    name: str, request: pytest.FixtureRequest, empty_postgres: str
) -> None:
    here: Workbench = request.getfixturevalue(name)

    def models(*columns: Column[object]) -> MetaData:
        metadata = MetaData()
        Table("orders", metadata, Column("id", Integer, primary_key=True), *columns)
        return metadata

    columns: list[Column[object]] = [
        Column("at", DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb"), server_default=func.now()),
        Column("share", Double),
        Column("file", LargeBinary),
        Column("token", Uuid),
        Column("notes", Text),
    ]
    apply(here, diff(here, models(*columns)), 1)
    before = read_catalogue(here)
    apply(here, diff(here, models()), 2)
    there = _elsewhere(here, empty_postgres, "postgresql")
    assert there.migrate().code == 0
    assert there.migrate(rollback=1).code == 0
    types = "SELECT column_name AS name, data_type AS kind FROM information_schema.columns WHERE table_name = 'orders'"
    found = {str(row["name"]): row["kind"] for row in there.fetch(types)}
    assert (found["at"], found["share"], found["file"]) == ("timestamp without time zone", "double precision", "bytea")
    assert there.migrate().code == 0
    assert here.migrate(rollback=1).code == 0
    assert list(catalogue.differences(before, read_catalogue(here))) == []


def test_postgresql_casts_between_any_two_types(postgres: Workbench) -> None:
    from sqlalchemy import JSON, BigInteger, Boolean, DateTime, LargeBinary, Time, Uuid

    status = Enum("draft", "paid", name="order_status")
    kinds = (BigInteger(), Boolean(), DateTime(), Time(), Uuid(), JSON(), LargeBinary(), String(40), status)

    def models(at: int) -> MetaData:
        metadata = MetaData()
        columns = (Column(f"c{place}", kinds[(place + at) % len(kinds)]) for place in range(len(kinds)))
        Table("orders", metadata, Column("id", Integer, primary_key=True), *columns)
        return metadata

    apply(postgres, diff(postgres, models(0)), 1)
    for at in range(1, len(kinds)):
        apply(postgres, diff(postgres, models(at)), at + 1)
    assert diff(postgres, models(len(kinds) - 1))["differences"] == []
    assert postgres.migrate(rollback=len(kinds)).code == 0


def test_a_truth_becomes_a_number_and_a_number_a_truth(postgres: Workbench) -> None:
    from sqlalchemy import BigInteger, Boolean

    def models(*, turned: bool) -> MetaData:
        metadata = MetaData()
        number: Column[int] = Column("b" if turned else "a", BigInteger())
        truth: Column[bool] = Column("a" if turned else "b", Boolean())
        Table("orders", metadata, Column("id", Integer, primary_key=True), number, truth)
        return metadata

    apply(postgres, diff(postgres, models(turned=True)), 1)
    postgres.execute("INSERT INTO orders (id, a, b) VALUES (1, TRUE, 7)")
    apply(postgres, diff(postgres, models(turned=False)), 2)
    assert postgres.fetch("SELECT a, b FROM orders") == [{"a": 1, "b": True}]


def test_what_no_model_tells_of_is_named(bench: Workbench) -> None:
    _project(bench)
    bench.diff(write="create_orders")
    bench.migrate()
    bench.execute("CREATE VIEW busy AS SELECT id FROM orders")
    said = bench.diff()
    assert said.code == 0
    assert "not compared, so write migrations of these by hand: view busy" in said.err
    assert bench.diff(json=True).document["not_compared"] == ["view busy"]
