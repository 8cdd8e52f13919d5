"""The names of a projection, and the fields of its aggregate as a table, its API and its tests write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from arckode_gen.engine import names, owners, reserved, sql_types
from arckode_gen.engine.examples import example_of
from arckode_gen.engine.inflection import article
from arckode_gen.engine.names import Name
from arckode_gen.engine.python_code import FieldCode, field_code, is_searched
from arckode_gen.engine.units import load
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.project import Snapshot

_LONGEST = 21  # as an aggregate's: what is made of it has to fit a line


@dataclass(frozen=True, slots=True)
class Column:
    """A field in the table, in what an event says of it, in what the API shows, and a value for tests."""

    name: str
    json_name: str
    code: FieldCode
    said: str
    example: str


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: there is no such aggregate, or the name is taken or too long.
    """
    name = cast("Name", values["name"])
    package = str(values["package"])
    followed = owners.owner(project, "aggregate", str(values["of"]))
    source, fields = followed.name, owners.fields_of(followed)
    if len(name.plural) > _LONGEST:
        raise UsageError(f"{name.plural}: a projection's name has at most {_LONGEST} letters", "shorten it")
    for kind in ("module", "aggregate"):
        if load(project, kind, name.plural) is not None:
            usual = f"{Name.parse(source).singular}_overviews"
            hint = f"call it by its question: `arckode make:projection {usual} --of {source}`"
            raise UsageError(f"{name.plural} is {article(kind)} {kind} already", hint)
    entity = f"{name.pascal}Row" if name.singular in reserved.CLASS_NAMES else name.pascal
    columns = tuple(_column(field, entity, name) for field in fields)
    listed = [field for field in fields if field.filterable]
    guarded = load(project, "auth", "auth") is not None
    table = sql_types.Table(name.plural, fields, read_model=True)
    searched = [field.attribute for field in fields if is_searched(field)]
    changed = next((each for each, field in zip(columns, fields, strict=True) if example_of(field).varies), None)
    return {
        "needs": (f"aggregate.{source}",),
        "source": source,
        "one": name.singular,
        "many": name.plural,
        "entity": entity,
        "word": name.singular.replace("_", " "),
        "words": name.plural.replace("_", " "),
        "source_words": source.replace("_", " "),
        "article": article(name.singular),
        "route": f"/{name.kebab_plural}",
        "service_class": f"{name.pascal_plural}Service",
        "controller_class": f"{name.pascal_plural}Controller",
        "repository_class": f"{name.pascal_plural}Repository",
        "projection_class": f"{name.pascal_plural}Projection",
        "columns": columns,
        "changed": changed,
        "number": "number" if any("number" in column.example for column in columns) else "_number",
        "enums": tuple((_enum(field, entity), field.members) for field in fields if field.type == "enum"),
        "filterable": [f'"{field.attribute}"' for field in listed],
        "sortable": [f'"{each}"' for each in (*(field.attribute for field in listed), "created_at", "updated_at")],
        "searchable": [f'"{each}"' for each in searched],
        "filters": _filters(columns),
        "guarded": guarded,
        "access": "require(READ)" if guarded else "PUBLIC",
        "sql": tuple((each, sql_types.create_table(table, each)) for each in sql_types.DIALECTS),
        "drop": sql_types.drop_table(name.plural),
        "known": _known(f"{package}.modules.{name.plural}", entity, name, fields),
    }


def _column(field: Field, entity: str, name: Name) -> Column:
    code = field_code(field, enum=_enum(field, entity), table=name.plural)
    said = code.shown.replace("dt.datetime", "AwareDatetime")
    return Column(field.attribute, field.json_name, code, said, example_of(field).body)


def _enum(field: Field, entity: str) -> str:
    return entity + names.to_pascal(field.name)


def _filters(columns: Sequence[Column]) -> list[tuple[str, str]]:
    """Return the parameters of the list query; a field that is called like another's filter keeps the name."""
    own = {column.name for column in columns}
    return [pair for column in columns for at, pair in enumerate(column.code.filters) if at == 0 or pair[0] not in own]


def _known(place: str, entity: str, name: Name, fields: Sequence[Field]) -> dict[str, str]:
    tests = f"tests.modules.{name.plural}.factory"
    return {
        entity: f"{place}.model",
        **{f"{entity}{ending}": f"{place}.schemas" for ending in ("Out", "Query")},
        f"{name.pascal_plural}Service": f"{place}.service",
        f"{name.pascal_plural}Controller": f"{place}.controller",
        f"{name.pascal_plural}Repository": f"{place}.repository",
        f"{name.pascal_plural}Projection": f"{place}.projection",
        **{_enum(field, entity): f"{place}.enums" for field in fields if field.type == "enum"},
        **dict.fromkeys(("facts", "happens"), tests),
        **dict.fromkeys(("READ", "PERMISSIONS"), f"{place}.permissions"),
        "AfterPosition": ".http.projections",
        "BaseModel": "pydantic",
        "ConfigDict": "pydantic",
        "EVENT_STORE": ".event_store",
        "Permission": ".access",
        "Position": ".event_store",
        "ProgrammingError": ".errors",
        "Projection": ".projections",
        "Projections": ".projections",
        "ReadModel": ".read_models",
        "ReadModelRepository": ".read_models",
        "RecordedEvent": ".event_store",
        "StreamState": ".event_store",
        "new_event": ".events",
        "require": ".access",
    }
