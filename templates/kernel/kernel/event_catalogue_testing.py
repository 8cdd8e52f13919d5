"""A file of every event and its fields, in every version that was ever stored, and a test that holds the classes to it.

A line is an event in one version: `accounts.created 1: owner str, currency "eur"|"usd", note? str|None`. Stored events
stay as they are, so lines are added and never changed; the test says which, and what else a change needs.
"""

import json
import re
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from .event_catalogue import EventData

_LINE = re.compile(r"(\S+) (\d+):(.*)")
_FIELD = re.compile(r' (\w+)(\??) ((?:"(?:[^"\\]|\\.)*"|[^,"\s])+)(?:,|$)')


@dataclass(frozen=True, slots=True)
class _Field:
    told: str
    required: bool

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(re.findall(r'"(?:[^"\\]|\\.)*"|[^|]+', self.told))

    def fits(self, other: "_Field") -> bool:
        """Tell whether what was stored as this one can be read as the other."""
        return self.kinds <= other.kinds and (self.required or not other.required)


_Fields = Mapping[str, _Field]
_Recorded = dict[str, dict[int, _Fields]]


def check_recorded(file: Path, events: Iterable[type[EventData]]) -> None:
    """Raise AssertionError, saying what to do, where stored events could not be read, or one is not recorded yet."""
    known = {kind.type: kind for kind in events}
    recorded, problems = _read(file)
    for name in sorted(recorded.keys() - known.keys()):
        problems.append(
            f"{name} is recorded and no class is called so: stored events of it could not be read. Bring the class "
            f"back, or, if none was ever stored, delete its lines from {file.name}"
        )
    for kind in known.values():
        problems += _problems(kind, recorded.get(kind.type, {}), file.name)
    if problems:
        raise AssertionError("\n\n".join(problems))


def line_of(kind: type[EventData]) -> str:
    """Answer the line of an event as its class is now."""
    said = _said(kind, ", ")
    return f"{kind.type} {kind.version}:{' ' if said else ''}{said}"


def _problems(kind: type[EventData], recorded: Mapping[int, _Fields], file: str) -> list[str]:
    title = f"{kind.__name__} ({kind.type})"
    if not recorded:
        return [f"{title} is not recorded. Add the line to {file}:\n    {line_of(kind)}"]
    newest = max(recorded)
    if kind.version < newest:
        return [f"{title} is of version {kind.version} and was stored in version {newest}: let `version` be {newest}"]
    steps = range(min(recorded), kind.version)
    missing = [
        f"{title}: no upcaster leads from version {each} to {each + 1}. Add one to `upcasters`:\n"
        f"{_upcaster(kind, recorded.get(each, {}), each)}"
        for each in steps
        if each not in kind.upcasters
    ]
    if kind.version not in recorded:
        return [
            *missing,
            f"{title} is not recorded in version {kind.version}. Add the line to {file}:\n    {line_of(kind)}",
        ]
    before, now = recorded[kind.version], _fields(kind)
    broken = _broken(before, now)
    if broken:
        return [*missing, _breaking(kind, before, broken, file)]
    if before != now:
        told = f"{title} may say more than is recorded. Write this in place of its line in {file}:"
        return [*missing, f"{told}\n    {line_of(kind)}"]
    return missing


def _breaking(kind: type[EventData], before: _Fields, broken: Sequence[str], file: str) -> str:
    after = kind.version + 1
    line = line_of(kind).replace(f"{kind.type} {kind.version}:", f"{kind.type} {after}:", 1)
    return (
        f"stored events do not fit {kind.__name__} ({kind.type}) any more: {'; '.join(broken)}. Take that back, or\n"
        f"  - let `version` be {after},\n"
        f"  - let an upcaster lead there:\n{_upcaster(kind, before, kind.version)}\n"
        f"  - and add the line to {file}:\n    {line}"
    )


def _broken(before: _Fields, now: _Fields) -> list[str]:
    gone = [name for name in before if name not in now]
    new = [name for name, each in now.items() if name not in before and each.required]
    told: list[str] = []
    for name in gone:
        heir = next((each for each in new if now[each] == before[name]), "")
        told.append(f"`{name}` is gone{f', or renamed to `{heir}`' if heir else ''}")
    told += [f"`{name}` is new and required" for name in new]
    for name in before.keys() & now.keys():
        old, each = before[name], now[name]
        if not old.kinds <= each.kinds:
            told.append(f"`{name}` was {old.told} and is {each.told}")
        elif not old.fits(each):
            told.append(f"`{name}` is required")
    return sorted(told)


def _upcaster(kind: type[EventData], before: _Fields, version: int) -> str:
    same = {name: f'data["{name}"]' for name, each in before.items() if each == _fields(kind).get(name)}
    items = ", ".join(f'"{name}": {same.get(name, "...")}' for name in _fields(kind))
    return f"    upcasters: ClassVar[Mapping[int, Upcaster]] = {{{version}: lambda data: {{{items}}}}}"


def _fields(kind: type[BaseModel]) -> dict[str, _Field]:
    return {name: _Field(_told(each.annotation), each.is_required()) for name, each in kind.model_fields.items()}


def _said(kind: type[BaseModel], between: str, after: str = " ") -> str:
    fields = _fields(kind).items()
    return between.join(f"{name}{'' if each.required else '?'}{after}{each.told}" for name, each in fields)


def _told(kind: object) -> str:
    """Say a type as it is stored: an enumeration by its values, a class by its name."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _told(inner[0])
    if origin is Literal:
        return "|".join(json.dumps(value) for value in inner)
    if origin in {Union, types.UnionType}:
        return "|".join(map(_told, inner))
    if origin is not None:
        return f"{origin.__name__}[{':'.join(map(_told, inner))}]"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(json.dumps(member.value) for member in kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"{{{_said(kind, ';', ':')}}}"
    return "None" if kind is type(None) else "..." if kind is ... else str(getattr(kind, "__name__", kind))


def _read(file: Path) -> tuple[_Recorded, list[str]]:
    recorded: _Recorded = {}
    problems: list[str] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        fields = None if found is None else _read_fields(found[3])
        if found is None or fields is None:
            problems.append(f"line {number} of {file.name} is no event: write `type version: field type, ...`")
            continue
        versions = recorded.setdefault(found[1], {})
        if versions.setdefault(int(found[2]), fields) != fields:
            problems.append(f"{found[1]} {found[2]} is in {file.name} twice, in two forms: which one was stored?")
    return recorded, problems


def _read_fields(text: str) -> _Fields | None:
    found: Sequence[re.Match[str]] = list(_FIELD.finditer(text))
    if "".join(each[0] for each in found) != text:
        return None
    return {each[1]: _Field(each[3], not each[2]) for each in found}
