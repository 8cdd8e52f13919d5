"""Orders and the cursors that continue them, as filters that every implementation already understands."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import FilterError, ValidationError
from .fields import Field, Fields
from .filters import AllOf, AnyOf, Compare, Condition, IsNull


@dataclass(frozen=True, slots=True)
class Order:
    """One field to sort by; nulls come last in both directions."""

    field: Field
    descending: bool = False


def parse_order(order_by: Sequence[str], fields: Fields) -> tuple[Order, ...]:
    """Check an order and end it with the primary key, so that pages never overlap.

    Raises UnknownFieldError, and FilterError for a bare string or a field that has no order.
    """
    if isinstance(order_by, str):
        raise FilterError(f"order_by is a list of fields: write ['{order_by}']")
    orders = [Order(fields[name.removeprefix("-")], name.startswith("-")) for name in order_by]
    for order in orders:
        if not order.field.is_comparable:
            raise FilterError(f"'{order.field.name}' holds JSON, which has no order")
    if all(order.field.name != "id" for order in orders):
        orders.append(Order(fields["id"], bool(orders) and orders[-1].descending))
    return tuple(orders)


def cursor_of(entity: object, orders: Sequence[Order]) -> str:
    """Write down where a row stands in an order."""
    place = {_name(order): _plain(order.field.sort_value(getattr(entity, order.field.name))) for order in orders}
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def after_cursor(cursor: str, orders: Sequence[Order]) -> Condition:
    """Say which rows come after a cursor. Raises ValidationError when it does not belong to this order."""
    place = _decode(cursor)
    if list(place) != [_name(order) for order in orders]:
        raise ValidationError(
            "The cursor does not belong to this order.", fields={"after": "is not a cursor of this list"}
        )
    values = [_read(order, place[_name(order)]) for order in orders]
    choices: list[Condition] = []
    for position, order in enumerate(orders):
        same = [_equal(before.field, value) for before, value in zip(orders[:position], values, strict=False)]
        choices.append(AllOf((*same, _behind(order, values[position]))))
    return AnyOf(tuple(choices))


def _name(order: Order) -> str:
    return f"-{order.field.name}" if order.descending else order.field.name


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


def _decode(cursor: str) -> Mapping[str, object]:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        place = None
    if not isinstance(place, dict):
        raise ValidationError("The cursor cannot be read.", fields={"after": "is not a cursor"})
    return place


def _read(order: Order, value: object) -> object:
    if value is None:
        return None
    try:
        if order.field.column.type.python_type is bytes and isinstance(value, str):
            return bytes.fromhex(value)
        return order.field.read_operand(value)
    except ValueError:
        raise ValidationError("The cursor cannot be read.", fields={"after": "is not a cursor"}) from None


def _equal(field: Field, value: object) -> Condition:
    return IsNull(field) if value is None else Compare(field, "eq", value)


def _behind(order: Order, value: object) -> Condition:
    if value is None:
        return AnyOf(())
    further = Compare(order.field, "lt" if order.descending else "gt", value)
    return AnyOf((further, IsNull(order.field))) if order.field.nullable else further
