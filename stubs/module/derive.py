"""What the templates of a module need and should not compute: names, imports, columns, examples, SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from arckode_gen.engine import additions, layout, names, references, relations, reserved, sql_types
from arckode_gen.engine.examples import Example, example_of
from arckode_gen.engine.imports import order_exports
from arckode_gen.engine.inflection import article
from arckode_gen.engine.python_code import FieldCode, default_code, field_code, is_dynamic, is_searched
from arckode_gen.engine.units import load
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.names import Name
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.relations import Relation

_TAKEN_ENUM_ENDINGS = frozenset({"create", "update", "out", "query", "directory"})
_LONGEST_IDENTIFIER = 63
_LONGEST_LITERAL = 80
_GUARDING = {"Permission": ".access", "require": ".access", "CurrentPrincipal": ".http.routing"}


@dataclass(frozen=True, slots=True)
class EnumClass:
    """An enumeration of the module: its class and its members with their values."""

    name: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A field as the templates see it; `parent` is the module it refers to, unless that is its own.

    What `is_given` comes from whoever is signed in, and never from what a request says.
    """

    field: Field
    code: FieldCode
    example: Example
    default: str
    parent: str = ""
    parent_one: str = ""
    parent_table: str = ""
    is_given: bool = False

    @property
    def creatable(self) -> bool:
        return not (self.field.readonly or self.is_given) and self.field.type != "token"

    @property
    def is_owner(self) -> bool:
        return self.is_given and self.field.owner

    @property
    def required(self) -> bool:
        return self.creatable and not self.field.null and not self.default

    @property
    def updatable(self) -> bool:
        return self.creatable and not (self.field.immutable or self.field.owner or self.field.tenant)

    @property
    def visible(self) -> bool:
        return not self.field.writeonly and self.field.type not in {"password", "token"}

    @property
    def query_name(self) -> str:
        return names.to_camel(self.code.filters[0][0])

    @property
    def create_line(self) -> str:
        if is_dynamic(self.field):
            return self._line(" = unchanged()")
        if self.default:
            return self._line(f" = {self.default}")
        return self._line(" = None" if self.field.null else "")

    @property
    def update_line(self) -> str:
        return self._line(" = unchanged()")

    def _line(self, tail: str) -> str:
        """Write the field in a schema; what is too long for a line stands with one part a line, as ruff leaves it."""
        line = f"{self.field.attribute}: {self.code.received}{tail}"
        if len(line) + 4 <= layout.LINE_LENGTH or ", Field(" not in line:
            return line
        base, _, bounds = self.code.received.removeprefix("Annotated[").removesuffix(")]").partition(", Field(")
        limits = layout.call("Field(", [bounds], indent=8)
        return f"{self.field.attribute}: Annotated[\n        {base},\n        {limits},\n    ]{tail}"


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: fields that a table cannot have, or that refer to a module which does not exist.
    """
    name = cast("Name", values["name"])
    package = str(values["package"])
    given = cast("tuple[Field, ...]", values["field"])
    fields = tuple(_settled(field, name, project, package) for field in given)
    table = str(values["table"] or name.table)
    entity = f"{name.pascal}Entity" if name.singular in reserved.CLASS_NAMES else name.pascal
    _check_table(table)
    columns = tuple(field for field in fields if field.has_column)
    for field in columns:
        _check(field, table, entity)
        if field.type == "belongs_to":
            references.check_parent(name, field, project, package)
    related = relations.relations(relations.Owner(name, entity, table, package, fields), project)
    rows = tuple(replace(field, target=references.table_of(field, name, table, project)) for field in columns)
    definition = sql_types.Table(
        table, rows, timestamps=not values["no_timestamps"], soft_delete=bool(values["soft_delete"])
    )
    added = cast("Sequence[Mapping[str, object]]", values.get("added", ()))
    module = Module(
        package=package,
        name=name,
        entity=entity,
        table=definition,
        members=tuple(_member(field, entity, table, name, project) for field in columns),
        connectors=references.connectors(name, columns, project, package),
        relations=related,
        guarded=_is_guarded(project),
    )
    tables = additions.Tables(definition, {item.name: item.links.table for item in related if item.links})
    return {**_names(module), **_contents(module), **additions.migrations(tables, added), "known": _known(module)}


@dataclass(frozen=True, slots=True)
class Module:
    """Everything that was decided about the module before it is written down."""

    package: str
    name: Name
    entity: str
    table: sql_types.Table
    members: tuple[Member, ...]
    connectors: tuple[references.Connector, ...]
    relations: tuple[Relation, ...]
    guarded: bool = False

    @property
    def owner(self) -> Member | None:
        """The field that says whose a row is, where the caller is compared with it."""
        return next((member for member in self.members if member.is_owner), None)

    @property
    def place(self) -> str:
        return f"{self.package}.modules.{self.name.plural}"

    def of(self, kind: str) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.field.type == kind)

    @property
    def parents(self) -> tuple[Member, ...]:
        return self.of("belongs_to")

    @property
    def asked(self) -> tuple[Relation, ...]:
        """The relations to other modules."""
        return tuple(item for item in self.relations if not item.is_own)

    @property
    def targets(self) -> set[str]:
        """The modules that this one cannot do without."""
        return {item.target for item in self.connectors} | {item.target for item in self.asked}

    @property
    def linked(self) -> tuple[Relation, ...]:
        """The relations that keep links."""
        return tuple(item for item in self.relations if item.links)

    @property
    def seeded(self) -> tuple[Relation, ...]:
        """The relations whose links a seed can make after both their ends."""
        return tuple(item for item in self.linked if item.links and item.links.seeded)

    @property
    def enums(self) -> tuple[EnumClass, ...]:
        return tuple(EnumClass(_enum_name(m.field, self.entity), m.field.members) for m in self.of("enum"))


def _names(module: Module) -> dict[str, object]:
    name = module.name
    return {
        "needs": tuple(sorted({f"module.{target}" for target in module.targets})),
        "entity": module.entity,
        "table": module.table.name,
        "one": name.singular,
        "many": name.plural,
        "words": name.plural.replace("_", " "),
        "word": name.singular.replace("_", " "),
        "article": article(name.singular),
        "service_class": f"{name.pascal_plural}Service",
        "repository_class": f"{name.pascal_plural}Repository",
        "controller_class": f"{name.pascal_plural}Controller",
        "route": f"/{name.kebab_plural}",
    }


def _is_guarded(project: Snapshot) -> bool:
    """Tell whether there is a login, so that routes demand permissions."""
    return load(project, "auth", "auth") is not None


def _guards(module: Module) -> dict[str, object]:
    """Return what each route demands, and what is compared with the caller."""
    actions = ("read", "create", "update", "delete")
    demanded = {action: f"require({action.upper()})" if module.guarded else "PUBLIC" for action in actions}
    return {
        "guarded": module.guarded,
        "access": demanded,
        "owner": module.owner.field.attribute if module.owner else "",
        "caller": ["principal: CurrentPrincipal"] if module.owner else [],
        "given": tuple(member for member in module.members if member.is_given),
        "given_values": [f'"{member.field.attribute}": UUID(int=1)' for member in module.members if member.is_given],
        "by_tenant": module.guarded and any(member.field.tenant for member in module.members),
    }


def _contents(module: Module) -> dict[str, object]:
    members, table = module.members, module.table
    required = tuple(m for m in module.parents if m.parent and m.required)
    body = tuple((m.field.json_name, _body_value(m)) for m in members if m.required)
    shown = [m.field for m in members if m.field.filterable and m.visible]
    return {
        "timestamps": table.timestamps,
        "soft_delete": table.soft_delete,
        "bases": ", ".join(_bases(table)),
        "members": members,
        "enums": module.enums,
        "connectors": module.connectors,
        "relations": module.relations,
        "asked": module.asked,
        "linked": module.linked,
        "seeded": module.seeded,
        "wired": (*module.connectors, *module.asked),
        "repositories": [
            f"{module.name.pascal_plural}Repository(kernel.database)",
            *(f"{item.links.repository}(kernel.database)" for item in module.linked if item.links),
        ],
        "memory": [
            f"MemoryRepository({module.entity}, database)" if module.linked else f"MemoryRepository({module.entity})",
            *(f"MemoryRepository({item.links.entity}, database)" for item in module.linked if item.links),
        ],
        "stores": [
            f"{module.name.plural}: RepositoryAdapter[{module.entity}]",
            *(
                f"{item.links.attribute}: RepositoryAdapter[{item.links.entity}]"
                for item in module.linked
                if item.links
            ),
        ],
        "parents": module.parents,
        "required_parents": required,
        "passwords": module.of("password"),
        "has_unique": any(member.field.unique for member in members),
        "exported": [f'"{item}"' for item in _exported(module)],
        "filterable": _tuple(field.attribute for field in shown),
        "sortable": _tuple([*(field.attribute for field in shown), *_moments(table)]),
        "searchable": _tuple(m.field.attribute for m in members if m.visible and is_searched(m.field)),
        "filters": _filters(members),
        "exact_numbers": tuple(m.field.json_name for m in module.of("decimal")),
        "body_row": body,
        "uses_number": any("number" in value for _, value in body),
        "seed_row": tuple((m.field.attribute, _seed_value(m, module)) for m in _seeded(module)),
        "seeds_password": any(m.field.type == "password" for m in _seeded(module)),
        "seed_after": _seed_after(module),
        **_guards(module),
        **_tested(module),
    }


def _tested(module: Module) -> dict[str, object]:
    """Choose what the generated tests change, filter by and break."""
    plain = [m for m in module.members if m.required and m.visible and not m.field.target]
    parents = [m for m in module.parents if m.required]
    given = [m for m in module.parents if m.is_given]
    unique = next((m for m in plain if m.field.unique), None) if all(m.visible for m in parents) else None
    names = [m.field.json_name for m in (*((unique,) if unique else ()), *parents)]
    return {
        "changed": next((m for m in plain if m.updatable and m.example.varies), None),
        "filtered": next((m for m in (*plain, *parents) if m.visible and m.code.filters), None),
        "unique": unique,
        "same": [f'{item}=stored["{item}"]' for item in names],
        "required": tuple(m for m in module.members if m.required),
        "required_pointers": [f'"/{m.field.json_name}"' for m in module.members if m.required],
        "stored_parents": [f'{m.field.json_name}=stored["{m.field.json_name}"]' for m in parents if m.visible],
        "store_count": 1 + len(parents) + len(given) if all(m.visible for m in parents) else 0,
        "hidden": tuple(m for m in module.members if not m.visible),
        "hidden_names": [f'"{m.field.json_name}"' for m in module.members if not m.visible],
    }


def _filters(members: tuple[Member, ...]) -> list[tuple[str, str]]:
    """Return the parameters of the list query; a field that is called like another's filter keeps the name."""
    own = {m.field.attribute for m in members}
    shown = [m.code.filters for m in members if m.visible]
    return [pair for pairs in shown for place, pair in enumerate(pairs) if place == 0 or pair[0] not in own]


