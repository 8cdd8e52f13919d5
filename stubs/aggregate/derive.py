"""The names of an aggregate, and its fields as commands, events and the API write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from arckode_gen.engine import event_fields, layout, names, reserved
from arckode_gen.engine.examples import example_of
from arckode_gen.engine.inflection import article
from arckode_gen.engine.units import load
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.names import Name
    from arckode_gen.engine.project import Snapshot

_LONGEST = 21  # what is made of it has to fit a line four times


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: a field that events cannot carry, or a name that an aggregate has already.
    """
    name = cast("Name", values["name"])
    package = str(values["package"])
    given = cast("Sequence[Field]", values["field"])
    if not given:
        raise UsageError("an aggregate of which nothing is known", "say a field at least: `name:str:max=120`")
    if len(name.plural) > _LONGEST:
        raise UsageError(f"{name.plural}: an aggregate's name has at most {_LONGEST} letters", "shorten it")
    entity = f"{name.pascal}State" if name.singular in reserved.CLASS_NAMES else name.pascal
    for field in given:
        event_fields.check(field, may_be_unique=True)
    fields = tuple(event_fields.known(field, enum=_enum(field, entity), table=name.plural) for field in given)
    guarded = load(project, "auth", "auth") is not None
    return {
        "one": name.singular,
        "many": name.plural,
        "entity": entity,
        "word": name.singular.replace("_", " "),
        "words": name.plural.replace("_", " "),
        "service_class": f"{name.pascal_plural}Service",
        "controller_class": f"{name.pascal_plural}Controller",
        "decider": name.plural.upper(),
        "route": f"/{name.kebab_plural}",
        "article": article(name.singular),
        "fields": fields,
        "varies": any(example_of(field).varies for field in given),
        "number": "number" if any("number" in field.one + field.body for field in fields) else "_number",
        "enums": tuple((_enum(field, entity), field.members) for field in given if field.type == "enum"),
        "uniques": tuple(each for each, field in zip(fields, given, strict=True) if field.unique),
        "unique": _unique(given),
        "personal": any(field.pii for field in given),
        "erased": tuple(each for each, field in zip(fields, given, strict=True) if field.pii and not field.null),
        "recorded": [
            event_fields.line(f"{name.plural}.{event}", fields if event != "removed" else ())
            for event in ("created", "changed", "removed")
        ],
        "guarded": guarded,
        "access": {
            action: f"require({action.upper()})" if guarded else "PUBLIC"
            for action in ("read", "create", "update", "delete")
        },
        "signatures": _signatures(entity, name.singular),
        "copied": _copies(entity, fields),
        "known": _imports(f"{package}.modules.{name.plural}", entity, name, given),
    }


def _unique(fields: Sequence[Field]) -> str:
    """Return what of the decider says which fields are unique, or an empty string."""
    rules = [
        f'Unique("{each.attribute}", lambda state: None if state.is_removed else state.{each.attribute})'
        for each in fields
        if each.unique
    ]
    return layout.display("unique=(", rules, "),", indent=4) if rules else ""


def _signatures(entity: str, one: str) -> Mapping[str, str]:
    key, answer = f"{one}_id: UUID", f") -> Aggregate[{entity}]:"
    create = ["self", key, f"command: Create{entity}"]
    change = ["self", key, f"command: Change{entity}", "*", "expected: int | None = None"]
    return {
        "create": layout.call("async def create(", create, answer, indent=4),
        "change": layout.call("async def update(", change, answer, indent=4),
    }


def _copies(entity: str, fields: Sequence[event_fields.Known]) -> Mapping[str, str]:
    """Return the calls that carry every field on, laid out as the formatter would."""

    def call(head: str, source: str, indent: int, *, first: Sequence[str] = (), last: Sequence[str] = ()) -> str:
        words = [*first, *(f"{field.name}={source}.{field.name}" for field in fields), *last]
        return layout.call(head, words, indent=indent)

    return {
        "created": call(f"created = {entity}Created(", "command", 12),
        "changed": call(f"changed = {entity}Changed(", "command", 12),
        "unchanged": call(f"before = {entity}Changed(", "state", 12),
        "born": call(f"return {entity}(", "event", 12, last=["created_at=at"]),
        "evolved": call("return replace(", "event", 12, first=["state"]),
        "create": call(f"return Create{entity}(", "self", 8),
        "change": call(f"return Change{entity}(", "self", 8),
        "out": call(
            f"return {entity}Out(",
            "state",
            4,
            first=["id=found.id", "version=found.version", "position=str(found.position)"],
            last=["created_at=state.created_at"],
        ),
    }


def _enum(field: Field, entity: str) -> str:
    return entity + names.to_pascal(field.name)


def _imports(place: str, entity: str, name: Name, fields: Sequence[Field]) -> dict[str, str]:
    own = ["{}Created", "{}Changed", "{}Removed", "Create{}", "Change{}", "Remove{}", "{}", "{}Command"]
    return {
        **{each.format(entity): f"{place}.aggregate" for each in own},
        name.plural.upper(): f"{place}.aggregate",
        **{f"{entity}{ending}": f"{place}.schemas" for ending in ("Body", "Change", "Out")},
        "shown": f"{place}.schemas",
        **dict.fromkeys((f"{name.singular}_body", "change", "facts"), f"tests.modules.{name.plural}.factory"),
        f"{name.pascal_plural}Service": f"{place}.service",
        f"{name.pascal_plural}Controller": f"{place}.controller",
        **{_enum(field, entity): f"{place}.enums" for field in fields if field.type == "enum"},
        **dict.fromkeys(("READ", "CREATE", "UPDATE", "DELETE", "PERMISSIONS"), f"{place}.permissions"),
        **dict.fromkeys(("Aggregate", "Aggregates", "Command", "Decider", "EventData", "Unique"), ".aggregates"),
        "ConcurrencyError": ".event_store",
        "ConflictError": ".errors",
        "Permission": ".access",
        "ProgrammingError": ".errors",
        "Path": "pathlib",
        "Personal": ".event_personal",
        "PersonalData": ".personal_data",
        "assert_never": "typing",
        "asyncio": "=asyncio",
        "check_recorded": ".event_catalogue_testing",
        "given": ".aggregates_testing",
        "new_id": ".ids",
        "require": ".access",
    }
