"""`arckode db:status`: where every migration stands on the configured database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arckode_gen.commands.db_migrate import request
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.migrations.target import ask, locate

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.request import Answer, Listed

SPEC = CommandSpec(
    "db:status",
    "Show which migrations are applied, pending, edited, removed or unfinished.",
    examples=("arckode db:status", "arckode db:status --check", "arckode db:status --json"),
    params=(
        Param("check", type="bool", help="Exit with 1 unless every migration is applied as it is written."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
)

_HEADINGS = ("migration", "state", "batch", "applied at", "statements")
_STYLES = {"applied": "green", "pending": "yellow", "edited": "red", "removed": "red", "unfinished": "red"}


def run(call: Call) -> int:
    """Print a table; with `--check`, let the exit code say whether all is well."""
    target = locate(call)
    answer = ask(target, {**request(target, call), "action": "status"}, call, lambda _kind, text: call.say(text))
    if call.json:
        call.write(json.dumps(_document(answer), indent=2))
    elif not answer["migrations"]:
        call.write(f"no migrations in {target.folder} and none applied on {answer['database']}")
    else:
        call.write(_rich(answer, call) if call.interactive else _plain(answer))
        for text in _remarks(answer):
            call.say(text)
    settled = all(item["state"] == "applied" for item in answer["migrations"])
    return 0 if settled or not call.flag("check") else 1


def _document(answer: Answer) -> dict[str, object]:
    states = [item["state"] for item in answer["migrations"]]
    return {
        "version": 1,
        "database": answer["database"],
        "dialect": answer["dialect"],
        "migrations": answer["migrations"],
        "summary": {state: states.count(state) for state in _STYLES},
    }


def _cells(item: Listed) -> tuple[str, ...]:
    late = " (late)" if item["late"] else ""
    batch = "" if item["batch"] is None else str(item["batch"])
    return (item["name"], item["state"] + late, batch, item["applied_at"] or "", item["statements"] or "")


def _plain(answer: Answer) -> str:
    rows = [_HEADINGS, *(_cells(item) for item in answer["migrations"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _rich(answer: Answer, call: Call) -> str:
    from io import StringIO
    from shutil import get_terminal_size

    from rich.console import Console
    from rich.table import Table

    table = Table(*_HEADINGS, title=answer["database"])
    for item in answer["migrations"]:
        name, state, *rest = _cells(item)
        style = _STYLES[item["state"]]
        table.add_row(name, f"[{style}]{state}[/{style}]", *rest)
    out = StringIO()
    plain = bool(call.environ.get("NO_COLOR"))
    Console(file=out, force_terminal=True, no_color=plain, width=get_terminal_size().columns).print(table)
    return out.getvalue().rstrip("\n")


def _remarks(answer: Answer) -> list[str]:
    states = {item["state"] for item in answer["migrations"]}
    said = {
        "pending": "apply what is pending with: arckode db:migrate",
        "unfinished": "finish what broke off with: arckode db:migrate; a rollback that did with: arckode db:migrate "
        "--rollback",
        "edited": "an applied file was edited; `arckode db:migrate --dry-run` shows the difference",
        "removed": "the file of an applied migration is gone; put it back from version control",
    }
    broken = [
        f"{item['name']} broke off after {item['statements']} statements: {item['error'] or 'the run was killed'}"
        for item in answer["migrations"]
        if item["state"] == "unfinished"
    ]
    return [*broken, *(text for state, text in said.items() if state in states)]