def _body_value(member: Member) -> str:
    return "str(UUID(int=number))" if member.field.type == "belongs_to" else member.example.body


def _bases(table: sql_types.Table) -> list[str]:
    mixins = [("Timestamped", table.timestamps), ("SoftDeleted", table.soft_delete)]
    return [*(mixin for mixin, wanted in mixins if wanted), "Entity"]


def _moments(table: sql_types.Table) -> list[str]:
    return ["created_at", "updated_at"] if table.timestamps else []


def _tuple(items: Iterable[str]) -> list[str]:
    """Return the parts of a tuple's literal."""
    return [f'"{item}"' for item in items]


def _exported(module: Module) -> list[str]:
    directories = [f"{item.pascal}Directory" for item in module.connectors]
    asked = [name for item in module.asked for name in (item.port, item.row)]
    own = [f"{module.name.pascal_plural}Service", f"register_{module.name.plural}"]
    return order_exports([*directories, *asked, *own])


def _seeded(module: Module) -> tuple[Member, ...]:
    return tuple(m for m in module.members if not m.field.null and not m.default and m.field.type != "token")


def _seed_value(member: Member, module: Module) -> str:
    field = member.field
    if field.type == "belongs_to":
        return f'seed_id("{member.parent_table}", number)'
    if field.type == "enum":
        return f"{_enum_name(field, module.entity)}.{field.members[0][0]}"
    if field.type == "password":
        return "password"
    return member.example.value


