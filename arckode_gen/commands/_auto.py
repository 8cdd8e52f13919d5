"""From models to a migration: what `db:diff` shows, `db:diff --write` and `make:migration --auto` write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.commands import _safe
from arckode_gen.commands._asked import with_reasons
from arckode_gen.engine import names
from arckode_gen.engine.plan import Change, FileState, Plan, Step
from arckode_gen.engine.stamps import next_stamp
from arckode_gen.errors import RefusedError, UsageError
from arckode_gen.migrations import files, safe_files
from arckode_gen.migrations.target import compare

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.request import DiffAnswer, DiffRequest
    from arckode_gen.migrations.target import Target


def difference(call: Call, target: Target, title: str, *, write: bool = True) -> DiffAnswer:
    """Compare the models with the database; on a terminal, ask whether what looks like it was renamed.

    The call has `rename`, `fill`, `allow_drop`, `safe`, `dialect` and `metadata`. With `write`, rows that are there
    must get a value in every required column.

    Raises:
        RefusedError: a required column comes to a table that is there, and nobody said what its rows get.
        ArckodeError: the project, the database or a rename is not as it should be.
    """
    given, fills = list(call.words("rename")), _safe.values(call)
    answer = _compared(call, target, title, given, fills)
    found = [f"{old}:{new}" for old, new in answer["candidates"] if call.interactive and _is_rename(call, old, new)]
    if found:
        answer = _compared(call, target, title, [*given, *found], fills)
    if not write or not answer["needs"]:
        return answer
    if not call.interactive:
        raise _needed(answer["needs"])
    for place in answer["needs"]:
        fills[place.lower()] = _value_for(place, call)
    return _compared(call, target, title, [*given, *found], fills)


def _needed(places: Sequence[str]) -> RefusedError:
    one = len(places) == 1
    words = " ".join(f"--fill {place}=VALUE" for place in places)
    return RefusedError(
        f"{', '.join(places)} {'is' if one else 'are'} required, and rows that are there have no value for "
        f"{'it' if one else 'them'}; nothing was written",
        f"say what they get, in SQL: {words}; or give the column a server_default, or let it be empty (nullable)",
    )


def _value_for(place: str, call: Call) -> str:
    from arckode_gen.commands._asking import typed

    value = typed(f"{place} is required: what do the rows that are there get (SQL, such as 0 or 'draft')?", call)
    if not value:
        raise _needed([place])
    return value


def beginning(call: Call, target: Target, title: str) -> DiffAnswer:
    """Return what a new database would begin with, by the models.

    Raises:
        ArckodeError: the project or the database is not as it should be.
    """
    return compare(target, {**_request(call, target, title, (), {}), "from_nothing": True, "bare": False}, call)


def title_of(name: str) -> str:
    """Return what a migration of that name says at its top."""
    words = name.replace("_", " ").replace("-", " ").strip()
    return (words[:1].upper() + words[1:]) or "What differs"


def remark(call: Call, answer: DiffAnswer) -> None:
    """Tell what was not compared, what was left alone because it would lose data, and what may have been renamed."""
    if answer["apart"]:
        call.say(f"not compared, so write migrations of these by hand: {', '.join(answer['apart'])}")
    kept = [line["text"] for line in answer["differences"] if line["kept"]]
    if kept:
        call.say(f"left alone, because it would lose data: {', '.join(kept)}; --allow-drop does it")
    for old, new in answer["candidates"]:
        call.say(f"if {old} was renamed to {new}: --rename {old}:{new}")


def _is_rename(call: Call, old: str, new: str) -> bool:
    from arckode_gen.commands._asking import typed

    return typed(f"was {old} renamed to {new}? [y/N]", call).lower() in {"y", "yes"}


def _compared(call: Call, target: Target, title: str, renames: Sequence[str], fills: Mapping[str, str]) -> DiffAnswer:
    return compare(target, _request(call, target, title, renames, fills), call)


def _request(call: Call, target: Target, title: str, renames: Sequence[str], fills: Mapping[str, str]) -> DiffRequest:
    return {
        "action": "diff",
        "root": str(target.root),
        "folder": target.folder,
        "url": target.database(call),
        "metadata": call.text("metadata") or target.metadata or _own(target),
        "renames": list(renames),
        "drops": call.flag("allow_drop"),
        "dialects": list(call.words("dialect")),
        "title": title,
        "from_nothing": False,
        "fills": dict(fills),
        "bare": call.flag("safe"),
    }


def _own(target: Target) -> str:
    """The root registers every module, so importing it declares every table."""
    if not (target.root / f"src/{target.package}/composition_root.py").is_file():
        raise UsageError(
            "where the models are is not known",
            "write [tool.arckode] metadata = 'app.models:Base.metadata' into pyproject.toml, or give --metadata",
        )
    return f"{target.package}.composition_root, {target.package}.kernel.model:Entity.metadata"


@dataclass(frozen=True, slots=True)
class Place:
    """Where migrations are written, on which day, and whether in the form that is safe while code runs."""

    folder: str
    today: dt.date
    safe: bool = False


def plan(call: Call, name: str, answer: DiffAnswer, snapshot: Snapshot, place: Place) -> Plan:
    """Return the plan that writes the migration; an empty one when nothing differs.

    What a word asked for carries that word as its reason, so that the lint of `db:migrate` lets it pass.

    Raises:
        UsageError: the name cannot be one.
    """
    slug = names.to_snake(name)
    if not slug.isidentifier() or not slug.isascii():
        raise UsageError(f"'{name}' cannot be the name of a migration", "write it like add_remark_to_orders")
    if not answer["text"]:
        return Plan(call.spec.name, ())
    stamp = next_stamp(snapshot, place.folder, place.today)
    found = _safe_texts(call, answer, snapshot, place, f"{stamp}_{slug}") if place.safe else {}
    if not found:
        file = f"{place.folder}/{stamp}_{slug}.py"
        there = _there(snapshot, place.folder)
        found = {file: with_reasons(file, answer, there, place.today.isoformat())}
    waiting = [path for path in found if path.rpartition("/")[2].startswith("_")]
    steps = (
        Step("read it, then apply it", "arckode db:migrate"),
        Step("prove its way back", "arckode db:migrate --verify-down"),
        *(Step(f"after the release, take the `_` off {path}, then", "arckode db:migrate") for path in waiting),
    )
    changes = (Change(path, None, FileState(text.encode()), "what differs") for path, text in sorted(found.items()))
    return Plan(call.spec.name, tuple(changes), steps)


def _there(snapshot: Snapshot, folder: str) -> dict[str, bytes]:
    return {path: state.content for path in snapshot.glob(f"{folder}/[0-9]*.*") if (state := snapshot.read(path))}


def _safe_texts(call: Call, answer: DiffAnswer, snapshot: Snapshot, place: Place, name: str) -> dict[str, str]:
    """Return the text of each file of the expand/contract form by its path; nothing when it is safe as it is."""
    sources = [
        files.Source(path.rpartition("/")[2].partition(".")[0], path, content)
        for path, content in sorted(_there(snapshot, place.folder).items())
    ]
    forms = {
        dialect: _safe.form_of(up, dialect, _safe.columns(sources, dialect), answer["fills"])
        for dialect, up in answer["up"].items()
    }
    for dialect, form in forms.items():
        _safe.tell(call, form, f" on {dialect}")
    if not any(_safe.is_other(form, answer["up"][dialect], dialect) for dialect, form in forms.items()):
        call.say("--safe changes nothing: there is no form of it that is safer")
        return {}
    backs = {
        dialect: {sql: pair["down"] if at == 0 else () for pair in found for at, sql in enumerate(pair["up"])}
        for dialect, found in answer["pairs"].items()
    }
    notes = [line["text"].partition(":")[0] for line in answer["differences"] if not line["kept"]]
    first = int(name.partition("_")[0])
    written = safe_files.files(
        name,
        safe_files.Safe(forms, backs=backs, notes=notes, unreturned=answer["unreturned"]),
        [str(first + 1 + more) for more in range(3)],
    )
    return {f"{place.folder}/{slug}.py": text for slug, text in written.items()}
