"""What is written to add a column, per engine; `tests/e2e/test_make_field.py` runs it on each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from arckode_gen.engine.fields import parse_field
from arckode_gen.engine.sql_alter import add_columns, drop_columns, literal
from arckode_gen.engine.sql_types import DIALECTS, Dialect, column_type
from tests.generated import EVERY_TYPE

DAY = "2026-11-22"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("word", [word for word in EVERY_TYPE if ":" in word and "=things" not in word])
def test_a_column_is_added_with_the_type_it_would_be_created_with(word: str, dialect: Dialect) -> None:
    field = parse_field(word)
    statement = add_columns("things", [field], dialect, DAY)[0]
    declared = f"{field.column} {column_type(field, dialect)}"
    assert statement.startswith(f"ALTER TABLE things ADD COLUMN {declared}")
    assert ("NOT NULL" in statement) is not field.null
    assert ("DEFAULT" in statement) is (field.default is not None)


LITERALS = [
    ("n:int:default=-7", "-7", "-7", "-7"),
    ("n:decimal=12.2:default=9.50", "950", "9.50", "9.50"),
    ("n:decimal=12.2:default=-0.05", "-5", "-0.05", "-0.05"),
    ("n:bool:default=true", "1", "true", "true"),
    ("n:date:default=2026-01-31", "'2026-01-31'", "'2026-01-31'", "'2026-01-31'"),
    ("n:time:default=0930", "'09:30:00.000000'", "'09:30:00.000000'", "'09:30:00.000000'"),
    (
        "n:datetime:default=2026-01-31T0930Z",
        "'2026-01-31 09:30:00.000000'",
        "'2026-01-31 09:30:00+00:00'",
        "'2026-01-31 09:30:00.000000'",
    ),
    ("n:date:default=today", f"'{DAY}'", f"'{DAY}'", f"'{DAY}'"),
]


@pytest.mark.parametrize(("word", "sqlite", "postgresql", "mysql"), LITERALS)
def test_a_default_is_written_as_the_kernel_stores_it(word: str, sqlite: str, postgresql: str, mysql: str) -> None:
    field = parse_field(word)
    wanted: dict[Dialect, str] = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql, "mariadb": mysql}
    assert {dialect: literal(field, dialect, DAY) for dialect in DIALECTS} == wanted


def test_sqlite_gets_its_limits_on_the_column_and_fills_a_moment_itself() -> None:
    fields = [parse_field(word) for word in ("p:belongs_to=people:null", "s:enum=a/b:null", "m:datetime:default=now")]
    assert add_columns("things", fields, "sqlite", DAY) == (
        (
            "ALTER TABLE things ADD COLUMN p_id CHAR(32) CONSTRAINT fk_things_p_id REFERENCES people (id) "
            "ON DELETE RESTRICT"
        ),
        "ALTER TABLE things ADD COLUMN s VARCHAR(32) CONSTRAINT ck_things_s CHECK (s IN ('a', 'b'))",
        f"ALTER TABLE things ADD COLUMN m DATETIME DEFAULT '{DAY} 00:00:00.000000' NOT NULL",
        f"UPDATE things SET m = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE m = '{DAY} 00:00:00.000000'",
        "CREATE INDEX ix_things_p_id ON things (p_id)",
    )


def test_postgresql_builds_and_checks_without_stopping_writers() -> None:
    fields = [parse_field("p:belongs_to=people:null"), parse_field("code:str:null:unique")]
    assert add_columns("things", fields, "postgresql", DAY)[2:] == (
        (
            "ALTER TABLE things ADD CONSTRAINT fk_things_p_id FOREIGN KEY(p_id) REFERENCES people (id) "
            "ON DELETE RESTRICT NOT VALID"
        ),
        "ALTER TABLE things VALIDATE CONSTRAINT fk_things_p_id",
        "CREATE UNIQUE INDEX CONCURRENTLY uq_things_code ON things (code)",
        "ALTER TABLE things ADD CONSTRAINT uq_things_code UNIQUE USING INDEX uq_things_code",
        "CREATE INDEX CONCURRENTLY ix_things_p_id ON things (p_id)",
    )


def test_mariadb_adds_a_foreign_key_last_and_in_place() -> None:
    fields = [parse_field("p:belongs_to=people:null:unique")]
    assert add_columns("things", fields, "mariadb", DAY)[1:] == (
        "ALTER TABLE things ADD CONSTRAINT uq_things_p_id UNIQUE (p_id)",
        "SET foreign_key_checks = 0",
        "ALTER TABLE things ADD CONSTRAINT fk_things_p_id FOREIGN KEY(p_id) REFERENCES people (id) ON DELETE RESTRICT",
        "SET foreign_key_checks = 1",
    )
    assert drop_columns("things", fields, "mariadb") == (
        "ALTER TABLE things DROP FOREIGN KEY fk_things_p_id",
        "ALTER TABLE things DROP COLUMN p_id",
    )


def test_a_text_with_every_quote_is_one_literal() -> None:
    field = replace(parse_field("n:str:default=x"), default='it\'s \\ "b"')
    assert literal(field, "postgresql") == "'it''s \\ \"b\"'"
    assert literal(field, "mysql") == "'it''s \\\\ \"b\"'"
