"""`arckode db:migrate`: applies what is pending, or takes back what is asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from arckode_gen import __version__
from arckode_gen.commands import _sql_lint
from arckode_gen.commands._progress import Progress
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import RefusedError, UsageError
from arckode_gen.migrations.dialects import DIALECTS
from arckode_gen.migrations.target import ask, locate
from arckode_gen.migrations.url import is_production

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.request import Action, Answer, Permission, Planned, Request
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
        "arckode db:migrate --verify-down",
        "arckode db:migrate --unsafe 'the table has twelve rows'",
    ),
    params=(
        Param("rollback", type="int", optional_value=1, metavar="N", help="Roll back the last N migrations (1)."),
        Param("to", metavar="NAME", help="Stop after this migration; with --rollback, go back to it and keep it."),
        Param("dry_run", type="bool", help="Print the statements and run none of them."),
        Param("sql", type="bool", help="Print a script for a database administrator and run nothing."),
        Param("dialect", choices=DIALECTS, help="With --sql: write every migration, without connecting."),
        Param("verify_down", type="bool", help="Take every file up, down and up in a scratch database, and compare."),
        Param("unsafe", metavar="REASON", help="Apply what the lint refuses (ARC207), in this run alone, and say why."),
        Param("allow_late", type="bool", help="Apply a file although a later one that is applied changes its tables."),
        Param("force_irreversible", type="bool", help="With --rollback: take what has no way back off the list."),
        Param("force_production", type="bool", help="With --rollback: roll back although the settings say production."),
        Param("lock_timeout", type="int", default=60, metavar="SECONDS", help="How long to wait for another run."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "The database is DATABASE_URL from the environment, then from .env. On SQLite and PostgreSQL a file is one "
        "transaction; on MySQL and MariaDB every statement is journalled, and a run that broke is resumed. What is "
        "pending is linted first: an unsafe statement (ARC207) is refused with the safe way, and exit code 1. --unsafe "
        "is for when its danger is none, such as on a table of few rows or while the application is stopped: it lets "
        "every unsafe statement of the run pass, still tells each, and permits nothing else. A reason that is to stay "
        "stands beside the statement: # arckode: ignore[ARC207] reason."
    ),
)

INTERRUPTED = 130
_PERMISSIONS: dict[str, Permission] = {"allow_late": "late", "force_irreversible": "irreversible"}


def run(call: Call) -> int:
    """Apply, roll back, or show; a second run finds nothing to do."""
    _check(call)
    target = locate(call)
    if not (target.root / target.folder).is_dir():
        call.say(f"there is no folder {target.folder}: `arckode make:migration NAME` writes the first file there")
    asked = request(target, call)
    if asked["action"] == "rollback":
        permit_in_production(target, call, "rolling back")
    progress = Progress(call)
    try:
        answer = ask(target, _planning(asked), call, progress)
        verdict = _judged(target, asked, answer)
        if asked["action"] == "migrate" and answer["plan"]:
            if verdict.errors and not call.text("unsafe"):
                return _refuse(call, answer, verdict)
            _say(call, verdict)
            answer = ask(target, asked, call, progress)
    except KeyboardInterrupt:
        progress.clear()
        call.say(
            f"interrupted: {_migrations(progress.done)} done, and none after; `arckode db:status` shows where it "
            "stands, and running this again goes on from there"
        )
        return INTERRUPTED
    finally:
        progress.clear()
    return _show(call, asked, answer, verdict)


def _show(call: Call, asked: Request, answer: Answer, verdict: _sql_lint.Verdict) -> int:
    if call.json:
        call.write(json.dumps(_document(answer, verdict), indent=2))
    elif asked["action"] == "script":
        call.write(answer["script"].rstrip("\n"))
    elif asked["action"] == "plan":
        _show_plan(call, answer, verdict)
    elif asked["action"] == "verify":
        call.write("\n".join(_verified_lines(answer)))
    else:
        call.write(_summary(answer, back=asked["back"]))
    return 1 if any(item["outcome"] == "differs" for item in answer["verified"]) else 0


def _planning(asked: Request) -> Request:
    """Return the request that shows what would be applied, which is all there is to do when nothing is pending."""
    return {**asked, "action": "plan"} if asked["action"] == "migrate" else asked


def _judged(target: Target, asked: Request, answer: Answer) -> _sql_lint.Verdict:
    """Return what the lint says about what is pending; with nothing pending, nothing is loaded for it."""
    if asked["action"] not in {"migrate", "plan"} or not answer["plan"]:
        return _sql_lint.Verdict()
    return _sql_lint.lint(target, answer)


def _say(call: Call, verdict: _sql_lint.Verdict) -> None:
    _sql_lint.say(call, verdict)
    if verdict.errors:
        call.say(f"applying {_unsafe(verdict)} all the same, as --unsafe says: {call.text('unsafe')}")


def _refuse(call: Call, answer: Answer, verdict: _sql_lint.Verdict) -> int:
    if call.json:
        call.write(json.dumps(_document(answer, verdict), indent=2))
    else:
        for finding in verdict.findings:
            call.write("\n".join(_sql_lint.lines(finding)))
    call.say(f"nothing was applied: {_unsafe(verdict)} in what is pending on {answer['database']}. {_ways(verdict)}")
    return 1


def _unsafe(verdict: _sql_lint.Verdict) -> str:
    return f"{len(verdict.errors)} unsafe statement{'' if len(verdict.errors) == 1 else 's'}"


def _ways(verdict: _sql_lint.Verdict) -> str:
    """Say what there is to do: the safe form, a reason that stays with the statement, or one for this run alone."""
    name, _, ending = verdict.errors[0].path.rpartition("/")[2].rpartition(".")
    is_sql = ending == "sql"
    safe, sign = ("Write", "--") if is_sql else (f"Have the safe form written, `arckode db:safe {name}`, or write", "#")
    return (
        f"{safe} why it is right as it is: beside the statement, `{sign} arckode: ignore[ARC207] reason`, which stays, "
        "or `--unsafe 'reason'`, which lets all that is pending pass this once"
    )


def permit_in_production(target: Target, call: Call, what: str) -> None:
    """Pass when the settings do not say production, or a person means it.

    Raises:
        RefusedError: nobody said so.
    """
    if call.flag("force_production") or not is_production(target.root, call.environ):
        return
    if call.interactive:
        from arckode_gen.commands._asking import typed

        if (
            typed(f"the settings say production; {what} may lose data. Type 'production' to go on", call)
            == "production"
        ):
            return
    raise RefusedError(
        f"the settings say production, and {what} there may lose data", "--force-production says that you mean it"
    )


def _check(call: Call) -> None:
    if "unsafe" in call.values and call.values["unsafe"] is not None and not call.text("unsafe").strip():
        raise UsageError("--unsafe says no reason", "say why it is right: --unsafe 'the table has twelve rows'")
    elsewhere = [word for word in ("rollback", "sql", "dry_run", "verify_down") if call.values.get(word)]
    if call.text("unsafe") and elsewhere:
        option = f"--{elsewhere[0].replace('_', '-')}"
        raise UsageError(
            f"--unsafe only means something where files are applied, and {option} applies none", "leave it out"
        )
    if call.text("dialect") and not call.flag("sql"):
        raise UsageError("--dialect only means something with --sql", "leave it out: the server says what it is")
    if call.flag("sql") and call.flag("dry_run"):
        raise UsageError("--sql and --dry-run exclude each other", "--sql writes a script, --dry-run shows the plan")
    count = call.number("rollback")
    if count is not None and count < 1:
        raise UsageError(f"--rollback {count}: there is nothing to take back", "write a number from 1 up")
    if call.flag("verify_down") and (count is not None or call.flag("sql") or call.flag("dry_run")):
        raise UsageError("--verify-down runs in a database of its own", "leave out --rollback, --sql and --dry-run")
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
        "allow": [word for flag, word in _PERMISSIONS.items() if call.flag(flag)],
        "progress": call.interactive,
        "name": "",
        "choice": "",
        "statements": 0,
    }


def _action(call: Call, *, back: bool) -> Action:
    if call.flag("sql"):
        return "script"
    if call.flag("dry_run"):
        return "plan"
    if call.flag("verify_down"):
        return "verify"
    return "rollback" if back else "migrate"


def _document(answer: Answer, verdict: _sql_lint.Verdict) -> dict[str, object]:
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
        "verified": answer["verified"],
        "findings": [_sql_lint.document(finding) for finding in verdict.findings],
    }


def _verified_lines(answer: Answer) -> Iterator[str]:
    said = {
        "same": "up, down and up again end where they should",
        "differs": "the way back does not lead back",
        "irreversible": "has no way back, as it says",
    }
    for item in answer["verified"]:
        yield f"{item['name']}: {said[item['outcome']]}"
        yield from (f"  {line}" for line in item["differences"])
    if not answer["verified"]:
        yield "there are no migrations to verify"


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


def _show_plan(call: Call, answer: Answer, verdict: _sql_lint.Verdict) -> None:
    if not answer["plan"]:
        call.write(f"nothing to do: {_migrations(answer['applied'])} applied on {answer['database']}")
        return
    from arckode_gen.commands._sql_doubts import doubts  # only a plan that is shown pays for it

    for item in answer["plan"]:
        call.write("\n".join(_plan_lines(item)))
        for statement, doubt in doubts(item["statements"], answer["dialect"]).items():
            first = statement.strip().splitlines()[0]
            call.say(f"doubtful: {item['name']}, `{first}`, line {doubt.line}: {doubt.reason}")
    _sql_lint.say(call, verdict)
    call.say(f"dry run: {_migrations(len(answer['plan']))} would run on {answer['database']}; nothing was changed")


def _plan_lines(item: Planned) -> Iterator[str]:
    late = ", sorts before one that is applied" if item["late"] else ""
    how = "one transaction" if item["transaction"] else "statement by statement"
    yield f"-- {item['name']} ({item['direction']}, {how}{late})"
    if item["program"]:
        yield f"-- runs {item['direction']}(db)"
    yield from (f"{statement};" for statement in item["statements"])
    yield ""
