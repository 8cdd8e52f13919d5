"""Tables, the classes behind them, and the module that owns each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.constants import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.project import Project
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_MODEL_BASES = frozenset({"kernel.Entity", "sqlalchemy.DeclarativeBase", "sqlalchemy.DeclarativeBaseNoMeta"})
_MADE_BASES = frozenset({"sqlalchemy.declarative_base", "sqlalchemy.automap_base"})


@dataclass(frozen=True, slots=True)
class Table:
    """One declaration; `model` is the symbol of its class, empty for a bare `Table(...)`."""

    name: str
    model: str
    source: Source
    line: int
    column: int
    schema: str = ""

    @property
    def owner(self) -> str:
        return self.source.unit


class Tables:
    """Every table a project declares, in order of path and line."""

    def __init__(self, project: Project, resolver: Resolver) -> None:
        self._project = project
        self._resolver = resolver
        self._by_source = {source.path: tuple(self._of(source)) for source in project.judged()}
        self.all = tuple(table for tables in self._by_source.values() for table in tables)
        self.by_model = {table.model: table for table in self.all if table.model}
        self.by_name: dict[str, list[Table]] = {}
        for table in self.all:
            self.by_name.setdefault(table.name, []).append(table)
        self.again: dict[str, list[tuple[Table, Table]]] = {}
        full: dict[tuple[str, str], list[Table]] = {}
        for table in self.all:
            full.setdefault((table.schema, table.name), []).append(table)
        for first, *others in full.values():
            for table in others:
                self.again.setdefault(table.source.path, []).append((first, table))

    def of(self, source: Source) -> tuple[Table, ...]:
        """Return the tables that a file declares."""
        return self._by_source.get(source.path, ())

    def is_model(self, value: Value | None) -> bool:
        """Tell whether a class is stored in a table, whatever it is called."""
        if value is None or value.name not in self._project.classes:
            return False
        return any(self._stores(ancestor) for ancestor in self._resolver.ancestors(value))

    def _stores(self, value: Value) -> bool:
        if value.name in self.by_model or value.name in _MODEL_BASES or value.name in _MADE_BASES:
            return True
        klass = self._project.classes.get(value.name)
        return klass is not None and dict(klass.record.keywords).get("table") == ("const", True)

    def _of(self, source: Source) -> Iterator[Table]:
        for binding in source.facts.bindings:
            if binding.owner >= 0 and binding.target == ("name", "__tablename__"):
                name = self.text(source, binding.value)
                if name is not None:
                    model = source.class_symbols[binding.owner]
                    yield Table(name, model, source, binding.line, binding.column, self._schema(source, binding.owner))
        for written in source.written_calls:
            value, call = written.value, written.record
            is_table = value is not None and value.name == "sqlalchemy.Table"
            name = self.text(source, call.args[0]) if is_table and call.args else None
            if name is not None:
                schema = self.text(source, dict(call.keywords).get("schema")) or ""
                yield Table(name, "", source, call.line, call.column, schema)

    def _schema(self, source: Source, owner: int) -> str:
        """Return the database schema that a class names in `__table_args__`."""
        if any(row.owner == owner and row.name == "__table_args__" for row in source.facts.functions):
            return f"computed by {source.class_symbols[owner]}"
        for row in source.declared_in.get(owner, ()):
            if row.target == ("name", "__table_args__") and row.value is not None:
                for part in within(row.value):
                    match part:
                        case ("dict", tuple(keys), tuple(values)) if ("const", "schema") in keys:
                            return self.text(source, values[keys.index(("const", "schema"))]) or repr(values)
        return ""

    def text(self, source: Source, shape: Shape | None, function: int = 0) -> str | None:
        """Return a text written as a literal or as a constant, here or imported."""
        return text_of(self._project, source, function, shape)
