"""`arckode db:migrate`: applies what is pending, or takes back what is asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from arckode_gen import __version__
from arckode_gen.commands._sql_doubts import doubts
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError
from arckode_gen.migrations.dialects import DIALECTS
from arckode_gen.migrations.target import ask, locate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.request import Action, Answer, Planned, Request
    from arckode_gen.migrations.target import Target

SPEC = CommandSpec(
    "db:migrate",
    "Apply the pending migrations, or roll back.",
    examples=(
        "arckode db:migrate",
        "arckode db:migrate --dry-run",
        "arckode db:migrate --rollback 2",
        "arckode db:migrate --to 202611220001",
        "arckode db:migrate --sql --dialect postgresql",
    ),
    params=(
        Param("rollback", type="int", optional_value=1, metavar="N", help="Roll back the last N migrations (1)."),
        Param("to", metavar="NAME", help="Stop after this migration; with --rollback, go back to it and keep it."),
        Param("dry_run", type="bool", help="Print the statements and run none of them."),
        Param("sql", type="bool", help="Print a script for a database administrator and run nothing."),
        Param("dialect", choices=DIALECTS, help="With --sql: write every migration, without connecting."),
        Param("lock_timeout", type="int", default=60, metavar="SECONDS", help="How long to wait for another run."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "The database is DATABASE_URL from the environment, then from .env. On SQLite and PostgreSQL a file is one "
        "transaction; on MySQL and MariaDB every statement is journalled, and a run that broke is resumed."
    ),
)


def run(call: Call) -> int:
    """Apply, roll back, or show; a second run finds nothing to do."""
    _check(call)
    target = locate(call)
    asked = request(target, call)
    quiet = call.json

    def report(kind: Literal["done", "say"], text: str) -> None:
        if kind == "say":
            call.say(text)
        elif not quiet:
            call.write(text)

    answer = ask(target, asked, call, report)
    if call.json:
        call.write(json.dumps(_document(answer), indent=2))
    elif asked["action"] == "script":
        call.write(answer["script"].rstrip("\n"))
    elif asked["action"] == "plan":
        _show_plan(call, answer)
    else:
        call.write(_summary(answer, back=asked["back"]))
    return 0


def _check(call: Call) -> None:
    if call.text("dialect") and not call.flag("sql"):
        raise UsageError("--dialect only means something with --sql", "leave it out: the server says what it is")
    if call.flag("sql") and call.flag("dry_run"):
        raise UsageError("--sql and --dry-run exclude each other", "--sql writes a script, --dry-run shows the plan")
    count = call.number("rollback")
    if count is not None and count < 1:
        raise UsageError(f"--rollback {count}: there is nothing to take back", "write a number from 1 up")
    timeout = call.number("lock_timeout")
    if timeout is not None and timeout < 0:
        raise UsageError(f"--lock-timeout {timeout}: time does not run backwards", "write seconds, 0 or more")


def request(target: Target, call: Call) -> Request:
    """Return what the runner is asked, from the words of the command line."""
    count = call.number("rollback")
    dialect = cast("Dialect | None", call.text("dialect") or None)
    timeout = call.number("lock_timeout")
    return {
        "action": _action(call, back=count is not None),
        "back": count is not None,
        "root": str(target.root),
        "folder": target.folder,
        "url": "" if dialect else target.database(call),
        "dialect": dialect,
        "count": count or 0,
        "to": call.text("to"),
        "lock_timeout": 60 if timeout is None else timeout,
        "version": __version__,
    }


def _action(call: Call, *, back: bool) -> Action:
    if call.flag("sql"):
        return "script"
    if call.flag("dry_run"):
        return "plan"
    return "rollback" if back else "migrate"


def _document(answer: Answer) -> dict[str, object]:
    pending = [item["name"] for item in answer["migrations"] if item["state"] in ("pending", "unfinished")]
    return {
        "version": 1,
        "database": answer["database"],
        "dialect": answer["dialect"],
        "batch": answer["batch"],
        "done": answer["done"],
        "plan": answer["plan"],
        "pending": pending,
        "script": answer["script"],
    }


def _summary(answer: Answer, *, back: bool) -> str:
    count = len(answer["done"])
    where = f"on {answer['database']}"
    if not count:
        return f"nothing to {'roll back' if back else 'do'}: {_migrations(answer['applied'])} applied {where}"
    up = sum(1 for item in answer["done"] if item["direction"] == "up")
    if up:
        return f"{_migrations(up)} applied {where} (batch {answer['batch']})"
    return f"{_migrations(count)} rolled back {where}"


def _migrations(count: int) -> str:
    return f"{count} migration{'' if count == 1 else 's'}"


def _show_plan(call: Call, answer: Answer) -> None:
    if not answer["plan"]:
        call.write(f"nothing to do: {_migrations(answer['applied'])} applied on {answer['database']}")
        return
    for item in answer["plan"]:
        call.write("\n".join(_plan_lines(item)))
    for item in answer["plan"]:
        for statement, doubt in doubts(item["statements"], answer["dialect"]).items():
            first = statement.strip().splitlines()[0]
            call.say(f"doubtful: {item['name']}, `{first}`, line {doubt.line}: {doubt.reason}")
    call.say(f"dry run: {_migrations(len(answer['plan']))} would run on {answer['database']}; nothing was changed")


def _plan_lines(item: Planned) -> Iterator[str]:
    late = ", sorts before one that is applied" if item["late"] else ""
    how = "one transaction" if item["transaction"] else "statement by statement"
    yield f"-- {item['name']} ({item['direction']}, {how}{late})"
    if item["program"]:
        yield f"-- runs {item['direction']}(db)"
    yield from (f"{statement};" for statement in item["statements"])
    yield ""
