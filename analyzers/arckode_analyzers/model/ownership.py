"""Which rows belong to somebody: the columns that say whose a row is, and the ones that identify it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.capabilities import is_random
from arckode_analyzers.model.constants import text_of
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arckode_analyzers.facts.records import Binding
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_REFERENCES = frozenset({"sqlalchemy.ForeignKey"})
_IDENTIFY = frozenset({"primary_key", "unique"})
_DEFAULTS = frozenset({"default", "default_factory", "insert_default"})


class Ownership:
    """Reads models: marks, references to the caller's table, keys."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._resolver = analysis.resolver

    def model_in(self, value: Value | None) -> str:
        """Return the model that a class, an instance or a type argument is, or an empty text."""
        if value is None:
            return ""
        for candidate in (value, *value.args):
            if self._analysis.tables.is_model(Value("class", candidate.name)):
                return candidate.name
        return ""

    def is_scoped(self, model: str) -> bool:
        """Tell whether the runtime adds the caller's tenant to every query of a model."""
        ancestors = self._resolver.ancestors(Value("class", model))
        return any(each.name == "kernel.Entity" for each in ancestors) and bool(self.marked(model, "tenant"))

    def marked(self, model: str, *marks: str) -> tuple[str, ...]:
        """Return the columns declared with `info={"owner": True}` or another mark."""
        return tuple(
            name
            for _, name, row in self._columns(model)
            if any(_says(row.value, ("const", mark)) for mark in marks if row.value is not None)
        )

    def references(self, model: str, tables: Iterable[str]) -> tuple[str, ...]:
        """Return the columns that refer to one of some tables."""
        wanted = frozenset(tables)
        return tuple(
            name
            for source, name, row in self._columns(model)
            for target in self._targets(source, row.value)
            if target in wanted
        )

    def identifies(self, model: str, column: str) -> bool:
        """Tell whether a value of this column names one row to anybody, not only to whom it was given."""
        if column == "id":
            return True
        return any(
            name == column and row.value is not None and _is_key(row.value) and not self._is_random(source, row.value)
            for source, name, row in self._columns(model)
        )

    def _is_random(self, source: Source, declared: Shape) -> bool:
        """Tell whether a column's default is a value that nobody can guess."""
        return any(
            name in _DEFAULTS and is_random(self._analysis, source, 0, shape)
            for part in within(declared)
            if part[0] == "call"
            for name, shape in part[3]  # type: ignore[attr-defined]  # a call's fourth part are pairs
        )

    def table(self, model: str) -> str:
        """Return the table of a model; SQLModel names it after the class."""
        table = self._analysis.tables.by_model.get(model)
        return model.rpartition(".")[2].lower() if table is None else table.name

    def _targets(self, source: Source, shape: Shape | None) -> Iterator[str]:
        """Yield the tables that a column's declaration refers to, as `users.id` or as `User.id`."""
        for part in () if shape is None else within(shape):
            match part:
                case ("call", tuple(func), (tuple(first), *_), tuple(pairs)):
                    value = self._resolver.value(source, 0, func)
                    if value is not None and value.name in _REFERENCES:
                        yield from self._table_of(source, first)
                    yield from self._keyword(source, pairs)
                case ("call", _, (), tuple(pairs)):
                    yield from self._keyword(source, pairs)

    def _keyword(self, source: Source, pairs: tuple[tuple[str, Shape], ...]) -> Iterator[str]:
        given = dict(pairs).get("foreign_key")
        if given is not None:
            yield from self._table_of(source, given)

    def _table_of(self, source: Source, shape: Shape) -> Iterator[str]:
        text = text_of(self._analysis.project, source, 0, shape)
        if text is not None:
            yield text.rpartition(".")[0]
        elif shape[0] == "attr" and isinstance(shape[1], tuple):
            model = self.model_in(self._resolver.value(source, 0, shape[1]))
            if model:
                yield self.table(model)

    def _columns(self, model: str) -> Iterator[tuple[Source, str, Binding]]:
        for ancestor in self._resolver.ancestors(Value("class", model)):
            klass = self._analysis.project.classes.get(ancestor.name)
            if klass is None or "kernel" in klass.source.layers:
                continue
            for row in klass.source.declared_in.get(klass.index, ()):
                if row.target[0] == "name":
                    yield klass.source, str(row.target[1]), row
            for name, method in self._analysis.project.methods(klass):
                for result in method.source.results_of.get(method.index, ()):
                    if any(shape[-1] == "declared_attr" for shape in method.record.decorators):
                        yield klass.source, name, _column(result.value, klass.index)


def _column(value: Shape, owner: int) -> Binding:
    from arckode_analyzers.facts.records import Binding

    return Binding(0, owner, ("name", ""), None, value, "=", (), 0, 0)


def _says(shape: Shape, mark: Shape) -> bool:
    """Tell whether a declaration carries a mark in `info={...: True}`."""
    for part in within(shape):
        match part:
            case ("call", _, _, tuple(pairs)):
                match dict(pairs).get("info"):
                    case ("dict", tuple(keys), tuple(values)):
                        if any(
                            key == mark and value == ("const", True) for key, value in zip(keys, values, strict=True)
                        ):
                            return True
    return False


def _is_key(shape: Shape) -> bool:
    return any(
        part[0] == "call" and any(name in _IDENTIFY and value == ("const", True) for name, value in part[3])  # type: ignore[attr-defined]  # a call's fourth part are pairs
        for part in within(shape)
    )
