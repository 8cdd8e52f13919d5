"""The job's name as a module and as a class, and what sets it off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.rules.arc405_event_names import problem_of
from arckode_gen.engine import layout
from arckode_gen.engine.names import to_pascal
from arckode_gen.engine.python_code import quote
from arckode_gen.engine.python_names import free_name
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot

_EVENT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,2}")
_CRON_FIELD = re.compile(r"[0-9A-Za-z*/,#-]+")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_TIME = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def derive(values: Mapping[str, object], _project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: the name is taken by Python, or what sets the job off makes no sense.
    """
    job = free_name(str(values["name"]))
    cron, every, event = (str(values[word] or "") for word in ("cron", "every", "on"))
    zone = str(values["zone"])
    given = [flag for flag, value in (("--cron", cron), ("--every", every), ("--on", event)) if value]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)}: a job is set off in one way", "make one job each")
    _check_event(event)
    pascal = to_pascal(job)
    return {
        "job": job,
        "words": job.replace("_", " "),
        "class_name": f"{pascal}Job",
        "data_name": f"{pascal}Data",
        "planned": bool(cron or every),
        "plan": _cron(job, cron, zone) if cron else _every(job, every) if every else "",
        "said": {"scheduled_for": '"2026-03-01T12:00:00+00:00"'} if cron or every else {"id": "str(uuid4())"},
        "known": {
            "BaseModel": "pydantic",
            "ConfigDict": "pydantic",
            "Event": ".events",
            "EventBus": ".bus",
            "Job": ".queue",
            "JobStatus": ".queue",
            "QUEUE": ".queue",
            "Queue": ".queue",
            "QueueSettings": ".queue",
            "Scheduler": ".scheduler",
            "Worker": ".queue_worker",
            "structlog": "=structlog",
        },
    }


def _cron(job: str, expression: str, zone: str) -> str:
    fields = expression.split()
    if len(fields) != 5 or not all(map(_CRON_FIELD.fullmatch, fields)):
        hint = "write minute, hour, day, month and weekday, in quotes: --cron '0 3 * * *'"
        raise UsageError(f"--cron {expression}: these are not the five fields of cron", hint)
    if not _ZONE.fullmatch(zone):
        raise UsageError(f"--zone {zone}: this is no time zone", "write it like Europe/Madrid")
    words = [f'"{job}"', quote(" ".join(fields)), *([] if zone == "UTC" else [f"zone={quote(zone)}"])]
    return layout.call("kernel.resolve(Scheduler).cron(", words, indent=4)


def _every(job: str, time: str) -> str:
    found = _TIME.fullmatch(time)
    if found is None:
        raise UsageError(f"--every {time}: this is no time", "write it like 30s, 15m, 6h or 1d")
    seconds = int(found[1]) * _SECONDS[found[2]]
    return layout.call("kernel.resolve(Scheduler).every(", [f'"{job}"', str(seconds)], indent=4)


def _check_event(event: str) -> None:
    if not event:
        return
    if _EVENT.fullmatch(event) is None:
        message = f"--on {event}: an event is called module.action or module.entity.action, in small letters"
        raise UsageError(message, "for example customers.created")
    problem = problem_of(event)
    if problem:
        raise UsageError(f"--on {event}: the name {problem}", "say it in the past tense: customers.created")
