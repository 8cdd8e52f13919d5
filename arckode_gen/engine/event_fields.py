"""Fields as events carry them: which types they may have, and how aggregates, commands and tests write them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.engine.examples import example_of
from arckode_gen.engine.python_code import field_code
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_gen.engine.fields import Field

_TYPES = frozenset("str text int bigint decimal float bool date datetime time uuid email url slug enum".split())
_TEXTS = frozenset({"str", "text", "email", "url", "slug"})
_RESERVED = frozenset({"str", "email", "url", "slug"})
_TAKEN = frozenset(
    {"created_at", "event", "expected_version", "id", "is_removed", "position", "state", "type", "upcasters", "version"}
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an aggregate: a field, in what is sent and in what is kept, and two values for tests.

    `told` is its type in the file of recorded events.
    """

    name: str
    json_name: str
    received: str
    kept: str
    told: str
    one: str
    body: str
    personal: bool = False

    @property
    def said(self) -> str:
        """Its type in an event: sealed, where it tells about a person."""
        return f"Annotated[{self.kept}, Personal()]" if self.personal else self.kept


def known(field: Field, *, enum: str, table: str) -> Known:
    """Return how a field is written; `enum` is what its enumeration is called."""
    code = field_code(field, enum=enum, table=table)
    example = example_of(field)
    kept = code.shown.replace("dt.datetime", "AwareDatetime")
    told = "|".join(json.dumps(value) for _, value in field.members) if field.type == "enum" else _plain(kept)
    told += "|None" * field.null
    return Known(field.attribute, field.json_name, code.received, kept, told, example.value, example.body, field.pii)


def line(type_: str, fields: Iterable[Known]) -> str:
    """Return the line of an event in the file of recorded events; the kernel's `event_catalogue_testing` reads it."""
    said = ", ".join(f"{each.name} {each.told}" for each in fields)
    return f"{type_} 1:{' ' * bool(said)}{said}"


def _plain(kept: str) -> str:
    return kept.removesuffix(" | None").removeprefix("dt.")


def check(field: Field, *, may_be_unique: bool = False) -> None:
    """Raise UsageError for a field that events cannot carry; text may be unique among aggregates."""
    if field.type not in _TYPES:
        hint = "keep an id as uuid, such as `customer_id:uuid`; files and secrets do not belong into events"
        raise UsageError(f"'{field.name}': an event cannot carry the type {field.type}", hint)
    if field.name in _TAKEN:
        raise UsageError(f"'{field.name}' is a name that every aggregate has already", "choose another")
    if field.pii and not field.null and field.type not in _TEXTS:
        hint = f"say `{field.name}:{field.type}:pii:null`, so that it can be nothing then"
        raise UsageError(f"'{field.name}': nothing could stand for the {field.type} once the person is erased", hint)
    said = {
        "unique": field.unique and not may_be_unique,
        "index": field.index,
        "default": field.default is not None,
        "owner": field.owner,
        "tenant": field.tenant,
        "readonly": field.readonly,
        "writeonly": field.writeonly,
        "immutable": field.immutable,
    }
    if may_be_unique and field.unique and field.type not in _RESERVED:
        raise UsageError(f"'{field.name}': of an aggregate only text can be unique", "leave it out, or keep it as str")
    wrong = [word for word, there in said.items() if there]
    if wrong:
        hint = "leave it out; decide() is where the rules of an aggregate are"
        raise UsageError(f"'{field.name}': {wrong[0]} is about a table, and an aggregate has none", hint)
