"""Which migrations the configured database has applied, for commands that would take their files away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError, RefusedError, UsageError
from arckode_gen.migrations import url
from arckode_gen.migrations.target import ask, locate

if TYPE_CHECKING:
    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.request import Answer
    from arckode_gen.migrations.target import Target


def refuse_applied(call: Call, plan: Plan) -> None:
    """Refuse a plan that deletes a migration which the configured database has applied.

    A database that cannot be asked is said and stops nothing: the file stays in the history, and the next
    `db:migrate` refuses to go on without it.

    Raises:
        RefusedError: the plan would take an applied migration away.
    """
    gone = {change.path for change in plan.changes if change.after is None and "/migrations/" in change.path}
    if not gone:
        return
    answer = _status(call)
    held = [name for name in _applied(answer) if any(path.rpartition("/")[2].startswith(f"{name}.") for path in gone)]
    if answer is not None and held:
        message = f"{', '.join(held)} is applied on {answer['database']}; nothing was undone"
        raise RefusedError(message, "take it back first: `arckode db:migrate --rollback`")


def applied(call: Call) -> frozenset[str]:
    """Return the migrations that the configured database has; none when it cannot be asked, which is said."""
    return frozenset(_applied(_status(call)))


def _status(call: Call) -> Answer | None:
    target = locate(call)
    if _is_unborn(target, call):
        return None
    from arckode_gen.commands.db_migrate import request  # a database that is not there is asked nothing

    try:
        return ask(target, {**request(target, call), "action": "status"}, call, lambda _kind, _text: None)
    except OperationError as error:
        call.say(f"whether the migrations were applied is not known: {error.message}")
        return None


def _is_unborn(target: Target, call: Call) -> bool:
    """Tell whether the database is an SQLite file that is not there: nothing can be applied on it."""
    try:
        database = url.parse(target.database(call))
    except UsageError:
        return False  # asking says what is wrong
    name = database.database
    is_file = database.family == "sqlite" and bool(name) and name != ":memory:" and not name.startswith("file:")
    return is_file and not (target.root / name).exists()


def _applied(answer: Answer | None) -> list[str]:
    if answer is None:
        return []
    return [item["name"] for item in answer["migrations"] if item["state"] in {"applied", "edited", "unfinished"}]
