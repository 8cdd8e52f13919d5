"""What models say about their tables: column names, NULL, uniqueness and the kind of value, where that is certain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from arckode_analyzers.facts.moved import OWN_CONSTRAINTS
from arckode_analyzers.facts.records import Binding
from arckode_analyzers.facts.shapes import Shape, within
from arckode_analyzers.model.constants import text_of
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import ClassAt
    from arckode_analyzers.model.source import Source

_COLUMNS = frozenset({"sqlalchemy.Column", "sqlalchemy.mapped_column", "sqlalchemy.Field"})
_NO_COLUMNS = frozenset(
    f"sqlalchemy.{name}"
    for name in (
        "relationship Relationship column_property synonym association_proxy composite query_expression dynamic_loader"
        " hybrid_property validates registry MetaData"
    ).split()
)
_DEFERRED = frozenset({"sqlalchemy.deferred"})
_RUNTIME = {
    "kernel.Entity": (("id", False),),
    "kernel.Timestamped": (("created_at", False), ("updated_at", False)),
    "kernel.SoftDeleted": (("deleted_at", True),),
    "kernel.Versioned": (("version", False),),
}
_PLAIN_BASES = frozenset(
    f"sqlalchemy.{name}" for name in ("DeclarativeBase", "DeclarativeBaseNoMeta", "declarative_base", "AsyncAttrs")
) | {"sqlalchemy.SQLModel", "sqlalchemy.MappedAsDataclass", "builtins.object", "typing.Generic", "abc.ABC"}
_KINDS = {
    **dict.fromkeys(("int", "Integer", "BigInteger", "SmallInteger", "INTEGER", "BIGINT"), "int"),
    **dict.fromkeys(("str", "String", "Text", "Unicode", "UnicodeText", "LongText", "VARCHAR", "TEXT"), "text"),
    **dict.fromkeys(("bool", "Boolean", "BOOLEAN"), "bool"),
    **dict.fromkeys(("datetime", "DateTime", "UtcDateTime", "TIMESTAMP"), "datetime"),
    **dict.fromkeys(("time", "Time", "TIME"), "time"),
    **dict.fromkeys(("date", "Date"), "date"),
    **dict.fromkeys(("UUID", "Uuid", "Guid"), "uuid"),
    **dict.fromkeys(("float", "Float", "Double"), "float"),
    **dict.fromkeys(("bytes", "LargeBinary"), "bytes"),
}
_CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Declared:
    """A column of a model under its name in the database; what is not certain is None, or an empty `kind`."""

    name: str
    source: Source
    line: int
    column: int
    nullable: bool | None
    unique: bool | None
    kind: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredTable:
    """A table as models declare it; when it is not `is_complete`, more columns may exist than the source shows."""

    name: str
    symbol: str
    source: Source
    line: int
    column: int
    columns: tuple[Declared, ...]
    is_complete: bool


class DeclaredTables:
    """Every table with a literal name; `all_named` says that no other model can hide one."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._project = analysis.project
        self._resolver = analysis.resolver
        self._lines: dict[Source, tuple[int, ...]] = {}
        self.all = tuple(self._tables())
        self.names = {table.name for table in self.all} | set(self._elsewhere())

    def _tables(self) -> Iterator[DeclaredTable]:
        seen: dict[str, int] = {}
        tables = self._analysis.tables.all
        for table in tables:
            seen[table.name] = seen.get(table.name, 0) + 1
        for table in tables:
            if seen[table.name] > 1 or table.source.layers & {"migrations", "tests"} or not table.model:
                continue
            if any(row.module == "alembic" for row in table.source.facts.imports):
                continue
            klass = self._project.classes[table.model]
            columns, is_complete = self._columns(klass)
            yield DeclaredTable(
                table.name.lower(), table.model, table.source, table.line, table.column, columns, is_complete
            )

    def _elsewhere(self) -> Iterator[str]:
        """Yield the names of tables that the runtime declares, or that are written as `Table(...)`."""
        yield from (table.name.lower() for table in self._analysis.tables.all)
        for source in self._project.sources.values():
            if "kernel" in source.layers:
                for row in source.facts.bindings:
                    if row.target == ("name", "__tablename__") and row.value is not None and row.value[0] == "const":
                        yield str(row.value[1]).lower()
                for call in source.facts.calls:
                    if source.last(call.func) == "Table" and call.args and call.args[0][0] == "const":
                        yield str(call.args[0][1]).lower()

    def _columns(self, klass: ClassAt) -> tuple[tuple[Declared, ...], bool]:
        found: dict[str, Declared] = {}
        complete = not self._has_subclasses(klass)
        for ancestor in self._resolver.ancestors(Value("class", klass.symbol)):
            if ancestor.name != klass.symbol and ancestor.name in self._analysis.tables.by_model:
                complete = False
                break
            if ancestor.name in _RUNTIME:
                for name, nullable in _RUNTIME[ancestor.name]:
                    made = self._made(klass, name, nullable=nullable, primary=name == "id")
                    found.setdefault(name, made)
                continue
            there = self._project.classes.get(ancestor.name)
            if there is None:
                complete = complete and ancestor.name in _PLAIN_BASES
                continue
            complete = self._own(klass, there, found) and complete
        complete = complete and self._bases_known(klass)
        return tuple(found[name] for name in sorted(found)), complete

    def _made(self, klass: ClassAt, name: str, *, nullable: bool, primary: bool) -> Declared:
        record = klass.record
        return Declared(name, klass.source, record.line, record.column, nullable, None, "", primary)

    def _bases_known(self, klass: ClassAt) -> bool:
        pending, seen = [klass], set[str]()
        while pending:
            current = pending.pop()
            if current.symbol in seen:
                continue
            seen.add(current.symbol)
            if len(self._resolver.bases(Value("class", current.symbol))) < len(current.record.bases):
                return False
            bases = self._resolver.bases(Value("class", current.symbol))
            pending.extend(self._project.classes[base.name] for base in bases if base.name in self._project.classes)
        return True

    def _has_subclasses(self, klass: ClassAt) -> bool:
        return klass.symbol in self._inherited

    @cached_property
    def _inherited(self) -> frozenset[str]:
        """The classes that another one has for a base."""
        return frozenset(
            each.name
            for symbol in self._project.classes
            for each in self._resolver.bases(Value("class", symbol))
            if each.name != symbol
        )

    def _own(self, model: ClassAt, klass: ClassAt, found: dict[str, Declared]) -> bool:
        """Add the columns one class declares; tell whether all of them could be read."""
        complete = True
        own = [row for row in klass.source.declared_in.get(klass.index, ()) if row.target[0] == "name"]
        uniques, is_certain = self._constraints(klass, own)
        for row in own:
            name = str(row.target[1])
            if name.startswith("__"):
                complete = complete and name != "__table__"
                continue
            declared = self._column(klass, row, name)
            if declared is None:
                complete = complete and self._is_no_column(klass, row)
                continue
            unique = True if declared.name in uniques else (declared.unique if is_certain or declared.unique else None)
            where = declared if klass is model else _moved(declared, model)
            found.setdefault(declared.name, replace(where, unique=unique))
        for name, method in self._project.methods(klass):
            if name.startswith("__") or not any(_is_declared(method.source, part) for part in method.record.decorators):
                continue
            returned = method.source.results_of.get(method.index, ())
            value = returned[0].value if len(returned) == 1 else None
            record = method.record
            target: Shape = ("name", name)
            row = Binding(method.index, -1, target, record.returns, value, "=", (), record.line, record.column)
            made = self._column(klass, row, name) if value is not None else None
            if made is not None:
                where = made if klass is model else _moved(made, model)
                found.setdefault(made.name, replace(where, unique=None))
            elif value is None or not self._is_no_column(klass, row):
                complete = False
        return complete

    def _constraints(self, klass: ClassAt, own: list[Binding]) -> tuple[frozenset[str], bool]:
        """Return the columns that `__table_args__` makes unique, and whether nothing else can."""
        row = next((each for each in own if each.target == ("name", "__table_args__")), None)
        has_method = any(name == "__table_args__" for name, _ in self._project.methods(klass))
        loose = any(
            row is None or not 0 <= line - row.line <= OWN_CONSTRAINTS for line in self._constraint_lines(klass.source)
        )
        if row is None or row.value is None:
            return frozenset(), not has_method and not loose
        names: set[str] = set()
        for part in within(row.value):
            match part:
                case ("call", tuple(func), (("const", str(only)),), _) if klass.source.last(func) == "UniqueConstraint":
                    names.add(only.lower())
        return frozenset(names), False

    def _constraint_lines(self, source: Source) -> tuple[int, ...]:
        """Return where a file makes indexes and unique constraints outside of functions."""
        known = self._lines.get(source)
        if known is None:
            calls = (call for call in source.facts.calls if call.function == 0)
            known = self._lines[source] = tuple(
                call.line for call in calls if source.last(call.func) in {"Index", "UniqueConstraint"}
            )
        return known

    def _is_no_column(self, klass: ClassAt, row: Binding) -> bool:
        if row.value is None or row.value[0] != "call":
            return True
        made = self._resolver.value(klass.source, 0, row.value)
        func = row.value[1]
        callee = self._resolver.value(klass.source, 0, func) if isinstance(func, tuple) else None
        return (callee is not None and callee.name in _NO_COLUMNS) or (made is not None and row.annotation is None)

    def _column(self, klass: ClassAt, row: Binding, name: str) -> Declared | None:
        source, annotation, value = klass.source, row.annotation, row.value
        inner = _mapped(source, annotation)
        if value is not None and value[0] == "call" and isinstance(value[1], tuple):
            callee = self._resolver.value(source, 0, value[1])
            if callee is not None and callee.name in _DEFERRED and isinstance(value[2], tuple) and value[2]:
                value = value[2][0]
                callee = self._resolver.value(source, 0, value[1]) if isinstance(value[1], tuple) else None
            if callee is not None and callee.name in _COLUMNS:
                return self._called(source, row, name, value, callee.last)
            if inner is None or callee is None or callee.name in _NO_COLUMNS:
                return None
            return Declared(name, source, row.line, row.column, None, None)
        if inner is not None and value is None:
            nullable = True if _says_null(source, inner) else None if self._is_alias(source, inner) else False
            return Declared(
                name.lower(), source, row.line, row.column, nullable, unique=False, kind=self._kind(source, inner)
            )
        if self._is_sqlmodel(klass) and annotation is not None and not _is_class_variable(source, annotation):
            return Declared(name.lower(), source, row.line, row.column, None, None)
        return None

    def _called(self, source: Source, row: Binding, name: str, value: Shape, how: str) -> Declared:
        args = value[2] if isinstance(value[2], tuple) else ()
        keywords = dict(value[3]) if isinstance(value[3], tuple) else {}
        if how == "Field" and "sa_column" in keywords:
            return Declared(name.lower(), source, row.line, row.column, None, None)
        told = text_of(self._analysis.project, source, 0, args[0]) if args and how != "Field" else None
        told = told or text_of(self._analysis.project, source, 0, keywords.get("name"))
        primary = keywords.get("primary_key") == ("const", True)
        unique = keywords.get("unique", ("const", False))
        nullable = self._nullable(source, row, keywords, how)
        is_plain = "**" not in keywords
        kind = self._kind_of(source, row, args[1:] if told and args and args[0][0] != "call" else args)
        return Declared(
            (told or name).lower(),
            source,
            row.line,
            row.column,
            False if primary else nullable if is_plain else None,
            _boolean(unique) if is_plain else None,
            kind,
            primary,
        )

    def _nullable(self, source: Source, row: Binding, keywords: dict[str, Shape], how: str) -> bool | None:
        said = keywords.get("nullable")
        if said is not None:
            return _boolean(said)
        if how == "Column":
            return True
        inner = _mapped(source, row.annotation) if how == "mapped_column" else row.annotation
        if inner is None:
            return True if how == "mapped_column" and row.annotation is None else None
        return True if _says_null(source, inner) else None if self._is_alias(source, inner) else False

    def _is_alias(self, source: Source, inner: Shape) -> bool:
        """Tell whether an annotation is a name for another one, which may hide `None` or a column."""
        name = inner[1] if inner[0] == "name" else None
        if not isinstance(name, str):
            return inner[0] == "attr" and self._resolver.value(source, 0, inner) is None
        value = self._resolver.value(source, 0, inner)
        return value is None or any(True for _ in self._resolver.aliased(source, name))

    def _is_sqlmodel(self, klass: ClassAt) -> bool:
        ancestors = self._resolver.ancestors(Value("class", klass.symbol))
        return any(each.name == "sqlalchemy.SQLModel" for each in ancestors)

    def _kind_of(self, source: Source, row: Binding, args: tuple[Shape, ...]) -> str:
        for each in args:
            callee = each[1] if each[0] == "call" and isinstance(each[1], tuple) else each
            value = self._resolver.value(source, 0, callee)
            if value is not None and value.name == "sqlalchemy.ForeignKey":
                continue
            is_known = value is not None and value.name.split(".")[0] in {"sqlalchemy", "kernel"}
            return _KINDS.get(value.last, _CUSTOM) if is_known and value is not None else _CUSTOM
        inner = _mapped(source, row.annotation)
        return self._kind(source, inner) if inner is not None else ""

    def _kind(self, source: Source, inner: Shape) -> str:
        value = self._resolver.annotation(source, 0, inner)
        if value is None or value.args or value.name.split(".")[0] not in {"builtins", "datetime", "uuid"}:
            return ""
        return _KINDS.get(value.last, "")


def _boolean(shape: Shape) -> bool | None:
    return shape[1] if shape[0] == "const" and isinstance(shape[1], bool) else None


def _moved(declared: Declared, model: ClassAt) -> Declared:
    """Return a mixin's column at the model that takes it over."""
    return replace(declared, source=model.source, line=model.record.line, column=model.record.column)


def _mapped(source: Source, annotation: Shape | None) -> Shape | None:
    match annotation:
        case ("item", base, tuple(inner)) if source.last(base) == "Mapped":
            return inner
    return None


def _says_null(source: Source, inner: Shape) -> bool:
    match inner:
        case ("either", tuple(choices)):
            return ("const", None) in choices
        case ("item", base, _) if source.last(base) == "Optional":
            return True
    return inner == ("const", None)


def _is_declared(source: Source, decorator: Shape) -> bool:
    return any(source.last(part) == "declared_attr" for part in within(decorator))


def _is_class_variable(source: Source, annotation: Shape) -> bool:
    return any(source.last(part) == "ClassVar" for part in within(annotation))
