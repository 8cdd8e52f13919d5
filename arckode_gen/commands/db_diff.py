"""`arckode db:diff`: what the models say and the database does not; with `--write`, the migration that settles it."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from arckode_gen.commands._auto import Place, difference, plan, remark, title_of
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError
from arckode_gen.migrations.dialects import DIALECTS
from arckode_gen.migrations.target import locate

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.request import DiffAnswer

SPEC = CommandSpec(
    "db:diff",
    "Compare the models with the database, and write the migration that makes them agree.",
    examples=(
        "arckode db:diff",
        "arckode db:diff --write add_remark --rename orders.note:orders.remark",
        "arckode db:diff --write drop_notes --allow-drop",
        "arckode db:diff --write add_size --fill orders.size=0 --safe",
        "arckode db:diff --metadata app.models:Base.metadata --json",
    ),
    params=(
        Param("write", metavar="NAME", help="Write the migration under this name."),
        Param("rename", many=True, metavar="OLD:NEW", help="A table or column: orders.note:orders.remark."),
        Param("fill", many=True, metavar="T.C=SQL", help="The value that the rows there are get in a required column."),
        Param("allow_drop", type="bool", help="Drop tables and columns that the models do not have."),
        Param("safe", type="bool", help="Write the expand/contract form, in several files, where it is safer."),
        Param("dialect", many=True, choices=DIALECTS, help="Write for these only, and for the database's own."),
        Param("metadata", metavar="MODULE:NAME", help="Where the models are, in a project that arckode did not make."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    writes=True,
    details=(
        "The comparison runs in the project's interpreter, against the database of DATABASE_URL, and changes nothing. "
        "Views, triggers, routines and tables of another schema are not compared; it names those there are. "
        "Read the file before you apply it. Without --write the exit code is 1 when something differs."
    ),
)


def run(call: Call) -> int:
    """Show what differs, or write it down.

    Raises:
        UsageError: a word that only means something for what is written.
    """
    target = locate(call)
    name = call.text("write")
    alone = [param.flag for param in SPEC.params if param.name in ("fill", "safe") and call.values.get(param.name)]
    if alone and not name:
        raise UsageError(f"{alone[0]} only means something with --write", f"add --write NAME, or leave {alone[0]} out")
    answer = difference(call, target, title_of(name), write=bool(name))
    if name:
        remark(call, answer)
        place = Place(target.folder, dt.datetime.now(dt.UTC).date(), safe=call.flag("safe"))
        return carry_out(call, target.root, lambda snapshot: plan(call, name, answer, snapshot, place))
    if call.json:
        call.write(json.dumps(_document(answer), indent=2))
    else:
        _show(call, answer)
    return 1 if answer["differences"] else 0


def _document(answer: DiffAnswer) -> dict[str, object]:
    return {
        "version": 1,
        "database": answer["database"],
        "dialect": answer["dialect"],
        "differences": answer["differences"],
        "candidates": answer["candidates"],
        "needs": answer["needs"],
        "not_compared": answer["apart"],
        "up": answer["up"],
        "down": answer["down"],
    }


def _show(call: Call, answer: DiffAnswer) -> None:
    for line in answer["differences"]:
        call.write(line["text"])
    if not answer["differences"]:
        call.write(f"nothing differs: {answer['database']} is what the models say")
    remark(call, answer)
