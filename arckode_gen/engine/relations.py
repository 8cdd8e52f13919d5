"""Relations whose id is not in the module's own table, in words for templates: has_one, has_many, many_to_many.

The other side of `has_one` and `has_many` keeps the id, so all that is generated here is a way to read those rows. The
links of `many_to_many` are a table of their own that belongs to the module which declares them. Rows of another module
are asked for through a port and a connector, and arrive as what this module says that it shows of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from arckode_gen.engine import layout, names, reserved
from arckode_gen.engine.field_files import fields_from_mapping
from arckode_gen.engine.names import Name
from arckode_gen.engine.python_code import field_code
from arckode_gen.engine.sql_types import LinkTable
from arckode_gen.engine.units import load
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.units import Unit

_HIDDEN = frozenset({"password", "token"})
_TAKEN = frozenset({"list", "get_by_id", "create", "update", "delete", "index", "show", "store", "destroy", "router"})
_TAKEN_ROWS = frozenset({"create", "update", "out", "query", "directory"})
_LONGEST_IDENTIFIER = 63


@dataclass(frozen=True, slots=True)
class Owner:
    """The module that declares the relations."""

    name: Name
    entity: str
    table: str
    package: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One value of the other module's rows: its attribute, and its type in Python and in JSON."""

    attribute: str
    annotation: str
    sent: str