def _seed_after(module: Module) -> str:
    needed = {m.parent for m in _seeded(module) if m.parent} | {
        item.target for item in module.seeded if not item.is_own
    }
    targets = _tuple(sorted(needed))
    return layout.display("AFTER: tuple[str, ...] = (", targets)


def _known(module: Module) -> dict[str, str]:
    """Return where the names come from that this module defines, or that it takes from others."""
    plural, place = module.name.pascal_plural, module.place
    tests = f"tests.modules.{module.name.plural}.factory"
    known = {
        module.entity: f"{place}.model",
        f"{plural}Controller": f"{place}.controller",
        f"{plural}Repository": f"{place}.repository",
        f"{plural}Service": f"{place}.service",
        f"{module.name.singular}_body": tests,
        f"store_{module.name.singular}": tests,
    }
    known |= {f"{module.entity}{ending}": f"{place}.schemas" for ending in ("Create", "Out", "Query", "Update")}
    known |= {f"{item.pascal}Directory": f"{place}.service" for item in module.connectors}
    known |= {enum.name: f"{place}.enums" for enum in module.enums}
    known |= _known_relations(module)
    if module.guarded:
        names = ("READ", "CREATE", "UPDATE", "DELETE", "PERMISSIONS")
        known |= {**dict.fromkeys(names, f"{place}.permissions"), **_GUARDING}
    return known | {f"store_{m.parent_one}": f"tests.modules.{m.parent}.factory" for m in module.parents if m.parent}


