"""The catalogue with one decision turned around: an example of its own or of the tables here has to notice.

`python -m tests.rules.catalogue_mutation [CHAPTER...]` prints what survived.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.sql.catalogue import (
    CHECKS,
    columns,
    constraints,
    data,
    dialects,
    indexes,
    locks,
    losses,
    names,
    renames,
    types,
)
from arckode_analyzers.sql.catalogue.stage import STAGE
from arckode_analyzers.sql.reading import Reader
from arckode_analyzers.sql.replay import Schema
from arckode_analyzers.sql.script import Script, Step, dangers
from tests.rules.catalogue_cases import NEAR
from tests.rules.mutation import Decision, of_code, of_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arckode_analyzers.sql.script import Check

CHAPTERS = (losses, renames, columns, constraints, indexes, locks, data, types, names, dialects)


_ALEMBIC = "only Alembic's calls say so: tests of files show it"
_OUTSIDE = "statements alone are never outside a transaction: tests of files show it"
EQUIVALENT: dict[str, dict[str, str]] = {
    "columns": {
        "_type: operand operation.parts[0] if operation.parts else '' in "
        "(operation.parts[0] if operation.parts else '') or (before.type if before is not None else '')": _ALEMBIC,
        "_type: operand not new in not new or old == new or is_widening(old, new, state.script.engine)": _ALEMBIC,
    },
    "constraints": {
        "_duplicates: operand state.is_new(operation) in not is_unique or state.is_new(operation)": (
            "the columns of a new table are new as well, but for a table of another file of the branch"
        ),
    },
    "data": {"_mixed: leaving return ''": _OUTSIDE},
    "dialects": {
        "_unread: operand not state.script.steps[state.at].text in operation.kind != 'unknown' or "
        "not state.script.steps[state.at].text": "every case has a text; what Alembic computes has none",
        "_bad: not not each.is_silent": "it says what the engines answer, and the engines are asked",
    },
    "indexes": {
        "_dropped: operand operation.table in state.new in operation.kind != 'drop_index' or "
        "'concurrently' in operation.flags or operation.table in state.new": _ALEMBIC,
    },
    "locks": {
        "_concurrently_inside: operand state.script.steps[state.at].outside in not state.script.one_transaction or "
        "state.script.steps[state.at].outside": _OUTSIDE,
        "_enum_value: operand state.script.steps[state.at].outside in not state.script.one_transaction or "
        "state.script.steps[state.at].outside": _OUTSIDE,
    },
}
"""What survives, by chapter and decision, with the reason why no statement can show it."""


class _Case(NamedTuple):
    script: Script
    about: str


def survivors(chapter: ModuleType) -> list[str]:
    """Return the decisions of a chapter that can be turned around without any example noticing."""
    path = Path(chapter.__file__ or "")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    mine = {check.name for check in chapter.CHECKS}
    cases = [case for case in _cases() if case.about in mine]
    known = _verdict(cases, chapter.CHECKS)
    found = []
    for decision in _decisions(tree):
        undo = decision.turn()
        try:
            if _verdict_of(chapter, tree, path, cases) == known:
                found.append(decision.key)
        finally:
            undo()
    return found


def _verdict_of(chapter: ModuleType, tree: ast.Module, path: Path, cases: list[_Case]) -> object:
    module = ModuleType(chapter.__name__)
    try:
        exec(compile(ast.fix_missing_locations(tree), str(path), "exec"), module.__dict__)
        return _verdict(cases, module.CHECKS)
    except Exception as error:  # noqa: BLE001  # a check that crashes is noticed, whatever it raises
        return repr(error)


def _verdict(cases: list[_Case], checks: Iterable[Check]) -> list[list[str]]:
    rows = tuple(checks)
    return [[f"{each.check.name}: {each.message}" for each in dangers(case.script, rows)] for case in cases]


def _decisions(tree: ast.Module) -> Iterator[Decision]:
    used = {
        node.id
        for at in tree.body
        if isinstance(at, ast.FunctionDef)
        for node in ast.walk(at)
        if isinstance(node, ast.Name)
    }
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            yield from of_code(statement, statement.name)
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name in used:
                yield from of_words(statement.value, name)


@cache
def _cases() -> list[_Case]:
    reader = Reader()
    schemas = {engine: Schema() for engine in STAGE}
    for engine, texts in STAGE.items():
        for text in texts:
            schemas[engine].apply(reader.read(text, engine))
    samples = [
        (check.name, engine, each.statements, each.one_transaction)
        for check in CHECKS
        for each in (*check.bad, *check.good)
        for engine in sorted(each.engines or check.engines)
    ]
    near = [(each.check, each.engine, each.statements, each.one_transaction) for each in NEAR]
    return [
        _Case(
            Script(
                engine,
                tuple(Step(reader.read(text, engine), text) for text in statements),
                columns=schemas[engine].columns(),
                one_transaction=one_transaction,
            ),
            name,
        )
        for name, engine, statements, one_transaction in (*samples, *near)
    ]


def main(argv: list[str]) -> int:
    """Print the survivors of some chapters, or of all."""
    for chapter in CHAPTERS:
        name = chapter.__name__.rpartition(".")[2]
        if not argv or name in argv:
            for each in survivors(chapter):
                print(f"{name}: {each}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
