"""What each model declares: columns, relationships and everything else that its name may be followed by."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.facts.shapes import Shape, within
from arckode_analyzers.model.constants import text_of
from arckode_analyzers.model.sinks import words
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.facts.records import Binding
    from arckode_analyzers.model.project import ClassAt, Project
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.tables import Tables

# The runtime is the project's own copy: what it declares itself is added to these.
_RUNTIME: Mapping[str, frozenset[str]] = {
    "kernel.Entity": words("id metadata registry type_annotation_map"),
    "kernel.Timestamped": words("created_at updated_at"),
    "kernel.SoftDeleted": words("deleted_at"),
    "kernel.Versioned": words("version"),
}
_PYDANTIC = words(
    "model_fields model_config model_validate model_validate_json model_construct model_rebuild model_json_schema"
    " model_computed_fields from_orm parse_obj validate schema update_forward_refs"
)
_BASES: Mapping[str, frozenset[str]] = {
    "sqlalchemy.DeclarativeBase": words("metadata registry type_annotation_map"),
    "sqlalchemy.DeclarativeBaseNoMeta": words("metadata registry type_annotation_map"),
    "sqlalchemy.declarative_base": words("metadata registry"),
    "sqlalchemy.MappedAsDataclass": frozenset(),
    "sqlalchemy.AsyncAttrs": words("awaitable_attrs"),
    "sqlalchemy.SQLModel": _PYDANTIC | {"metadata"},
    "builtins.object": words("mro"),
    "abc.ABC": words("register"),
    "typing.Generic": frozenset(),
    "typing.Protocol": frozenset(),
}
_ROOTS = frozenset(
    {"kernel.Entity", "sqlalchemy.declarative_base"}
    | {f"sqlalchemy.{name}" for name in ("DeclarativeBase", "DeclarativeBaseNoMeta", "SQLModel")}
)
_DECORATORS = words(
    "dataclasses.dataclass typing.final functools.total_ordering sqlalchemy.as_declarative sqlalchemy.declarative_mixin"
)
_RELATIONS = frozenset({"sqlalchemy.relationship", "sqlalchemy.Relationship"})
_COLUMNS = frozenset({"sqlalchemy.Column", "sqlalchemy.mapped_column", "sqlalchemy.Field"})
_KEYS = frozenset({"primary_key", "unique"})


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship: where it leads, and how it is loaded when no query says otherwise."""

    name: str
    target: Value | None
    lazy: str
    source: Source
    line: int


@dataclass(frozen=True, slots=True)
class Model:
    """The members of one model; when it is not `is_complete`, more may exist than the source shows.

    `selective` are the columns that a condition on narrows to a few rows: keys, unique ones and references.
    """

    symbol: str
    names: frozenset[str]
    columns: frozenset[str]
    aliases: frozenset[str]
    selective: frozenset[str]
    relations: Mapping[str, Relation]
    is_complete: bool
    has_own_constructor: bool

    @property
    def last(self) -> str:
        return self.symbol.rpartition(".")[2]


@dataclass(slots=True)
class _Found:
    names: set[str] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    selective: set[str] = field(default_factory=set)
    relations: dict[str, Relation] = field(default_factory=dict)
    is_complete: bool = True
    has_own_constructor: bool = False


class _Written(NamedTuple):
    """A member that is given a value, where that is written."""

    source: Source
    function: int
    name: str
    value: Shape
    annotation: Shape | None
    line: int


