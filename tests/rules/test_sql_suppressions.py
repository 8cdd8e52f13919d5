"""Suppressions among the statements of a migration: which lines each covers, in Python and in SQL."""

from __future__ import annotations

import pytest

from arckode_analyzers import engine, suppressions
from arckode_analyzers.facts.comments import ignores
from arckode_analyzers.facts.sql_file import extract_sql

_SAID = "arckode: ignore[ARC207] why"
PYTHON = {
    "beside a statement": (f'UP = {{\n    "*": [\n        "A",\n        "B",  # {_SAID}\n    ],\n}}\n', [(4, 4)]),
    "above a statement": (
        f'UP = {{\n    "*": [\n        "A",\n        # {_SAID}\n        "B",\n    ],\n}}\n',
        [(5, 5)],
    ),
    "beside one of several lines": (
        f'UP = {{\n    "*": [\n        """A\n        B""",  # {_SAID}\n    ],\n}}\n',
        [(3, 4)],
    ),
    "beside one of two joined texts": (
        f'UP = {{\n    "*": [\n        "A "  # {_SAID}\n        "B",\n    ],\n}}\n',
        [(3, 4)],
    ),
    "above everything": (f'# {_SAID}\nUP = {{\n    "*": [\n        "A",\n    ],\n}}\n', [(2, 6)]),
    "in SQL, inside a statement": (
        f'UP = {{\n    "*": [\n        """\n        A -- {_SAID}\n        """,\n    ],\n}}\n',
        [(3, 5)],
    ),
    "in SQL, at the end of a short one": (f'UP = {{"*": ["A -- {_SAID}"]}}\n', [(1, 1)]),
    "in SQL that is executed": (f'async def up(db):\n    await db.execute("A -- {_SAID}")\n', [(2, 2)]),
    "in a text that is no statement": (f'ADVICE = "A -- {_SAID}"\n', []),
    "beside other code": (f"X = [\n    1,  # {_SAID}\n    2,\n]\n", [(1, 4)]),
}
SQL = {
    "above a statement": (f"-- migrate:up\nA;\n-- {_SAID}\nB\n  b;\nC;\n", [(4, 5)]),
    "beside a statement": (f"-- migrate:up\nA;\nB; -- {_SAID}\nC;\n", [(3, 3)]),
    "beside a later line of one": (f"-- migrate:up\nA;\nB\n  b; -- {_SAID}\n", [(3, 4)]),
    "below everything": (f"-- migrate:up\nA;\n-- {_SAID}\n", [(3, 3)]),
    "another comment": ("-- migrate:up\nA; -- arckode is a tool\n", []),
}


@pytest.mark.parametrize(("text", "lines"), PYTHON.values(), ids=list(PYTHON))
def test_a_comment_in_python_covers(text: str, lines: list[tuple[int, int]]) -> None:
    found = ignores(text.encode())
    assert [(each.first, each.last) for each in found] == lines
    assert {each.reason for each in found} <= {"why"}


@pytest.mark.parametrize(("text", "lines"), SQL.values(), ids=list(SQL))
def test_a_comment_in_a_sql_file_covers(text: str, lines: list[tuple[int, int]]) -> None:
    assert [(each.first, each.last) for each in extract_sql(text.encode()).ignores] == lines


def test_one_statement_is_silenced_and_its_neighbour_is_not() -> None:
    path = "src/shop/migrations/202611220001_x.py"
    text = f'UP = {{\n    "*": [\n        "DROP TABLE a",  # {_SAID}\n        "DROP TABLE b",\n    ],\n}}\n'
    verdict = engine.judge({path: text.encode()})
    outcome = suppressions.apply(verdict.findings, verdict.suppressions, "2026-11-26")
    assert [(each.code, each.line) for each in outcome.findings] == [("ARC207", 4)]


def test_one_that_silences_nothing_is_a_finding() -> None:
    path = "src/shop/migrations/202611220001_x.sql"
    verdict = engine.judge({path: f"-- migrate:up\n-- {_SAID}\nSELECT 1;\n".encode()})
    outcome = suppressions.apply(verdict.findings, verdict.suppressions, "2026-11-26")
    assert [(each.code, each.line) for each in outcome.findings] == [("ARC002", 2)]
