"""`arckode db:seed`: runs the project's seeds, which insert what is missing and nothing twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

from arckode_gen import migrations
from arckode_gen.engine.project import Disk
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError, nearest
from arckode_gen.migrations.target import Target, locate
from arckode_gen.shell.process import run_entry

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "db:seed",
    "Insert the rows that the project's seeds describe and the database lacks.",
    examples=("arckode db:seed", "arckode db:seed orders", "arckode db:seed --fresh"),
    params=(
        Param("names", kind="argument", many=True, metavar="NAME", help="Seeds to run (all)."),
        Param("fresh", type="bool", help="Empty every table of the models first; in development only."),
        Param("force_production", type="bool", help="Seed although the settings say production."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
)

SCRIPT = Path(migrations.__file__).with_name("seeding.py")


# A kernel that was generated earlier knows only some of them, so none is passed that was not asked for.
_FLAGS = {"force": "force_production", "fresh": "fresh"}


class _Seeded(TypedDict):
    name: str
    inserted: int | None
    skipped: bool


def run(call: Call) -> int:
    """Seed, and say how many rows each seed inserted."""
    target = locate(call)
    target.database(call)
    known = _known(target)
    _check(call.words("names"), known)
    seeds = _seed(target, call) if known else []
    if call.json:
        call.write(json.dumps({"version": 1, "seeds": seeds}, indent=2))
        return 0
    for seed in seeds:
        rows = seed["inserted"]
        done = "done" if rows is None else f"{rows} row{_s(rows)} inserted"
        call.write(f"{seed['name']}: {'skipped in this environment' if seed['skipped'] else done}")
    if not known:
        call.write(f"nothing to do: there are no seeds in src/{target.package}/seeds")
    return 0


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _known(target: Target) -> tuple[str, ...]:
    files = Disk(target.root).glob(f"src/{target.package}/seeds/*.py")
    return tuple(name for file in files if not (name := Path(file).stem).startswith("_"))


def _check(names: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            hint = nearest(name, known) or f"the seeds are: {', '.join(known) or 'none'}"
            raise UsageError(f"no seed is called '{name}'", hint)


def _seed(target: Target, call: Call) -> list[_Seeded]:
    asked = {
        "src": str(target.root / "src"),
        "package": target.package,
        "names": list(call.words("names")),
        "flags": {name: True for name, flag in _FLAGS.items() if call.flag(flag)},
    }
    answer = run_entry(
        target.python.path, SCRIPT, asked, lambda _kind, text: call.say(text), root=target.root, environ=call.environ
    )
    return cast("list[_Seeded]", answer["seeds"])