class Columns:
    """Every model of the project with its members, each looked up once."""

    def __init__(self, project: Project, resolver: Resolver, tables: Tables) -> None:
        self._project = project
        self._resolver = resolver
        self._tables = tables
        self._known: dict[str, Model | None] = {}

    def of(self, value: Value | None) -> Model | None:
        """Return the model a class or an instance belongs to, or None when it is no model."""
        if value is None or value.kind not in {"class", "instance"}:
            return None
        if value.name not in self._known:
            is_model = self._tables.is_model(value) and self._is_mapped(value)
            self._known[value.name] = self._read(value) if is_model else None
        return self._known[value.name]

    def _is_mapped(self, value: Value) -> bool:
        """Tell a table from the abstract base that tables share: that one has no rows of its own."""
        return any(self._has_table(ancestor) for ancestor in self._resolver.ancestors(value))

    def _has_table(self, value: Value) -> bool:
        klass = self._project.classes.get(value.name)
        if klass is None or "kernel" in klass.source.layers:
            return False
        if value.name in self._tables.by_model or dict(klass.record.keywords).get("table") == ("const", True):
            return True
        own = {row.target for row in _bindings(klass)} | {("name", name) for name, _ in self._project.methods(klass)}
        return ("name", "__tablename__") in own or ("name", "__table__") in own

    def _read(self, value: Value) -> Model:
        found = _Found(names=set(self._added))
        pending, seen = [Value("class", value.name)], set[str]()
        while pending:
            current = pending.pop(0)
            if current.name in seen:
                continue
            seen.add(current.name)
            klass = self._project.classes.get(current.name)
            if klass is None:
                self._library(current, found)
                continue
            self._declared(klass, found)
            pending.extend(self._bases(klass, found))
        if not seen & _ROOTS:
            found.is_complete = False  # a mixin: what its heirs bring is not known here
        return Model(
            value.name,
            frozenset(found.names),
            frozenset(found.columns),
            frozenset(found.aliases),
            frozenset(found.selective),
            found.relations,
            found.is_complete,
            found.has_own_constructor,
        )

    def _library(self, value: Value, found: _Found) -> None:
        if value.name in _RUNTIME:
            own = self._runtime.get(value.last, frozenset())
            found.names |= _RUNTIME[value.name] | own
            found.columns |= (_RUNTIME[value.name] | own) - {"metadata", "registry", "type_annotation_map"}
            found.selective |= {"id"} if value.name == "kernel.Entity" else set()
        elif value.name.startswith("kernel.") and value.last in self._runtime:
            found.names |= self._runtime[value.last]
        elif value.name in _BASES:
            found.names |= _BASES[value.name]
        else:
            found.is_complete = False

    @cached_property
    def _runtime(self) -> Mapping[str, frozenset[str]]:
        """Index what the classes of the project's own runtime declare."""
        return {
            klass.record.name: frozenset(str(row.target[1]) for row in _bindings(klass) if row.target[0] == "name")
            | frozenset(name for name, _ in self._project.methods(klass))
            for klass in self._project.classes.values()
            if "kernel" in klass.source.layers
        }

    def _bases(self, klass: ClassAt, found: _Found) -> Iterator[Value]:
        for shape in klass.record.bases:
            value = self._resolver.value(klass.source, klass.record.function, shape)
            if value is None or value.kind not in {"class", "external", "instance"}:
                found.is_complete = False
                continue
            if value.kind == "instance" and value.name == "sqlalchemy.declarative_base" and self._is_given_a_class():
                found.is_complete = False
            yield value

    def _is_given_a_class(self) -> bool:
        """Tell whether some `declarative_base(cls=...)` adds members that no class statement shows."""
        return any(
            name in {"cls", "metaclass"}
            for source in self._project.sources.values()
            for call in source.facts.calls
            if source.last(call.func) in {"declarative_base", "as_declarative"}
            for name, _ in call.keywords
        )

    def _declared(self, klass: ClassAt, found: _Found) -> None:
        source = klass.source
        for decorator in klass.record.decorators:
            func = decorator[1] if decorator[0] == "call" and isinstance(decorator[1], tuple) else decorator
            value = self._resolver.value(source, klass.record.function, func)
            if value is None or value.name not in _DECORATORS:
                found.is_complete = False
        if any(name == "metaclass" for name, _ in klass.record.keywords):
            found.is_complete = False
        for row in _bindings(klass):
            if row.target[0] == "name":
                self._member(klass, row, str(row.target[1]), found)
        for name, method in self._project.methods(klass):
            found.names.add(name)
            found.has_own_constructor |= name == "__init__"
            found.is_complete &= name not in {"__getattr__", "__getattribute__", "__class_getitem__"}
            returned = method.source.results_of.get(method.index, ())
            if any(source.last(shape) == "declared_attr" for shape in method.record.decorators) and returned:
                line = method.record.line
                written = _Written(source, method.index, name, returned[0].value, method.record.returns, line)
                self._value(written, found)
        for nested in source.facts.classes:
            if nested.owner == klass.index:
                found.names.add(nested.name)

    def _member(self, klass: ClassAt, row: Binding, name: str, found: _Found) -> None:
        found.names.add(name)
        if name == "__table__":
            found.is_complete = False
        if row.value is not None:
            self._value(_Written(klass.source, 0, name, row.value, row.annotation, row.line), found)
        elif row.annotation is not None:
            found.columns.add(name)

    def _value(self, row: _Written, found: _Found) -> None:
        source, function, name, value, annotation, line = row
        made = self._resolver.value(source, function, value[1]) if _is_call(value) else None  # type: ignore[arg-type]  # a call's second part is a shape
        if made is not None and made.name in _RELATIONS:
            relation = self._relation(source, name, value, annotation, line)
            found.relations.setdefault(name, relation)
            return
        if made is None or made.name in _COLUMNS:
            found.columns.add(name)
        found.aliases.update(self._other_names(source, value))
        keywords = dict(value[3]) if _is_call(value) else {}  # type: ignore[call-overload]  # pairs of keyword and shape
        is_reference = any(part[0] == "call" and source.last(part[1]) == "ForeignKey" for part in within(value))
        if is_reference or "foreign_key" in keywords or any(keywords.get(key) == ("const", True) for key in _KEYS):
            found.selective.add(name)

    def _other_names(self, source: Source, value: Shape) -> Iterator[str]:
        match value:
            case ("call", _, tuple(args), tuple(pairs)):
                given = [*args[:1], *(shape for key, shape in pairs if key in {"name", "alias", "key"})]
                yield from filter(None, (text_of(self._project, source, 0, shape) for shape in given))

    def _relation(self, source: Source, name: str, value: Shape, annotation: Shape | None, line: int) -> Relation:
        keywords = dict(value[3])  # type: ignore[call-overload]  # pairs of keyword and shape
        lazy = keywords.get("lazy", ("const", "select"))
        options = keywords.get("sa_relationship_kwargs")
        if options is not None:
            lazy = _in_dict(options, "lazy") or ("const", "select" if options[0] == "dict" else "unknown")
        says = str(lazy[1]) if lazy[0] == "const" else "unknown"
        return Relation(name, self._target(source, value, annotation), says, source, line)

    def _target(self, source: Source, value: Shape, annotation: Shape | None) -> Value | None:
        said = self._resolver.annotation(source, 0, annotation)
        for candidate in (said, *(said.args if said is not None else ())):
            if candidate is not None and candidate.name in self._project.classes:
                return Value("instance", candidate.name)
        args = value[2] if isinstance(value[2], tuple) else ()
        if args and args[0][0] == "const":
            return self._named(str(args[0][1]).rpartition(".")[2])
        found = self._resolver.value(source, 0, args[0]) if args else None
        return None if found is None else Value("instance", found.name)

    def _named(self, name: str) -> Value | None:
        """Return the only model of a name, which is how SQLAlchemy reads a relationship to a text."""
        found = [symbol for symbol in self._tables.by_model if symbol.rpartition(".")[2] == name]
        return Value("instance", found[0]) if len(found) == 1 else None

    @cached_property
    def _added(self) -> frozenset[str]:
        """Return the names that code outside the class adds to some model: backrefs and assigned attributes."""
        found: set[str] = set()
        for source in self._project.sources.values():
            for call in source.facts.calls:
                if source.last(call.func) in {"relationship", "backref"}:
                    texts = [*call.args[:1], *(shape for key, shape in call.keywords if key == "backref")]
                    found.update(str(part[1]) for shape in texts for part in within(shape) if part[0] == "const")
            for row in source.facts.bindings:
                match row.target:
                    case ("attr", ("name", str(owner)), str(name)) if owner[:1].isupper():
                        found.add(name)
        return frozenset(found)


def _bindings(klass: ClassAt) -> Iterator[Binding]:
    return iter(klass.source.declared_in.get(klass.index, ()))


def _is_call(shape: Shape) -> bool:
    return shape[0] == "call"


def _in_dict(shape: Shape, name: str) -> Shape | None:
    match shape:
        case ("dict", tuple(keys), tuple(values)):
            return dict(zip(keys, values, strict=True)).get(("const", name))
    return None
