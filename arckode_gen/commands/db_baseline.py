"""`arckode db:baseline`: adopts a database that was there before its migrations."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from arckode_gen.commands._progress import Progress
from arckode_gen.commands.db_migrate import request
from arckode_gen.engine.project import Disk
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import ArckodeError, RefusedError
from arckode_gen.migrations.target import ask, locate

if TYPE_CHECKING:
    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.request import Answer, Permission
    from arckode_gen.migrations.target import Target

SPEC = CommandSpec(
    "db:baseline",
    "Note the pending migrations as applied, because the database holds already what they do.",
    examples=("arckode db:baseline", "arckode db:baseline --to 202611220001", "arckode db:baseline --from alembic"),
    params=(
        Param("to", metavar="NAME", help="The last migration that the database holds (all)."),
        Param("from_", choices=("alembic", "models"), help="Write the first migration from the models, and note it."),
        Param("unchecked", type="bool", help="Do not look whether their tables are there."),
        Param("metadata", metavar="MODULE:NAME", help="Where the models are, in a project that arckode did not make."),
        Param("lock_timeout", type="int", default=60, metavar="SECONDS", help="How long to wait for another run."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "Nothing is run. Every table that the migrations make must be there, or nothing is noted. `--from alembic` "
        "wants the database to be where the Alembic files end, and leaves Alembic's own table alone."
    ),
)


def run(call: Call) -> int:
    """Note what is applied already; a second run finds nothing to note."""
    target = locate(call)
    written = _write_first(call, target) if call.text("from_") else None
    allow: list[Permission] = ["unchecked"] if call.flag("unchecked") else []
    try:
        answer = ask(target, {**request(target, call), "action": "baseline", "allow": allow}, call, Progress(call))
    except ArckodeError:
        if written is not None:
            _carry_out(target, written.inverse())
        raise
    _show(call, answer)
    return 0


def _show(call: Call, answer: Answer) -> None:
    if call.json:
        names = [item["name"] for item in answer["done"]]
        document = {"version": 1, "database": answer["database"], "dialect": answer["dialect"], "noted": names}
        call.write(json.dumps(document, indent=2))
    elif not answer["done"]:
        call.write(f"nothing to note: {answer['applied']} migrations applied on {answer['database']}")
    else:
        call.write(f"{len(answer['done'])} noted as applied on {answer['database']}; nothing was run")


def _write_first(call: Call, target: Target) -> Plan:
    """Write what a new database begins with, once the old one is known to be there already.

    Raises:
        RefusedError: there are migrations, nothing to begin with, or the database is not where Alembic's files end.
    """
    from arckode_gen.commands._auto import Place, beginning, plan

    if Disk(target.root).glob(f"{target.folder}/[0-9]*.*"):
        raise RefusedError(f"there are migrations in {target.folder} already", "leave out --from to note those")
    if call.text("from_") == "alembic":
        _refuse_elsewhere(call, target)
    answer = beginning(call, target, "What the database began with")
    if not answer["text"]:
        raise RefusedError("the models declare no table", "correct [tool.arckode] metadata or --metadata")
    place = Place(target.folder, dt.datetime.now(dt.UTC).date())
    written = plan(call, "baseline", answer, Disk(target.root), place)
    _carry_out(target, written)
    return written


def _carry_out(target: Target, plan: Plan) -> None:
    from arckode_gen.shell.apply import apply
    from arckode_gen.shell.lock import hold

    with hold(target.root) as held:
        apply(target.root, plan, held=held)


def _refuse_elsewhere(call: Call, target: Target) -> None:
    from arckode_gen.migrations.alembic_history import heads

    wanted = heads(target.root)
    answer = ask(target, {**request(target, call), "action": "alembic"}, call, Progress(call))
    there = frozenset(answer["revisions"])
    if there != wanted:
        raise RefusedError(
            f"the database is at {_list(there)}, and the Alembic files end at {_list(wanted)}",
            "bring it there first: `alembic upgrade heads`",
        )


def _list(revisions: frozenset[str]) -> str:
    return ", ".join(sorted(revisions)) or "no revision"
