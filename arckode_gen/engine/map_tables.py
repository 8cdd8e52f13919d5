"""Tables and their columns, as the models declare them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Binding
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import ClassAt
    from arckode_analyzers.model.tables import Table
    from arckode_analyzers.model.values import Value


class MappedColumn(TypedDict):
    """`type` is the Python type; `references` is `table.column` of a foreign key, or empty."""

    name: str
    type: str
    null: bool
    primary: bool
    unique: bool
    index: bool
    references: str


class MappedTable(TypedDict):
    """`module` owns the table; `model` is the class's full name."""

    name: str
    module: str
    model: str
    path: str
    columns: list[MappedColumn]


def tables(analysis: Analysis) -> list[MappedTable]:
    """Return every table, by name; columns of mixins stand where the database has them."""
    return [_table(analysis, table) for table in sorted(analysis.tables.all, key=lambda each: (each.name, each.model))]


def _table(analysis: Analysis, table: Table) -> MappedTable:
    columns: dict[str, tuple[int, MappedColumn]] = {}
    for declared in _classes(analysis, table.model):
        for place, column in _columns(declared):
            columns.setdefault(column["name"], (place, column))
    return MappedTable(
        name=table.name,
        module=table.owner,
        model=table.model,
        path=table.source.path,
        columns=[column for _, column in sorted(columns.values(), key=lambda each: each[0])],
    )


def _classes(analysis: Analysis, model: str) -> Iterator[ClassAt]:
    """Yield the model, then its bases: the project's own and those of its kernel."""
    own = analysis.project.classes.get(model)
    if own is None:
        return
    start = analysis.resolver.dotted(own.source.module, own.record.name)
    for ancestor in analysis.resolver.ancestors(start) if start is not None else ():
        found = analysis.project.classes.get(ancestor.name) or _kernel_class(analysis, ancestor)
        if found is not None:
            yield found


def _kernel_class(analysis: Analysis, value: Value) -> ClassAt | None:
    """Return the source of a kernel class, which the resolver names without the file it is in."""
    if not value.name.startswith("kernel."):
        return None
    named = (klass for klass in analysis.project.classes.values() if klass.record.name == value.last)
    return next((klass for klass in named if "kernel" in klass.source.layers), None)


def _columns(klass: ClassAt) -> Iterator[tuple[int, MappedColumn]]:
    for binding in klass.source.facts.bindings:
        if binding.owner == klass.index and binding.target[0] == "name":
            column = _column(binding)
            if column is not None:
                yield column


def _column(binding: Binding) -> tuple[int, MappedColumn] | None:
    args, keywords = _call(binding.value)
    declared = _mapped(binding.annotation)
    if args is None or (declared is None and binding.annotation is not None):
        return None
    name = next((str(arg[1]) for arg in args[:1] if arg[0] == "const"), str(binding.target[1]))
    primary = keywords.get("primary_key") == ("const", True)
    place = keywords.get("sort_order", ("const", 0))
    described = MappedColumn(
        name=name,
        type=_type(declared) if declared else "",
        null=_null(declared, keywords),
        primary=primary,
        unique=keywords.get("unique") == ("const", True),
        index=keywords.get("index") == ("const", True),
        references=next((text for arg in args if (text := _reference(arg))), ""),
    )
    return (-1 if primary else place[1] if isinstance(place[1], int) else 0), described


def _call(shape: Shape | None) -> tuple[tuple[Shape, ...] | None, dict[str, Shape]]:
    """Return the arguments of `mapped_column(...)`; none where the value is something else."""
    match shape:
        case None:
            return (), {}
        case ("call", (_, *_, "mapped_column" | "Column"), tuple(args), tuple(keywords)):
            return args, dict(keywords)
    return None, {}


def _mapped(annotation: Shape | None) -> Shape | None:
    match annotation:
        case ("item", (_, *_, "Mapped"), tuple(inner)):
            return inner
    return None


def _null(declared: Shape | None, keywords: dict[str, Shape]) -> bool:
    said = keywords.get("nullable")
    if said is not None:
        return said == ("const", True)
    match declared:
        case ("either", tuple(choices)):
            return ("const", None) in choices
        case ("item", (_, *_, "Optional"), _):
            return True
    return declared is None and keywords.get("primary_key") != ("const", True)


def _type(shape: Shape) -> str:
    match shape:
        case ("name", str(name)):
            return name
        case ("const", value):
            return str(value)
        case ("attr", tuple(base), str(name)):
            return f"{_type(base)}.{name}"
        case ("item", (_, *_, "Optional"), tuple(index)):
            return _type(index)
        case ("item", tuple(base), tuple(index)):
            return f"{_type(base)}[{_type(index)}]"
        case ("either", tuple(choices)):
            return " | ".join(_type(choice) for choice in choices if choice != ("const", None))
        case ("display", _, tuple(elements)):
            return ", ".join(_type(element) for element in elements)
    return "?"


def _reference(shape: Shape) -> str:
    match shape:
        case ("call", (_, *_, "ForeignKey"), (("const", str(target)), *_), _):
            return target
    return ""
