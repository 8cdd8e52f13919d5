"""`arckode make:migration`: an empty migration to write by hand, or with `--auto` the one that the models ask for."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from arckode_gen.commands import stub_of
from arckode_gen.engine.names import identifier
from arckode_gen.engine.plan import Change, FileState, Plan
from arckode_gen.engine.project import PROJECT_FILE
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.engine.units import BASE, Unit, digest, dump, load
from arckode_gen.errors import RefusedError, UsageError
from arckode_gen.migrations.dialects import DIALECTS

if TYPE_CHECKING:
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call, Value
    from arckode_gen.engine.stubs import Stub

SPEC = CommandSpec(
    "make:migration",
    "Add a migration: an empty one to write by hand, or with --auto what the models ask for.",
    examples=(
        "arckode make:migration add_index_to_orders",
        "arckode make:migration backfill-totals --sql",
        "arckode make:migration add_remark --auto --rename orders.note:orders.remark",
        "arckode make:migration drop_notes --auto --allow-drop",
        "arckode make:migration add_size --auto --fill orders.size=0 --safe",
    ),
    params=(
        Param("name", kind="argument", required=True, help="What the migration does, in any spelling."),
        Param("sql", type="bool", help="Write a .sql file."),
        Param("auto", type="bool", help="Write what differs between the models and the database."),
        Param("rename", many=True, metavar="OLD:NEW", help="A table or column: orders.note:orders.remark."),
        Param("fill", many=True, metavar="T.C=SQL", help="The value that the rows there are get in a required column."),
        Param("allow_drop", type="bool", help="Drop tables and columns that the models do not have."),
        Param("safe", type="bool", help="Write the expand/contract form, in several files, where it is safer."),
        Param("dialect", many=True, choices=DIALECTS, help="Write for these only, and for the database's own."),
        Param("metadata", metavar="MODULE:NAME", help="Where the models are, in a project that arckode did not make."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
        Param("answers", type="path", metavar="FILE|-", help="Read answers as JSON from a file or stdin."),
    ),
    writes=True,
    overwrites=True,
    details=(
        'UP and DOWN hold final SQL, one statement an element, by dialect: "*" for all, or sqlite, postgresql, mysql, '
        'mariadb. What is under a dialect\'s own name wins over "*". For steps with data, write `async def up(db)` and '
        "`async def down(db)` instead. With --sql the migration is one script, the same for every dialect. With --auto "
        "it holds what `arckode db:diff` shows: the comparison runs in the project's interpreter, against the database "
        "of DATABASE_URL, and changes nothing. Read the file before you apply it."
    ),
)

KIND = "migration"
_FOR_AUTO = ("rename", "fill", "allow_drop", "safe", "dialect", "metadata", "python")


def run(call: Call) -> int:
    """Write the empty file as its stub has it, or what differs.

    Raises:
        UsageError: words that exclude each other, or nothing that makes migrations.
        RefusedError: a migration of that name was made from the models.
    """
    call = _answered(call)
    if call.flag("auto"):
        if call.flag("sql"):
            raise UsageError(
                "--sql and --auto exclude each other", "leave --sql out: --auto writes Python, with SQL by dialect"
            )
        return _from_models(call)
    alone = [param.flag for param in SPEC.params if param.name in _FOR_AUTO and call.values.get(param.name)]
    if alone:
        raise UsageError(f"{alone[0]} only means something with --auto", f"add --auto, or leave {alone[0]} out")
    return _by_hand(call)


def _answered(call: Call) -> Call:
    """Take the words of `--answers` for typed ones."""
    if not call.text("answers"):
        return call
    from arckode_gen.commands._answers import words_of

    found = words_of(call)
    given = {name: tuple(map(str, word)) if isinstance(word, list) else word for name, word in found.items()}
    return replace(call, values={**call.values, **cast("dict[str, Value]", given), "answers": None})


def _by_hand(call: Call) -> int:
    from arckode_gen.commands import _generate  # help and completion need no template engine
    from arckode_gen.engine.project import Disk, find_root

    root = find_root(call.cwd)
    slug = identifier(call.text("name"))
    made = load(Disk(root), KIND, slug)
    if made is not None and made.values.get("auto"):
        raise RefusedError(
            f"the migration '{slug}' was made from the models already",
            f"choose another name, such as `{slug}_again`, or take it out first: `arckode destroy:migration {slug}`",
        )
    return _generate.run(_stub(call), replace(call, spec=_stub(call).spec))


def _from_models(call: Call) -> int:
    from arckode_gen.commands._auto import Place, difference, plan, remark, title_of
    from arckode_gen.commands._writing import carry_out
    from arckode_gen.migrations.target import locate

    slug = identifier(call.text("name"))
    target = locate(call)
    is_own = (target.root / PROJECT_FILE).is_file()
    answer = difference(call, target, title_of(slug))
    if not call.json:
        remark(call, answer)
    place = Place(target.folder, dt.datetime.now(dt.UTC).date(), safe=call.flag("safe"))

    def decide(snapshot: Snapshot) -> Plan:
        _refuse_second(slug, target.folder, snapshot)
        made = replace(plan(call, slug, answer, snapshot, place), command=f"{call.spec.name} {slug}")
        return _recorded(made, slug, _stub(call)) if is_own and made.changes else made

    return carry_out(call, target.root, decide)


def _refuse_second(slug: str, folder: str, snapshot: Snapshot) -> None:
    there = [
        path for path in snapshot.glob(f"{folder}/*_{slug}.*") if path.rpartition("/")[2][13:].partition(".")[0] == slug
    ]
    if there:
        raise RefusedError(
            f"{there[0]} is called so already; two migrations of one name are hard to tell apart",
            f"choose another name, such as `{slug}_again`",
        )


def _recorded(made: Plan, slug: str, stub: Stub) -> Plan:
    """Add the manifest, so that `destroy:migration` takes the file out as one that was written by hand."""
    texts = {change.path: change.after for change in made.changes if change.after is not None}
    unit = Unit(
        kind=KIND,
        name=slug,
        stub_version=stub.version,
        values={"auto": True, "name": slug, "sql": False, "stamp": min(texts, key=_name).rpartition("/")[2][:12]},
        files={path: digest(state.content) for path, state in texts.items()},
        templates=stub.digest,
    )
    records = [Change(f"{BASE}{path}", None, FileState(state.content), "as generated") for path, state in texts.items()]
    records.append(Change(unit.path, None, dump(unit), "manifest"))
    return replace(made, changes=tuple(sorted((*made.changes, *records), key=lambda change: change.path)))


def _name(path: str) -> str:
    return path.rpartition("/")[2].removeprefix("_")


def _stub(call: Call) -> Stub:
    """Return the project's own stub, or the one that ships.

    Raises:
        UsageError: the project's own makes something else.
    """
    stub = stub_of(KIND, call.cwd)
    if stub is None:
        raise UsageError(f"no stub makes a {KIND}", "see `arckode list`")
    return stub
