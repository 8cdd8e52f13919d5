"""What an event adds to its aggregate: the classes, the cases, and what the state remembers."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from arckode_analyzers.rules.arc405_event_names import problem_of
from arckode_gen.engine import event_fields, layout, names, owners, reserved
from arckode_gen.engine.known_names import COMMON
from arckode_gen.engine.python_code import quote
from arckode_gen.engine.python_names import free_name
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.event_fields import Known
    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.project import Snapshot

_LONGEST = 30  # what is made of it has to fit a line
_THERE = frozenset({"created", "changed", "removed"})


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: there is no such aggregate, the event is there or its name too long, or it cannot carry a field.
    """
    unit = owners.owner(project, "aggregate", str(values["aggregate"]), flag="")
    owner = owners.name_of(unit)
    package, many = str(values["package"]), owner.plural
    entity = f"{owner.pascal}State" if owner.singular in reserved.CLASS_NAMES else owner.pascal
    event = free_name(str(values["name"]))
    command = free_name(str(values["command"] or f"record_{owner.singular}_{event}"))
    event_class, command_class = f"{entity}{names.to_pascal(event)}", names.to_pascal(command)
    _check(f"{many}.{event}", command_class, entity)
    place = f"{package}.modules.{many}"
    there = {field.attribute: field for field in owners.fields_of(unit)}
    given = [_same(field, there, many) for field in cast("Sequence[Field]", values["field"])]
    enums = {names.to_pascal(each.name): f"{place}.enums" for each in there.values() if each.type == "enum"}
    fields = tuple(_known(field, entity, many, there) for field in given)
    known = {f"{entity}{name}": module for name, module in enums.items()}
    return {
        "needs": (f"aggregate.{many}",),
        "many": many,
        "word": owner.singular.replace("_", " "),
        "entity": entity,
        "decider": many.upper(),
        "file": f"src/{package}/modules/{many}/aggregate.py",
        "event": event,
        "words": event.replace("_", " "),
        "event_class": event_class,
        "command_class": command_class,
        "fields": fields,
        "personal": any(field.personal for field in fields),
        "said_items": [f'"{each.name}": {each.one}' for each in fields],
        "number": "number: int = 1" if any("number" in each.one for each in fields) else "",
        "flag": "" if fields else f"is_{event}",
        "removed": _has(project, f"src/{package}/modules/{many}/aggregate.py", f"{entity}Removed"),
        "recorded": event_fields.line(f"{many}.{event}", fields),
        "imports": _imports(fields, known, package),
        "state_fields": _remembered(fields, there, event),
        **_code(fields, f"{many}.{event}", event_class, command_class, event),
        "known": {
            **dict.fromkeys(
                (event_class, command_class, f"{entity}Created", f"{entity}Removed", many.upper()), f"{place}.aggregate"
            ),
            "facts": f"tests.modules.{many}.factory",
            "given": ".aggregates_testing",
        },
    }


def _has(project: Snapshot, path: str, name: str) -> bool:
    """Tell whether the aggregate still has a class: a person may have taken it out."""
    state = project.read(path)
    return state is not None and re.search(rf"^class {name}\b", state.text, re.MULTILINE) is not None


def _check(type_: str, command_class: str, entity: str) -> None:
    event = type_.rpartition(".")[2]
    if event in _THERE or command_class in {f"Create{entity}", f"Change{entity}", f"Remove{entity}"}:
        raise UsageError(f"{event} is there already", "name the event after what happened, such as frozen")
    if len(event) > _LONGEST or len(command_class) > _LONGEST + len(entity) + 6:
        raise UsageError(f"{event}: the name of an event or a command has at most {_LONGEST} letters", "shorten it")
    if problem := problem_of(type_):
        raise UsageError(f"{event}: the name {problem}", "say it in the past tense, such as frozen")


def _same(field: Field, there: Mapping[str, Field], aggregate: str) -> Field:
    """Return a field as the aggregate has it, where it has one of its name."""
    event_fields.check(field)
    own = there.get(field.attribute)
    if own is None:
        return field
    if field.type not in {"str", own.type}:
        raise UsageError(f"'{field.name}' of {aggregate} is of the type {own.type}", f"say `{own.name}` alone")
    return own


def _known(field: Field, entity: str, many: str, there: Mapping[str, Field]) -> Known:
    if field.attribute in there or field.type != "enum":
        return event_fields.known(field, enum=entity + names.to_pascal(field.name), table=many)
    words = f"Literal[{', '.join(quote(value) for _, value in field.members)}]"
    return replace(event_fields.known(field, enum="Words", table=many), kept=words + " | None" * field.null)


def _remembered(fields: Sequence[Known], there: Mapping[str, Field], event: str) -> list[str]:
    new = [
        f"{each.name}: {each.kept.removesuffix(' | None')} | None = None" for each in fields if each.name not in there
    ]
    return new if fields else [f"is_{event}: bool = False"]


def _imports(fields: Sequence[Known], own: Mapping[str, str], package: str) -> list[str]:
    """Return the imports of the names in the fields' types."""
    used = {word for field in fields for word in re.findall(r"\w+", re.sub(r'"[^"]*"', "", field.said))}
    table = {**COMMON, **own, "Literal": "typing", "Personal": f"{package}.kernel.event_personal"}
    found = {word: table[word] for word in sorted(used & table.keys())}
    return [
        f"import {each[1:]}" if each.startswith("=") else f"from {each} import {word}" for word, each in found.items()
    ]


def _code(fields: Sequence[Known], type_: str, event: str, command: str, name: str) -> dict[str, str]:
    declared = [f"    {each.name}: {each.kept}" for each in fields]
    told = [f"    {each.name}: {each.said}" for each in fields]
    head = f'class {event}(EventData):\n    type: ClassVar[str] = "{type_}"'
    sent = [f"{each.name}=command.{each.name}" for each in fields]
    made = [f"{each.name}=event.{each.name}" for each in fields] or [f"is_{name}=True"]
    rule = f"            return [{event}({', '.join(sent)})]"
    if len(rule) > layout.LINE_LENGTH:
        rule = f"            return [\n                {layout.call(f'{event}(', sent, '),', indent=16)}\n            ]"
    if not fields:
        rule = f"            return [] if state.is_{name} else [{event}()]"
    there = "            _there(state)" if fields else "            state = _there(state)"
    evolved = layout.call("return replace(", ["state", *made], indent=12)
    return {
        "event_code": "\n".join([head, *([""] if fields else []), *told]),
        "command_code": "\n".join(
            [f"class {command}(Command):", *(declared or [f'    """Let it be {name.replace("_", " ")}."""'])]
        ),
        "decided": _dedented([f"        case {command}():", there, rule]),
        "evolved": _dedented([f"        case {event}() if state is not None:", f"            {evolved}"]),
    }


def _dedented(lines: Sequence[str]) -> str:
    return textwrap.dedent("\n".join(lines))
