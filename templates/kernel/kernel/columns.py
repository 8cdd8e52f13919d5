"""Column types that hold and answer the same values on SQLite, PostgreSQL, MariaDB and MySQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Numeric, String, Text, Uuid
from sqlalchemy.dialects.mysql import DATETIME, LONGTEXT
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

E = TypeVar("E", bound=StrEnum)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in, aware UTC out. SQLite and MySQL would forget the zone, MySQL the microseconds too."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; make it aware, for instance with datetime.now(UTC)")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Read without the layer around `process_result_value`: every row of a list goes through it twice."""
        read = _reader(self.impl_instance, dialect, coltype)
        if dialect.name == "postgresql":
            return lambda value: None if value is None else read(value).astimezone(UTC)
        return lambda value: None if value is None else read(value).replace(tzinfo=UTC)


class ExactNumeric(TypeDecorator[Decimal]):
    """An exact decimal. SQLite has only floats, so there it is a whole number of the smallest unit."""

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        if not 0 <= scale <= precision <= 18:
            raise ValueError(f"ExactNumeric({precision}, {scale}): precision is at most 18 and scale at most precision")
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale

    @property
    def python_type(self) -> type[Decimal]:
        return Decimal

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # the driver's type differs by engine
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        if value is None:
            return None
        exact = fit(value, self.precision, self.scale)
        return int(exact.scaleb(self.scale)) if dialect.name == "sqlite" else exact

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Decimal | None]:
        """Read without the layer around `process_result_value`."""
        if dialect.name == "sqlite":
            places = -self.scale
            return lambda value: None if value is None else Decimal(value).scaleb(places)
        read, unit = _reader(self.impl_instance, dialect, coltype), Decimal(1).scaleb(-self.scale)
        return lambda value: None if value is None else Decimal(read(value)).quantize(unit)


class Guid(TypeDecorator[UUID]):
    """A UUID: native on PostgreSQL, 32 hexadecimal digits elsewhere, so that every engine sorts it the same way."""

    impl = Uuid
    cache_ok = True

    @property
    def python_type(self) -> type[UUID]:
        return UUID

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[UUID]:
        return dialect.type_descriptor(Uuid(native_uuid=dialect.name == "postgresql"))


def _reader(kind: TypeEngine[Any], dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
    """Answer what a type of the dialect makes of what the driver answers."""
    return kind.result_processor(dialect, coltype) or (lambda value: value)


def fit(value: Decimal, precision: int, scale: int) -> Decimal:
    """Bring a decimal to the scale of its column. Raises ValueError instead of rounding or overflowing."""
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that can be stored")
    if value.adjusted() >= precision - scale and value != 0:
        raise ValueError(f"at most {precision - scale} digits before the decimal point")
    exact = value.quantize(Decimal(1).scaleb(-scale))
    if exact != value:
        raise ValueError(f"at most {scale} decimal places")
    return exact + 0


def enum_column(choices: type[E], name: str) -> Enum:
    """Store an enumeration by value, in a VARCHAR with a CHECK named `ck_<name>`; `name` is `<table>_<column>`."""
    return Enum(
        choices,
        name=name,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=max(32, *(len(choice.value) for choice in choices)),
        values_callable=lambda members: [member.value for member in members],
    )


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
LongText = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
ShortString = String(255)