def _known_relations(module: Module) -> dict[str, str]:
    place, known = module.place, dict[str, str]()
    for item in module.asked:
        known |= {item.row: f"{place}.service", item.port: f"{place}.service", item.out: f"{place}.schemas"}
        known[f"store_{item.target_one}"] = f"tests.modules.{item.target}.factory"
    for links in (item.links for item in module.linked if item.links):
        known |= {
            links.entity: f"{place}.model",
            links.repository: f"{place}.repository",
            links.ids: f"{place}.schemas",
        }
    return known


def _check_table(table: str) -> None:
    if table != names.to_snake(table) or not table.isascii() or not table.isidentifier():
        raise UsageError(
            f"--table {table}: a table's name is in snake_case", f"did you mean '{names.to_snake(table)}'?"
        )


def _check(field: Field, table: str, entity: str) -> None:
    if len(f"ck_{table}_{field.column}") > _LONGEST_IDENTIFIER:
        message = (
            f"'{field.column}' in the table '{table}' makes a constraint's name of over {_LONGEST_IDENTIFIER} letters"
        )
        raise UsageError(message, "use a shorter field name, or a shorter --table")
    if field.type == "enum" and 2 * len(field.column) + len(entity) > _LONGEST_LITERAL:
        raise UsageError(f"'{field.column}' and '{entity}' make too long a name for an enumeration", "shorten one")
    for text in (field.pattern, str(field.default or ""), *field.values):
        if len(text) > _LONGEST_LITERAL:
            message = f"'{field.name}': a pattern, default or value has at most {_LONGEST_LITERAL} characters here"
            raise UsageError(message, "generate it without, and write it into the module by hand")
    if field.unique and field.default is not None and not is_dynamic(field):
        message = f"'{field.name}' is unique with a default: the second row that leaves it out would be refused"
        raise UsageError(message, "leave out `unique` or the default")
    if field.readonly and (field.owner or field.tenant) and not field.null and field.default is None:
        message = f"'{field.name}' is readonly, and without login nothing would ever fill it"
        raise UsageError(message, "leave out readonly: an owner cannot be changed after it was set anyway")


def _settled(field: Field, name: Name, project: Snapshot, package: str) -> Field:
    outside = field.type == "belongs_to" and field.target != name.plural
    return references.with_folder(field, project, package) if outside else field


def _member(field: Field, entity: str, table: str, name: Name, project: Snapshot) -> Member:
    enum = _enum_name(field, entity)
    outside = field.type == "belongs_to" and field.target != name.plural
    parent_table = references.table_of(field, name, table, project)
    return Member(
        field=field,
        code=field_code(replace(field, target=parent_table), enum=enum, table=table),
        example=example_of(field),
        default=default_code(field, enum=enum),
        parent=field.target if outside else "",
        parent_one=references.name_of(field.target, project).singular if outside else "",
        parent_table=parent_table,
        is_given=_is_guarded(project) and (field.tenant or _is_users(field)),
    )


def _is_users(field: Field) -> bool:
    """Tell whether a column holds the id of a user; an owner of another kind is compared by hand."""
    return field.owner and (field.type == "uuid" or field.target == "users")


def _enum_name(field: Field, entity: str) -> str:
    ending = f"{field.name}_value" if field.name in _TAKEN_ENUM_ENDINGS else field.name
    return entity + names.to_pascal(ending)
