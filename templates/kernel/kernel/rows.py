"""What every repository does to a row before it is stored, so that all of them store the same."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from .clock import Clock
from .errors import FilterError, ValidationError, WiringError
from .fields import Field, Fields, fields_of
from .filters import All, AllOf, Filters, IsNull, parse
from .model import Entity, SoftDeleted, Timestamped, Versioned
from .ordering import Order, parse_order

E = TypeVar("E", bound=Entity)


class Rows(Generic[E]):
    """The rules of one model: checked values, defaults, timestamps, marks and versions."""

    def __init__(self, model: type[E], clock: Clock) -> None:
        self.model = model
        self.fields: Fields = fields_of(model)
        _refuse_server_defaults(self.fields)
        self.soft_deleted = issubclass(model, SoftDeleted)
        self.versioned = issubclass(model, Versioned)
        self._timestamped = issubclass(model, Timestamped)
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def new(self, values: Mapping[str, object]) -> dict[str, object]:
        """Complete a new row. Raises UnknownFieldError and ValidationError."""
        given = self.fields.read_all(values)
        if self._timestamped:
            now = self.now()
            given = {"created_at": now, "updated_at": now} | given
        self.fields.refuse_missing(given)
        for name, field in self.fields.by_name.items():
            if name not in given:
                given[name] = default_of(field)
        return given

    def changes(self, values: Mapping[str, object]) -> dict[str, object]:
        """Complete a change. Raises UnknownFieldError, and ValidationError for the identifier too."""
        given = self.fields.read_all(values)
        if "id" in given:
            raise ValidationError("The identifier of a row never changes.", fields={"id": "cannot be changed"})
        return ({"updated_at": self.now()} | given) if self._timestamped else given

    def one(self, id_: object) -> AllOf:
        """Match one live row by its identifier."""
        return self.matching({"id": id_})

    def matching(self, filters: Filters | None, *, with_deleted: bool = False) -> AllOf:
        """Check a filter and leave out the rows that are marked as deleted."""
        condition = parse(filters, self.fields)
        if self.soft_deleted and not with_deleted:
            return AllOf((*condition.parts, IsNull(self.fields["deleted_at"])))
        return condition

    def matching_many(self, filters: Filters | All) -> AllOf:
        """Check the filter of a bulk write. Raises FilterError when it would touch every row without saying so."""
        if isinstance(filters, All):
            return self.matching(None)
        if not filters:
            raise FilterError(f"this would touch every {self.model.__name__}; pass ALL if that is meant")
        return self.matching(filters)

    def order(self, order_by: Sequence[str]) -> tuple[Order, ...]:
        return parse_order(order_by, self.fields)

    def number(self, name: str) -> Field:
        """Answer a field that can be added to. Raises FilterError for another."""
        field = self.fields[name]
        if not field.is_number:
            raise FilterError(f"'{name}' of {self.model.__name__} is not a number and cannot be incremented")
        return field


def _refuse_server_defaults(fields: Fields) -> None:
    """A default only the server knows could not be answered without reading the row again, nor by memory at all."""
    for name, field in fields.by_name.items():
        if field.column.server_default is not None and field.column.default is None:
            raise WiringError(f"{fields.model.__name__}.{name} has a server_default alone; give it a default as well")


def default_of(field: Field) -> object:
    """Answer the default a column declares, or None."""
    default = field.column.default
    if default is None:
        return None
    if default.is_callable:
        return default.arg(None)  # type: ignore[attr-defined]  # the union is narrowed by is_callable
    return getattr(default, "arg", None)


def refuse_bad_limits(limit: int | All, offset: int = 0) -> None:
    """Raise FilterError for a limit or an offset no list can have."""
    if offset < 0 or (not isinstance(limit, All) and limit < 1):
        raise FilterError(f"limit {limit} and offset {offset}: a limit is at least 1 and an offset at least 0")
