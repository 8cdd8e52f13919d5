"""Lists asked for in a query string, with every field that may be filtered or sorted by declared and typed.

    class OrderQuery(QueryModel):
        filterable: ClassVar[tuple[str, ...]] = ("status", "total")
        sortable: ClassVar[tuple[str, ...]] = ("created_at", "total")
        searchable: ClassVar[tuple[str, ...]] = ("note",)

        search: Search | None = None
        status: OrderStatus | None = None
        total_gte: Decimal | None = None

reads `?search=gift&status=paid&totalGte=10&sort=-createdAt&page=2`. A key that is not declared is refused,
never ignored.
"""

from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from ..errors import WiringError, suggestion
from ..repository import ListQuery
from .names import json_name
from .schema import ApiModel

_OPERATORS = ("eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "contains", "icontains", "startswith", "is_null")
_PAGING = frozenset({"page", "limit", "search", "sort", "total"})

Search = Annotated[str, Field(max_length=200, description="What one of the texts of a row holds, in any case.")]
"""The parameter `search` of a list that declares what is `searchable`."""


class QueryModel(ApiModel):
    """The base of a list's query: paging, sorting and whether to count."""

    filterable: ClassVar[tuple[str, ...]] = ()
    sortable: ClassVar[tuple[str, ...]] = ()
    searchable: ClassVar[tuple[str, ...]] = ()
    _conditions: ClassVar[dict[str, tuple[str, str]]] = {}

    page: Annotated[int, Field(ge=1, le=1_000_000, description="Which page, from 1.")] = 1
    limit: Annotated[int, Field(ge=1, le=200, description="How many per page.")] = 20
    sort: Annotated[str | None, Field(description="Fields to sort by, for instance `-createdAt,id`.")] = None
    total: Annotated[bool, Field(description="Whether to count all matches; false saves a query.")] = True

    @classmethod
    def __pydantic_init_subclass__(cls, **_options: object) -> None:
        """Work out which field and operator each parameter means. Raises WiringError when it means none."""
        cls._conditions = {name: _condition(cls, name) for name in cls.model_fields if name not in _PAGING}
        names = "|".join(sorted(json_name(name) for name in {*cls.sortable, "id"}))
        cls.model_fields["sort"].json_schema_extra = {"pattern": f"^-?({names})(,-?({names}))*$"}

    @field_validator("sort")
    @classmethod
    def _is_sortable(cls, value: str | None) -> str | None:
        if not value:
            return value
        known = {json_name(name) for name in (*cls.sortable, "id")}
        for name in value.split(","):
            if name.removeprefix("-") not in known:
                raise ValueError(f"cannot sort by that{suggestion(name.removeprefix('-'), known)}")
        return value

    def listing(self) -> ListQuery:
        """Answer the query in the terms of a repository; parameters that are absent or empty filter nothing."""
        conditions: dict[str, dict[str, object]] = {}
        for name, (field, operator) in self._conditions.items():
            value = getattr(self, name)
            if value is not None:
                conditions.setdefault(field, {})[operator] = value
        filters: dict[str, object] = dict(conditions)
        words = getattr(self, "search", None) if self.searchable else None
        if words:
            filters["or"] = [{name: {"icontains": words}} for name in self.searchable]
        return ListQuery(filters, self.page, self.limit, self._order(), self.total)

    def _order(self) -> tuple[str, ...]:
        if not self.sort:
            return ()
        by_json = {json_name(name): name for name in (*self.sortable, "id")}
        words = self.sort.split(",")
        return tuple(("-" if word.startswith("-") else "") + by_json[word.removeprefix("-")] for word in words)


def _condition(model: type[QueryModel], name: str) -> tuple[str, str]:
    if name in model.filterable:
        return name, "eq"
    for operator in sorted(_OPERATORS, key=len, reverse=True):
        field = name.removesuffix(f"_{operator}")
        if field != name and field in model.filterable:
            return field, operator
    raise WiringError(
        f"{model.__name__}.{name} is neither a filterable field nor <field>_<operator>"
        f"{suggestion(name, model.filterable)}"
    )
