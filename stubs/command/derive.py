"""The names of a command, and the fields of its aggregate that it changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.engine import layout, names, owners, reserved
from arckode_gen.engine.examples import example_of
from arckode_gen.engine.python_code import field_code
from arckode_gen.engine.python_names import free_name
from arckode_gen.engine.units import load
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.names import Name
    from arckode_gen.engine.project import Snapshot

_LONGEST = 30  # what is made of it has to fit a line
_TAKEN = frozenset({"create", "update", "delete", "show", "store", "destroy", "get_by_id", "index", "list"})


@dataclass(frozen=True, slots=True)
class Change:
    """A field that the command changes: as it is sent, as it is kept, as the command says it, and a value for tests."""

    name: str
    json_name: str
    received: str
    kept: str
    said: str
    body: str


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: there is no such aggregate or field, the name is taken or too long, or nothing would change.
    """
    package = str(values["package"])
    unit = owners.owner(project, "aggregate", str(values["of"]))
    fields = owners.fields_of(unit)
    owner = owners.name_of(unit)
    command = free_name(str(values["name"]))
    pascal = names.to_pascal(command)
    entity = f"{owner.pascal}State" if owner.singular in reserved.CLASS_NAMES else owner.pascal
    _check(command, pascal, entity)
    _check_changes(project, f"src/{package}/modules/{owner.plural}/aggregate.py", entity)
    changed = _changed(str(values["change"]), fields, owner.plural)
    guarded = load(project, "auth", "auth") is not None
    args = [
        f"{owner.singular}_id={owner.singular}_id",
        *(f"{each.attribute}=body.{each.attribute}" for each in changed),
    ]
    kept = [f"{each.attribute}={'command' if each in changed else 'state'}.{each.attribute}" for each in fields]
    varies = next((each for each in changed if example_of(each).varies), None)
    return {
        "needs": (f"aggregate.{owner.plural}",),
        "command": command,
        "words": command.replace("_", " "),
        "path": command.replace("_", "-"),
        "pascal": pascal,
        "one": owner.singular,
        "many": owner.plural,
        "word": owner.singular.replace("_", " "),
        "entity": entity,
        "decider": owner.plural.upper(),
        "route": f"/{owner.kebab_plural}",
        "guarded": guarded,
        "access": "require(UPDATE)" if guarded else "PUBLIC",
        "changes": tuple(_change(each, entity, owner) for each in changed),
        "body_items": [f'"{each.json_name}": sent["{each.json_name}"]' for each in changed],
        "varies": _change(varies, entity, owner) if varies else None,
        "made": layout.call(f"command = {pascal}(", args, indent=8),
        "asked": layout.call(f"change = Change{entity}(", kept, indent=8),
        "known": _known(f"{package}.modules.{owner.plural}", owner, (entity, pascal), fields, command),
    }


def _check(command: str, pascal: str, entity: str) -> None:
    if command in _TAKEN or pascal in {f"Create{entity}", f"Change{entity}", f"Remove{entity}"}:
        raise UsageError(f"{command} is there already", "name it after what it does: rename_account")
    if len(command) > _LONGEST:
        raise UsageError(f"{command}: a command's name has at most {_LONGEST} letters", "shorten it")


def _check_changes(project: Snapshot, path: str, entity: str) -> None:
    state = project.read(path)
    if state is not None and not re.search(rf"^class Change{entity}\b", state.text, re.MULTILINE):
        raise UsageError(
            f"{path} has no Change{entity}, which the command would execute",
            f"write it again as `make:aggregate` does, or a handler of your own, for what {entity}Command has",
        )


def _changed(text: str, fields: Sequence[Field], aggregate: str) -> tuple[Field, ...]:
    known = {field.attribute: field for field in fields}
    wanted = [word.strip() for word in text.split(",") if word.strip()]
    for word in wanted:
        if word not in known:
            hint = nearest(word, known) or f"they have {', '.join(known)}"
            raise UsageError(f"--change {word}: {aggregate} have no such field", hint)
    if not wanted:
        raise UsageError("--change names no field", f"{aggregate} have {', '.join(known)}")
    return tuple(field for name, field in known.items() if name in wanted)


def _change(field: Field, entity: str, owner: Name) -> Change:
    code = field_code(field, enum=entity + names.to_pascal(field.name), table=owner.plural)
    kept = code.shown.replace("dt.datetime", "AwareDatetime")
    said = f'Annotated[{kept}, Personal(subject="{owner.singular}_id")]' if field.pii else kept
    return Change(field.attribute, field.json_name, code.received, kept, said, example_of(field).body)


def _known(place: str, owner: Name, classes: tuple[str, str], fields: Sequence[Field], command: str) -> dict[str, str]:
    entity, pascal = classes
    own = f"{place}.commands.{command}"
    return {
        **dict.fromkeys((entity, f"{entity}Command", f"Change{entity}", owner.plural.upper()), f"{place}.aggregate"),
        **dict.fromkeys((pascal, f"{pascal}Body"), own),
        f"{owner.pascal_plural}Service": place,
        **{entity + names.to_pascal(field.name): f"{place}.enums" for field in fields if field.type == "enum"},
        f"{owner.singular}_body": f"tests.modules.{owner.plural}.factory",
        "UPDATE": f"{place}.permissions",
        **dict.fromkeys(("AcceptedOut", "CommandId", "CommandOut", "Sender"), ".http.commands"),
        **dict.fromkeys(("Command", "CommandBus", "MessageContext"), ".commands"),
        "Aggregate": ".aggregates",
        "Aggregates": ".aggregates",
        "Personal": ".event_personal",
        "QUEUE": ".queue",
        "QueueSettings": ".queue",
        "QueuedCommands": ".commands_queued",
        "Worker": ".queue_worker",
        "require": ".access",
    }
