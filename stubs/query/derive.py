"""The names of a query, and the fields of its projection that it is asked by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.engine import layout, names, owners, reserved
from arckode_gen.engine.names import Name
from arckode_gen.engine.python_code import field_code
from arckode_gen.engine.python_names import free_name
from arckode_gen.engine.units import load
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.units import Unit

_LONGEST = 30  # what is made of it has to fit a line
_TAKEN = frozenset({"list", "index", "show", "get_by_id"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A field that is asked by: its name, in JSON, and its type."""

    name: str
    json_name: str
    kind: str


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: there is no such projection or field, a field that cannot be asked by, or a name taken or too long.
    """
    package = str(values["package"])
    unit = owners.owner(project, "projection", str(values["of"]))
    owner = owners.name_of(unit)
    source, fields = _followed(project, unit)
    query = free_name(str(values["name"]))
    pascal = names.to_pascal(query)
    entity = f"{owner.pascal}Row" if owner.singular in reserved.CLASS_NAMES else owner.pascal
    if query in _TAKEN or pascal == entity:
        raise UsageError(f"{query} is there already", "name it after what it answers: accounts_of_owner")
    if len(query) > _LONGEST:
        raise UsageError(f"{query}: a query's name has at most {_LONGEST} letters", "shorten it")
    asked = tuple(_asked(each, entity, owner) for each in _wanted(str(values["where"]), fields, owner.plural))
    guarded = load(project, "auth", "auth") is not None
    carried = [f"{each.name}=params.{each.name}" for each in asked]
    return {
        "needs": (f"projection.{owner.plural}",),
        "query": query,
        "words": query.replace("_", " "),
        "words_of": owner.plural.replace("_", " "),
        "path": query.replace("_", "-"),
        "pascal": pascal,
        "many": owner.plural,
        "entity": entity,
        "source": source,
        "route": f"/{owner.kebab_plural}",
        "service_class": f"{owner.pascal_plural}Service",
        "guarded": guarded,
        "access": "require(READ)" if guarded else "PUBLIC",
        "asked_by": asked,
        "asked": "&".join(f"{each.json_name}=..." for each in asked),
        "asked_items": [f'"{each.json_name}": rows[0]["{each.json_name}"]' for each in asked],
        "filters": [f'"{each.name}": query.{each.name}' for each in asked],
        "made": layout.call(
            f"query = {pascal}(", [*carried, "page=params.page", "limit=params.limit", "after=after"], indent=8
        ),
        "known": _known(f"{package}.modules.{owner.plural}", owner, (entity, pascal), fields, query),
    }


def _followed(project: Snapshot, projection: Unit) -> tuple[str, tuple[Field, ...]]:
    """Return the aggregate that a projection follows, and the fields of both."""
    said = str(projection.values["of"])
    unit = load(project, "aggregate", said) or load(project, "aggregate", Name.parse(said).plural)
    if unit is None:
        raise UsageError(f"the aggregate {said}, which {projection.name} follows, is not there", "restore its record")
    return unit.name, owners.fields_of(unit)


def _wanted(text: str, fields: Sequence[Field], projection: str) -> tuple[Field, ...]:
    known = {field.attribute: field for field in fields if field.filterable}
    wanted = [word.strip() for word in text.split(",") if word.strip()]
    if not known:
        raise UsageError(f"{projection} have no field to ask by", "a text of any length is none; give it a `str`")
    for word in wanted:
        if word not in known:
            hint = nearest(word, known) or f"they can be asked by {', '.join(known)}"
            raise UsageError(f"--where {word}: {projection} have no such field to ask by", hint)
    if not wanted:
        raise UsageError("--where names no field", f"{projection} can be asked by {', '.join(known)}")
    return tuple(field for name, field in known.items() if name in wanted)


def _asked(field: Field, entity: str, owner: Name) -> Asked:
    code = field_code(field, enum=entity + names.to_pascal(field.name), table=owner.plural)
    return Asked(field.attribute, field.json_name, code.filters[0][1])


def _known(place: str, owner: Name, classes: tuple[str, str], fields: Sequence[Field], query: str) -> dict[str, str]:
    entity, pascal = classes
    return {
        entity: f"{place}.model",
        f"{entity}Out": f"{place}.schemas",
        f"{owner.pascal_plural}Service": f"{place}.service",
        **dict.fromkeys((pascal, f"{pascal}Params"), f"{place}.queries.{query}"),
        **{entity + names.to_pascal(field.name): f"{place}.enums" for field in fields if field.type == "enum"},
        **dict.fromkeys(("facts", "happens"), f"tests.modules.{owner.plural}.factory"),
        "READ": f"{place}.permissions",
        "AfterPosition": ".http.projections",
        "Filters": ".filters",
        "ListQuery": ".repository",
        "Page": ".repository",
        "PageOut": ".http.schema",
        "Position": ".event_store",
        "Projections": ".projections",
        "authenticated": ".http.routing",
        "fastapi": "=fastapi",
        "require": ".access",
        **dict.fromkeys(("MessageContext", "Query", "QueryBus"), ".queries"),
    }
