"""What goes in and out as JSON: camelCase outside, snake_case inside, and nothing that was not declared."""

import base64
import binascii
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)

from ..model import Entity
from .names import json_name

T = TypeVar("T")

_NOTHING: Any = None  # stands in for a value of every type, as pydantic's own Field does


class ApiModel(BaseModel):
    """The base of every request and response body."""

    model_config = ConfigDict(
        alias_generator=json_name,
        extra="forbid",
        from_attributes=True,
        populate_by_name=True,
        hide_input_in_errors=True,
        protected_namespaces=(),  # a name that pydantic has is spelt with an underscore; its prefixes are anybody's
    )

    @model_validator(mode="before")
    @classmethod
    def _read_row(cls, value: object) -> object:
        """Read a row by Python names: under its JSON name, a column called `metadata` is SQLAlchemy's own attribute."""
        if not isinstance(value, Entity):
            return value
        loaded, names = value.__dict__, cls.__pydantic_fields__
        found = {name: loaded[name] for name in names if name in loaded}
        if len(found) == len(names):
            return found
        return found | {name: getattr(value, name) for name in names if name not in loaded and hasattr(value, name)}

    def values(self) -> dict[str, object]:
        """Answer what the caller sent, and only that, under the Python names."""
        return self.model_dump(exclude_unset=True)


def unchanged(default: T = _NOTHING) -> T:
    """Mark a field of a partial update: leaving it out is allowed and changes nothing, null only where declared."""
    return Field(default_factory=lambda: default)


class PageOut(ApiModel, Generic[T]):
    """A numbered page; `total` and `totalPages` are null when the caller asked for `total=false`."""

    data: list[T]
    total: int | None
    page: int
    limit: int
    total_pages: int | None


class CursorPageOut(ApiModel, Generic[T]):
    """A page that continues at `next`, until `next` is null."""

    data: list[T]
    next: str | None
    limit: int


def _http_url(value: str) -> str:
    _urls.validate_python(value)
    return value


def _from_base64(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("must be base64") from None


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


_urls = TypeAdapter(AnyHttpUrl)

Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"),
    Field(json_schema_extra={"format": "email"}),
]
Url = Annotated[
    str, StringConstraints(max_length=2048), AfterValidator(_http_url), Field(json_schema_extra={"format": "uri"})
]
Slug = Annotated[str, StringConstraints(max_length=255, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
UuidText = Annotated[UUID, PlainSerializer(str)]  # inside a JSON column, which holds text
Binary = Annotated[
    bytes,
    BeforeValidator(_from_base64),
    PlainSerializer(_to_base64, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
