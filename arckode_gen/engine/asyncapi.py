"""The AsyncAPI document of a project's events, from what its code declares.

Source of the form: AsyncAPI Specification 3.0.0. An event is a channel of its own, whose address is its type.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Node: TypeAlias = "dict[str, object]"
COMMAND = "generate:asyncapi"
_MARK = "x-generated"
_TEXT = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Declared:
    """An event that a class declares; `schema` is the name of what its data look like."""

    type: str
    version: int
    title: str
    schema: str
    personal: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a group of handlers subscribes to, and the types that its pattern stands for."""

    group: str
    types: tuple[str, ...]


def document(
    title: str,
    version: str,
    events: Sequence[Declared],
    schemas: Mapping[str, Node],
    heard: Sequence[Heard],
    *,
    sent: bool,
) -> str:
    """Return the document as text: the same events are the same bytes.

    `sent` says that there is a bus that carries them to others.
    """
    envelope, sealed = _free("EventEnvelope", schemas), _free("SealedValue", schemas)
    declared = {each.type: each for each in events}
    undeclared = sorted({name for each in heard for name in each.types} - declared.keys())
    names = sorted({*declared, *undeclared})
    shapes = {**schemas, envelope: _envelope()}
    for event in events:
        if event.personal:
            shapes |= {event.schema: _with_sealed(shapes[event.schema], event.personal, sealed), sealed: _sealed()}
    found: Node = {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version},
        "defaultContentType": "application/json",
        "channels": {name: _channel(name) for name in names},
        "operations": _operations(sorted(declared) if sent else [], heard),
        "components": {
            "messages": {name: _message(name, declared.get(name), envelope) for name in names},
            "schemas": {name: shapes[name] for name in sorted(shapes)},
        },
    }
    return _marked(found)


def is_ours(text: str) -> bool:
    """Tell whether a text is a document as it was generated, and nobody has edited it since."""
    try:
        found = json.loads(text)
        return isinstance(found, dict) and _marked({key: found[key] for key in found if key != _MARK}) == text
    except ValueError:
        return False


def _marked(found: Node) -> str:
    plain = json.dumps(found, indent=2, ensure_ascii=False)
    mark = {"by": f"arckode {COMMAND}", "sha256": hashlib.sha256(plain.encode()).hexdigest()}
    return json.dumps({**found, _MARK: mark}, indent=2, ensure_ascii=False) + "\n"


def _channel(name: str) -> Node:
    return {"address": name, "messages": {name: {"$ref": f"#/components/messages/{name}"}}}


def _operations(sent: Iterable[str], heard: Iterable[Heard]) -> Node:
    made: Node = {f"send.{name}": _operation("send", name, f"{name} happened.") for name in sent}
    for each in sorted(heard, key=lambda one: one.group):
        for name in each.types:
            made[f"{each.group}.{name}"] = _operation("receive", name, f"The group {each.group} handles it.")
    return made


def _operation(action: str, name: str, summary: str) -> Node:
    channel = f"#/channels/{name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "summary": summary,
        "messages": [{"$ref": f"{channel}/messages/{name}"}],
    }


def _message(name: str, declared: Declared | None, envelope: str) -> Node:
    said: Node = {"type": {"const": name}}
    if declared is not None:
        said |= {"version": {"const": declared.version}, "data": {"$ref": f"#/components/schemas/{declared.schema}"}}
    payload = {"allOf": [{"$ref": f"#/components/schemas/{envelope}"}, {"type": "object", "properties": said}]}
    extra: Node = {"x-personal": list(declared.personal)} if declared is not None and declared.personal else {}
    return {
        "name": name,
        "title": name if declared is None else declared.title,
        "contentType": "application/json",
        "correlationId": {"location": "$message.payload#/correlationId"},
        "payload": payload,
        **extra,
    }


def _envelope() -> Node:
    nothing = [_TEXT, {"type": "null"}]
    properties: Node = {
        "id": {"type": "string", "format": "uuid", "description": "The same again is the same event."},
        "type": _TEXT,
        "version": {"type": "integer", "minimum": 1},
        "occurredAt": {"type": "string", "format": "date-time"},
        "key": {"type": "string", "maxLength": 200, "description": "Events of one key are kept in order."},
        "correlationId": {"type": "string", "description": "Shared by all that one outside action set off."},
        "causationId": {"anyOf": nothing, "description": "The command, event, job or request that led to it."},
        "source": _TEXT,
        "data": {"type": "object"},
        "metadata": {"type": "object", "additionalProperties": _TEXT},
    }
    return {
        "type": "object",
        "description": "What every event says about itself.",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _sealed() -> Node:
    inside = {"subject": _TEXT, "sealed": _TEXT, "erased": {}}
    return {
        "type": "object",
        "description": "What is personal, sealed with the key of its subject; `erased` stands for it afterwards.",
        "properties": {"$personal": {"type": "object", "properties": inside, "required": list(inside)}},
        "required": ["$personal"],
    }


def _with_sealed(schema: Node, personal: Iterable[str], sealed: str) -> Node:
    properties = dict(cast("Node", schema.get("properties", {})))
    for name in personal:
        properties[name] = {"anyOf": [properties[name], {"$ref": f"#/components/schemas/{sealed}"}]}
    return {**schema, "properties": properties}


def _free(name: str, taken: Mapping[str, Node]) -> str:
    while name in taken:
        name += "_"
    return name
