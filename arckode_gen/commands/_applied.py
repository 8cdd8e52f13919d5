"""Which migrations the configured database has applied, for commands that would take their files away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.commands.db_migrate import request
from arckode_gen.errors import OperationError, RefusedError
from arckode_gen.migrations.target import ask, locate

if TYPE_CHECKING:
    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.spec import Call


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
    target = locate(call)
    try:
        answer = ask(target, {**request(target, call), "action": "status"}, call, lambda _kind, _text: None)
    except OperationError as error:
        call.say(f"whether the migrations were applied is not known: {error.message}")
        return
    applied = [item["name"] for item in answer["migrations"] if item["state"] in {"applied", "edited", "unfinished"}]
    held = [name for name in applied if any(path.rpartition("/")[2].startswith(f"{name}.") for path in gone)]
    if held:
        message = f"{', '.join(held)} is applied on {answer['database']}; nothing was undone"
        raise RefusedError(message, "take it back first: `arckode db:migrate --rollback`")
