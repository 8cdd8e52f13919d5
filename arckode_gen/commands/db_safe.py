"""`arckode db:safe`: writes a pending migration that would block or break something as one that does not."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from arckode_gen.commands import _safe
from arckode_gen.commands._applied import applied
from arckode_gen.commands._writing import carry_out, show
from arckode_gen.engine.plan import Change, FileState, Plan
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.engine.stamps import next_stamp
from arckode_gen.errors import RefusedError
from arckode_gen.migrations import files, safe_files, url
from arckode_gen.migrations.dialects import DIALECTS
from arckode_gen.migrations.migration import PerDialect
from arckode_gen.migrations.reading import read
from arckode_gen.migrations.safe_files import Others, Safe
from arckode_gen.migrations.schedule import resolve
from arckode_gen.migrations.steps import Script
from arckode_gen.migrations.target import locate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_analyzers.sql.safe_form import SafeForm
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.files import Source
    from arckode_gen.migrations.target import Target

SPEC = CommandSpec(
    "db:safe",
    "Write a pending migration in its expand/contract form.",
    examples=(
        "arckode db:safe 202611220002 --dry-run --diff",
        "arckode db:safe add_status --fill \"orders.status='draft'\"",
        "arckode db:safe 202611220002 --dialect postgresql",
    ),
    params=(
        Param("name", kind="argument", required=True, help="The migration: its name, its number, or its slug."),
        Param("fill", many=True, metavar="T.C=SQL", help="The value that the rows there are get in a required column."),
        Param("dialect", choices=DIALECTS, help="The engine to write it for (default: the configured database's)."),
    ),
    writes=True,
    details=(
        "The file keeps what may run at once (expand); rows are filled in batches in a second file; what then is quick "
        "to validate or switch is a third (settle). What running code would miss goes into a file whose name begins "
        "with `_`, which no run sees until you take the `_` away, after the release (contract). Statements that are "
        "safe already, and those that have no safe form, stay as they are; the latter are named."
    ),
)


def run(call: Call) -> int:
    """Decide the files and write them.

    Raises:
        UsageError: no pending migration is called so, or a --fill is not `table.column=SQL`.
        RefusedError: the file is applied, or runs a function.
    """
    target = locate(call)
    dialect = cast("Dialect", call.text("dialect")) or _dialect(target, call)
    values = _safe.values(call)
    sources = files.find(target.root, target.folder)
    name = resolve(call.text("name"), [source.name for source in sources])
    asked = replace(call, values={key: value for key, value in call.values.items() if key != "dialect"})
    if name in applied(asked):
        raise RefusedError(f"{name} is applied already", "write a new migration")
    chosen = next(source for source in sources if source.name == name)
    statements, others = _statements(chosen, dialect)
    before = [source for source in sources if source.name < name]
    form = _safe.form_of(statements, dialect, _safe.columns(before, dialect), values)
    _safe.tell(call, form)

    def written(snapshot: Snapshot) -> dict[str, str]:
        first = int(next_stamp(snapshot, target.folder, datetime.datetime.now(datetime.UTC).date()))
        return safe_files.files(name, Safe({dialect: form}, others), [str(first + more) for more in range(3)])

    if not _safe.is_other(form, statements, dialect):
        said = f"{name}: {_nothing(form, dialect)}"
        if call.json:
            return show(call, Plan(call.spec.name, (), notes=(said,)), applied="")
        call.write(said)
        return 0
    return carry_out(call, target.root, lambda snapshot: _plan(snapshot, target.folder, written(snapshot)))


def _dialect(target: Target, call: Call) -> Dialect:
    """Return the dialect that the URL says; only the server itself can tell MariaDB from MySQL."""
    text = target.database(call)
    family = url.parse(text).family
    return "mariadb" if family == "mysql" and text.startswith("mariadb") else family


def _statements(source: Source, dialect: Dialect) -> tuple[tuple[str, ...], Others]:
    """Return what a file runs on the dialect, and what it says for the others."""
    migration = read(source)
    step = migration.step("up", dialect)
    if not isinstance(step, Script) or not isinstance(migration.up, PerDialect):
        raise RefusedError(
            f"{source.label} has no UP = {{...}} to be written anew",
            "data migrations use db.batches; a .sql file is written as Python first",
        )
    back = migration.down if isinstance(migration.down, PerDialect) else PerDialect({})
    others = Others(_without(migration.up, dialect), _without(back, dialect))
    return tuple(each.text for each in step.statements), others


def _without(content: PerDialect, dialect: Dialect) -> dict[str, tuple[str, ...]]:
    return {key: tuple(each.text for each in texts) for key, texts in content.statements.items() if key != dialect}


def _nothing(form: SafeForm, dialect: Dialect) -> str:
    """Say why no file is written: a statement that is left as it is may still fail or block."""
    if not form.left:
        return f"nothing to do, it has no other form that is safer on {dialect}"
    reasons = dict.fromkeys(left.reason for left in form.left)
    return f"nothing was written, and it is not safe on {dialect} as it is: {'; '.join(reasons)}"


def _plan(snapshot: Snapshot, folder: str, written: Mapping[str, str]) -> Plan:
    changes = (
        Change(f"{folder}/{name}.py", snapshot.read(f"{folder}/{name}.py"), FileState(text.encode()))
        for name, text in written.items()
    )
    return Plan("db:safe", tuple(sorted(changes, key=lambda change: change.path)))
