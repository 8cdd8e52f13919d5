"""What each schema declares, and which of its fields a dump of it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.facts.records import Binding
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.project import ClassAt, Project
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.tables import Tables

_BASES = frozenset({"pydantic.BaseModel", "sqlalchemy.SQLModel", "kernel.ApiModel", "kernel.QueryModel"})
_KNOWN = _BASES | {"typing.Generic", "abc.ABC", "builtins.object", "typing.Protocol"}
_DUMPS = frozenset({"model_dump", "dict", "values", "model_serializer", "__iter__"})


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field and where it is written; what is `excluded` never leaves the schema."""

    name: str
    source: Source
    line: int
    column: int
    annotation: Shape | None
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of a schema; one with `own_dump` decides itself what a dump of it holds."""

    symbol: str
    fields: Mapping[str, SchemaField]
    own_dump: bool
    reads_attributes: bool

    @property
    def last(self) -> str:
        return self.symbol.rpartition(".")[2]


class Schemas:
    """Every schema of the project, each looked up once."""

    def __init__(self, project: Project, resolver: Resolver, tables: Tables) -> None:
        self._project = project
        self._resolver = resolver
        self._tables = tables
        self._known: dict[str, Schema | None] = {}

    def of(self, value: Value | None) -> Schema | None:
        """Return the schema a class or an instance belongs to, or None."""
        if value is None or value.kind not in {"class", "instance"}:
            return None
        if value.name not in self._known:
            self._known[value.name] = self._read(value)
        return self._known[value.name]

    def _read(self, value: Value) -> Schema | None:
        ancestors = self._resolver.ancestors(value)
        names = {ancestor.name for ancestor in ancestors}
        if not names & _BASES or value.name not in self._project.classes or self._tables.is_model(value):
            return None
        fields: dict[str, SchemaField] = {}
        own_dump, reads = False, bool(names & {"kernel.ApiModel", "kernel.QueryModel"})
        for ancestor in ancestors:
            klass = self._project.classes.get(ancestor.name)
            if klass is None:
                own_dump |= ancestor.name not in _KNOWN
                continue
            own_dump |= any(self._serializes(name, klass) for name, _ in self._project.methods(klass))
            reads |= any(_says_attributes(row) for row in _bindings(klass))
            for found in self._own(klass):
                fields.setdefault(found.name, found)
        own_dump |= len(self._resolver.bases(Value("class", value.name))) != len(
            self._project.classes[value.name].record.bases
        )
        return Schema(value.name, fields, own_dump, reads)

    def _serializes(self, name: str, klass: ClassAt) -> bool:
        if name in _DUMPS:
            return True
        method = next(method for each, method in self._project.methods(klass) if each == name)
        return any(_decorator(shape) == "model_serializer" for shape in method.record.decorators)

    def _own(self, klass: ClassAt) -> Iterator[SchemaField]:
        for row in _bindings(klass):
            name = str(row.target[1])
            if row.annotation is None or row.target[0] != "name" or name.startswith("_") or name == "model_config":
                continue
            if _head(row.annotation) not in {"ClassVar", "PrivateAttr"}:
                excluded = _is_excluded(row.value) or _is_excluded(row.annotation)
                yield SchemaField(name, klass.source, row.line, row.column, row.annotation, excluded)
        for name, method in self._project.methods(klass):
            record = method.record
            if any(_decorator(shape) == "computed_field" for shape in record.decorators):
                yield SchemaField(name, klass.source, record.line, record.column, record.returns)


def _bindings(klass: ClassAt) -> Iterator[Binding]:
    return iter(klass.source.declared_in.get(klass.index, ()))


def _decorator(shape: Shape) -> object:
    inner = shape[1] if shape[0] == "call" and isinstance(shape[1], tuple) else shape
    return inner[-1]


def _head(annotation: Shape) -> object:
    base = annotation[1] if annotation[0] == "item" and isinstance(annotation[1], tuple) else annotation
    return base[-1]


def _is_excluded(shape: Shape | None) -> bool:
    return shape is not None and ("exclude", ("const", True)) in _pairs(shape)


def _pairs(shape: Shape) -> Iterator[object]:
    pending: list[object] = [shape]
    while pending:
        part = pending.pop()
        if isinstance(part, tuple):
            yield part
            pending.extend(part)


def _says_attributes(row: Binding) -> bool:
    if row.target != ("name", "model_config") or row.value is None:
        return False
    pairs = list(_pairs(row.value))
    return ("from_attributes", ("const", True)) in pairs or ("const", "from_attributes") in pairs
