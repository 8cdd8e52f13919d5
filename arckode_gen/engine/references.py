"""References of a module to others: the columns of `belongs_to`, and the connectors that ask for what they refer to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from arckode_gen.engine.names import Name, identifier
from arckode_gen.engine.units import load
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.project import Snapshot


@dataclass(frozen=True, slots=True)
class Connector:
    """One other module that this one refers to."""

    target: str
    one: str
    words: str
    pascal: str
    service: str
    file: str
    connect: str
    implementation: str
    column: str
    known: Mapping[str, str]


def check_parent(name: Name, field: Field, project: Snapshot, package: str) -> None:
    """Refuse a reference that could never be followed.

    Raises:
        UsageError: the first row would need one before it, or the other module does not exist.
    """
    if field.target == name.plural:
        if not field.null:
            message = f"'{field.name}': the first of the {name.plural} could refer to none before it"
            raise UsageError(message, f"write `{field.name}:belongs_to={field.target}:null`")
        return
    if not project.is_folder(f"src/{package}/modules/{field.target}"):
        modules = _modules(project, package)
        known = ", ".join(modules) or "none yet"
        raise UsageError(
            f"'{field.name}' refers to the module '{field.target}', which does not exist; there is {known}",
            f"make it first: `arckode make:module {field.target} ...`",
        )


def with_folder(field: Field, project: Snapshot, package: str) -> Field:
    """Point a reference to the module that is there: one made by hand may be called `stock`, and not `stocks`."""
    if project.is_folder(f"src/{package}/modules/{field.target}"):
        return field
    meant = [module for module in _modules(project, package) if load(project, "module", module) is None]
    found = [module for module in meant if _plural(module) == field.target]
    return replace(field, target=found[0]) if len(found) == 1 else field


def folder_of(word: str, project: Snapshot, package: str) -> str:
    """Return the folder of the module that a word means, by its plural or its singular; else the word in snake case."""
    spelled = identifier(word)
    modules = _modules(project, package)
    meant = [] if spelled in modules else [each for each in modules if name_of(each, project).singular == spelled]
    return meant[0] if len(meant) == 1 else spelled


def _modules(project: Snapshot, package: str) -> list[str]:
    return [path.split("/")[3] for path in project.glob(f"src/{package}/modules/*/__init__.py")]


def _plural(module: str) -> str:
    try:
        return Name.parse(module).plural
    except UsageError:
        return module


def connectors(name: Name, fields: tuple[Field, ...], project: Snapshot, package: str) -> tuple[Connector, ...]:
    """Return a connector for each other module that the fields refer to, in order of name."""
    columns: dict[str, str] = {}
    for field in fields:
        if field.type == "belongs_to" and field.target != name.plural:
            columns.setdefault(field.target, field.column)
    return tuple(
        _connector(name, name_of(target, project), column, package) for target, column in sorted(columns.items())
    )


def _connector(name: Name, other: Name, column: str, package: str) -> Connector:
    service, own = f"{other.pascal_plural}Service", f"{name.pascal_plural}Service"
    return Connector(
        target=other.plural,
        one=other.singular,
        words=other.plural.replace("_", " "),
        pascal=other.pascal,
        service=service,
        file=f"{name.plural}_{other.plural}",
        connect=f"connect_{name.plural}_{other.plural}",
        implementation=f"{name.pascal_plural}{other.pascal_plural}",
        column=column,
        known={service: f"{package}.modules.{other.plural}", own: f"{package}.modules.{name.plural}"},
    )


def name_of(target: str, project: Snapshot) -> Name:
    """Return the name of a module as it was generated; one made by hand is called as its folder is."""
    unit = load(project, "module", target)
    if unit is None:
        return guessed(target)
    recorded = cast("Mapping[str, str]", unit.values["name"])
    return Name(recorded["singular"], recorded["plural"])


def guessed(plural: str) -> Name:
    """Name a module made by hand; one whose number cannot be told is called the same in both."""
    try:
        return Name.parse(plural, plural=plural)
    except UsageError:
        return Name(plural, plural)


def table_of(field: Field, name: Name, table: str, project: Snapshot) -> str:
    """Return the table that a reference points to; only a generated module may call its table otherwise."""
    if field.type != "belongs_to" or field.target == name.plural:
        return table if field.type == "belongs_to" else field.target
    unit = load(project, "module", field.target)
    return str(unit.values.get("table") or field.target) if unit is not None else field.target
