"""The fields of answers that show what a model keeps secret."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.routes import Route
    from arckode_analyzers.model.schemas import SchemaField

_MASKED = frozenset({"pydantic.SecretStr", "pydantic.SecretBytes"})
_EVERYWHERE = frozenset({"id", "created_at", "updated_at"})
_MOST = 0.6
_ENOUGH = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of a schema that an answer has, and the model whose secret it holds."""

    field: SchemaField
    schema: str
    model: str
    handler: FunctionAt


class SecretAnswers:
    """Every such field of a project, each once."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis

    @cached_property
    def shown(self) -> tuple[Shown, ...]:
        secrets = self._analysis.secret_values
        if not secrets.hashed and not secrets.tokens:
            return ()
        found: dict[tuple[str, int], Shown] = {}
        for route in self._analysis.routes.all:
            for each in self._of(route):
                found.setdefault((each.field.source.path, each.field.line), each)
        return tuple(found.values())

    def filters(self, route: Route) -> bool:
        """Tell whether a schema decides what of a returned value is shown."""
        value = self._schema(route)
        return value is not None and self._analysis.schemas.of(Value("class", value.name)) is not None

    def _schema(self, route: Route) -> Value | None:
        handler = route.handler
        said = route.keyword("response_model")
        if said is not None:
            return self._analysis.resolver.annotation(route.source, route.function, said)
        if handler is None or handler.record.returns is None:
            return None
        return self._analysis.resolver.annotation(handler.source, handler.record.parent, handler.record.returns)

    def _of(self, route: Route) -> Iterator[Shown]:
        value = self._schema(route)
        if value is None or route.handler is None:
            return
        left_out = _texts(route.keyword("response_model_exclude"))
        for each in self._schemas(value, {}):
            schema = self._analysis.schemas.of(each)
            for name, field in () if schema is None else schema.fields.items():
                if field.is_excluded or name in left_out or self._is_masked(field):
                    continue
                model = self._holder(each, name, route)
                if model:
                    yield Shown(field, each.name, model, route.handler)

    def _is_masked(self, field: SchemaField) -> bool:
        said = self._analysis.resolver.annotation(field.source, 0, field.annotation)
        return said is not None and said.name in _MASKED

    def _schemas(self, value: Value, seen: dict[str, Value]) -> list[Value]:
        """Return the schemas of an answer, those inside lists, pages and other schemas included."""
        for each in (value, *value.args):
            if each.name in seen or len(seen) > _ENOUGH:
                continue
            seen[each.name] = Value("class", each.name)
            schema = self._analysis.schemas.of(seen[each.name])
            for field in () if schema is None else schema.fields.values():
                said = self._analysis.resolver.annotation(field.source, 0, field.annotation)
                if said is not None:
                    self._schemas(said, seen)
            for argument in each.args:
                self._schemas(argument, seen)
        return list(seen.values())

    def _holder(self, schema: Value, name: str, route: Route) -> str:
        """Return the model whose secret a field shows; a token may be shown once, when it is made."""
        secrets = self._analysis.secret_values
        shown_once = "POST" in route.methods
        for model, field in sorted(secrets.hashed | (frozenset() if shown_once else secrets.tokens)):
            if field == name and self._describes(schema, Value("class", model)):
                return model
        return ""

    def _describes(self, schema: Value, model: Value) -> bool:
        """Tell whether a model declares most of what a schema does."""
        found = self._analysis.schemas.of(schema)
        names = frozenset(() if found is None else found.fields)
        known = self._analysis.secret_values.fields(model) | _EVERYWHERE
        return len(names & known) >= max(2, _MOST * len(names))


def _texts(shape: Shape | None) -> set[str]:
    return {str(part[1]) for part in within(shape) if part[0] == "const"} if shape is not None else set()