@dataclass(frozen=True, slots=True)
class Links:
    """The table between two others, its classes, and the schema of the ids that are linked or unlinked."""

    table: LinkTable
    entity: str
    repository: str
    attribute: str
    ids: str
    seeded: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation; what begins with `target` is the other module, which may be the declaring one itself."""

    field: Field
    one: str
    words: str
    word: str
    target: str
    target_one: str
    target_service: str
    target_table: str
    is_own: bool
    row: str
    port: str
    file: str
    connect: str
    implementation: str
    known: Mapping[str, str]
    shows: tuple[Shown, ...] = ()
    reference: str = ""
    reference_json: str = ""
    links: Links | None = None

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def route(self) -> str:
        return self.field.name.replace("_", "-")

    @property
    def out(self) -> str:
        return f"{self.row}Out"

    @property
    def rows(self) -> str:
        """The statement that makes a page of the other module's rows this module's own, laid out as ruff does."""
        values = [f"{name}=row.{name}" for name in ("id", *(each.attribute for each in self.shows))]
        made = f"{self.row}({', '.join(values)})"
        return layout.comprehension("rows = tuple(", made, ["for row in page.data"], indent=8)


def relations(owner: Owner, project: Snapshot) -> tuple[Relation, ...]:
    """Return the relations of a module.

    Raises:
        UsageError: the other module is not there or lacks what the relation needs, or a name is taken.
    """
    return tuple(_relation(owner, field, project) for field in owner.fields if not field.has_column)


def _relation(owner: Owner, field: Field, project: Snapshot) -> Relation:
    _check_name(owner, field)
    is_own = field.target == owner.name.plural
    unit = None if is_own else _unit(owner, field, project)
    target = owner.name if unit is None else _name(unit)
    relation = _basic(owner, field, target, is_own=is_own)
    if unit is not None:
        relation = replace(
            relation, shows=_shows(field, unit), target_table=str(unit.values.get("table") or target.table)
        )
    if field.type == "many_to_many":
        if unit is not None:
            _refuse_mirror(owner, field, unit)
        waits = unit is not None and _waits_for(owner.name.plural, unit, project, frozenset())
        return replace(relation, links=_links(owner, relation, seeded=not waits))
    is_new = load(project, "module", owner.name.plural) is None
    back = _back(owner, field, owner.fields if unit is None else _fields(unit), is_new=is_new)
    return replace(relation, reference=back.attribute, reference_json="" if back.readonly else back.json_name)


def _refuse_mirror(owner: Owner, field: Field, unit: Unit) -> None:
    """Two tables for one relation would each know a half of the links."""
    theirs = [each for each in _fields(unit) if each.type == "many_to_many" and each.target == owner.name.plural]
    if theirs:
        message = f"'{field.name}': {unit.name} are linked to {owner.name.plural} already, by their '{theirs[0].name}'"
        raise UsageError(message, f"read the links from {unit.name}: one table holds both ways")


def _basic(owner: Owner, field: Field, target: Name, *, is_own: bool) -> Relation:
    many = _many(field)
    service, own = f"{target.pascal_plural}Service", f"{owner.name.pascal_plural}Service"
    row = owner.entity if is_own else f"{owner.name.pascal}{many.pascal}"
    file = f"{owner.name.plural}_{field.name}"
    door = f"{owner.package}.modules.{owner.name.plural}"
    return Relation(
        field=field,
        one=many.singular,
        words=field.name.replace("_", " "),
        word=many.singular.replace("_", " "),
        target=target.plural,
        target_one=target.singular,
        target_service=service,
        target_table=owner.table,
        is_own=is_own,
        row=row,
        port=f"{owner.name.pascal}{many.pascal_plural}" + ("Directory" if many.singular == many.plural else ""),
        file=file,
        connect=f"connect_{file}",
        implementation=f"{owner.name.pascal_plural}{names.to_pascal(field.name)}",
        known={service: f"{owner.package}.modules.{target.plural}", own: door, row: door},
    )


def _many(field: Field) -> Name:
    """Return one and many of what a relation is called; a word that nobody can inflect is both."""
    try:
        return Name.parse(field.name)
    except UsageError:
        return Name(field.name, field.name)


def _check_name(owner: Owner, field: Field) -> None:
    hint = f"call it otherwise, such as `{owner.name.singular}_{field.name}:{field.type}={field.target}`"
    if field.name in _TAKEN or field.name in reserved.TAKEN_ATTRIBUTES:
        raise UsageError(f"'{field.name}' is what every module calls a method of its own", hint)
    ports = {each.target for each in owner.fields if each.type == "belongs_to" and each.target != owner.name.plural}
    if field.name in ports:
        raise UsageError(f"'{field.name}' is how {owner.name.plural} ask that module for what they belong to", hint)
    row = _many(field).singular
    enums = {each.name for each in owner.fields if each.type == "enum"}
    if row in _TAKEN_ROWS or row in enums or _many(field).plural in enums:
        raise UsageError(f"'{field.name}' would make a class of a name that {owner.name.plural} have already", hint)


def _unit(owner: Owner, field: Field, project: Snapshot) -> Unit:
    unit = load(project, "module", field.target)
    if unit is not None:
        return unit
    if project.is_folder(f"src/{owner.package}/modules/{field.target}"):
        message = f"'{field.name}' relates to the module '{field.target}', which was not generated"
        raise UsageError(message, "write the service method and the connector by hand")
    known = [path.split("/")[3] for path in project.glob(f"src/{owner.package}/modules/*/__init__.py")]
    message = f"'{field.name}' relates to the module '{field.target}', which does not exist"
    if field.type == "many_to_many":
        raise UsageError(
            message, nearest(field.target, known) or f"make it first: `arckode make:module {field.target}`"
        )
    reference = f"{owner.name.singular}:belongs_to={owner.name.plural}"
    raise UsageError(
        f"{message}; it will hold the id, so it comes after {owner.name.plural}",
        f"leave '{field.name}' out, then `arckode make:module {field.target} {reference} ...`, "
        f"then `arckode make:field {owner.name.plural} {field.name}:{field.type}={field.target}`",
    )


def _back(owner: Owner, field: Field, theirs: Sequence[Field], *, is_new: bool) -> Field:
    """Return the field of the other side that holds the id; `is_new` says that nothing can refer to the owner yet."""
    ways = [each for each in theirs if each.type == "belongs_to" and each.target == owner.name.plural]
    if field.via:
        ways = [each for each in ways if each.name == field.via]
    if len(ways) > 1:
        listed = " or ".join(f"`via={each.name}`" for each in ways)
        message = f"'{field.name}': {len(ways)} fields of {field.target} belong to {owner.name.plural}"
        raise UsageError(message, f"say which one it is: add {listed}")
    if not ways:
        back = field.via or owner.name.singular
        unique = ":unique" if field.type == "has_one" else ""
        message = f"'{field.name}': no field of {field.target} belongs to {owner.name.plural}"
        message += f" by the name '{field.via}'" if field.via else ", and that side holds the id"
        if field.target == owner.name.plural:
            raise UsageError(message, f"add `{back}:belongs_to={owner.name.plural}:null{unique}` beside it")
        command = f"arckode make:field {field.target} {back}:belongs_to={owner.name.plural}:null{unique}"
        if is_new:
            again = f"`arckode make:field {owner.name.plural} {field.name}:{field.type}={field.target}`"
            raise UsageError(message, f"leave '{field.name}' out, then `{command}`, then {again}")
        raise UsageError(message, f"add it first: `{command}`")
    if field.type == "has_one" and not ways[0].unique:
        message = f"'{field.name}': {field.target} are not limited to one, because '{ways[0].name}' is not unique there"
        raise UsageError(message, f"write `{field.name}:has_many={field.target}`, or make the column unique")
    return ways[0]


def _shows(field: Field, unit: Unit) -> tuple[Shown, ...]:
    theirs = {each.name: each for each in _fields(unit)} | {each.column: each for each in _fields(unit)}
    found: list[Shown] = []
    for name in field.shows:
        each = theirs.get(name)
        if each is None or not each.has_column:
            known = [each.name for each in theirs.values() if each.has_column]
            hint = nearest(name, known) or f"there are {', '.join(dict.fromkeys(known))}"
            raise UsageError(f"'{field.name}' cannot show '{name}': {field.target} have no such field", hint)
        if each.writeonly or each.redact or each.pii or each.type in _HIDDEN:
            message = f"'{field.name}' cannot show '{name}', which {field.target} keep to themselves"
            raise UsageError(message, "leave it out")
        code = field_code(each, enum="str", table=field.target)
        found.append(Shown(each.attribute, code.annotation.removeprefix("Mapped[").removesuffix("]"), code.shown))
    return tuple(found)


def _waits_for(module: str, unit: Unit, project: Snapshot, seen: frozenset[str]) -> bool:
    """Tell whether a module's rows need rows of another: then seeds of links would wait for themselves."""
    for field in _fields(unit):
        if field.type != "belongs_to" or field.null or field.target in seen | {unit.name}:
            continue
        if field.target == module:
            return True
        other = load(project, "module", field.target)
        if other is not None and _waits_for(module, other, project, seen | {unit.name}):
            return True
    return False


def _links(owner: Owner, relation: Relation, *, seeded: bool) -> Links:
    own = owner.name.singular
    other = relation.one if relation.one != own else f"other_{own}"
    table = f"{owner.table}_{relation.name}"
    rows = f"{owner.name.pascal}{names.to_pascal(relation.one)}Link"
    longest = f"uq_{table}_{own}_id_{other}_id"
    if len(longest) > _LONGEST_IDENTIFIER:
        message = f"'{relation.name}' makes a constraint's name of over {_LONGEST_IDENTIFIER} letters: {longest}"
        raise UsageError(message, "use a shorter name for the relation")
    return Links(
        table=LinkTable(table, f"{own}_id", owner.table, f"{other}_id", relation.target_table),
        entity=rows,
        repository=f"{rows}sRepository",
        attribute=f"{relation.one}_links",
        ids=f"{owner.name.pascal}{names.to_pascal(relation.one)}Ids",
        seeded=seeded,
    )


def _fields(unit: Unit) -> tuple[Field, ...]:
    return fields_from_mapping(unit.values["field"])


def _name(unit: Unit) -> Name:
    recorded = cast("Mapping[str, str]", unit.values["name"])
    return Name(recorded["singular"], recorded["plural"])
