"""What every repository does to a row before it is stored, so that all of them store the same."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar
from uuid import UUID

from .clock import Clock
from .errors import FilterError, ForbiddenError, PreconditionFailedError, StaleError, ValidationError, WiringError
from .fields import Field, Fields, fields_of
from .filters import All, AllOf, Filters, IsNull, parse
from .model import Entity, SoftDeleted, Timestamped, Versioned
from .ordering import Order, parse_order
from .repository import Revisions
from .tenancy import MARK, current_tenant

E = TypeVar("E", bound=Entity)
_NOBODYS: Final = UUID(int=0)


class Rows(Generic[E]):
    """The rules of one model: checked values, defaults, timestamps, marks and versions."""

    def __init__(self, model: type[E], clock: Clock) -> None:
        self.model = model
        self.fields: Fields = fields_of(model)
        _refuse_server_defaults(self.fields)
        self.soft_deleted = issubclass(model, SoftDeleted)
        self.versioned = issubclass(model, Versioned)
        self._timestamped = issubclass(model, Timestamped)
        self._tenant = next((name for name, field in self.fields.by_name.items() if field.column.info.get(MARK)), None)
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    @property
    def limited(self) -> bool:
        """Tell whether only the rows of a tenant are seen."""
        return self._tenant is not None and current_tenant() is not None

    def new(self, values: Mapping[str, object]) -> dict[str, object]:
        """Complete a new row. Raises UnknownFieldError and ValidationError."""
        given = self._owned(self.fields.read_all(values))
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
        if self._tenant in given:
            given = self._owned(given)
        return ({"updated_at": self.now()} | given) if self._timestamped else given

    def _owned(self, given: dict[str, object]) -> dict[str, object]:
        """Give a row to the caller's tenant. Raises ForbiddenError when it names another, or there is none."""
        tenant = current_tenant()
        if self._tenant is None or tenant is None:
            return given
        if tenant.id is None or given.get(self._tenant, tenant.id) != tenant.id:
            raise ForbiddenError("This belongs to another tenant.")
        return {**given, self._tenant: tenant.id}

    def one(self, id_: object) -> AllOf:
        """Match one live row by its identifier."""
        return self.matching({"id": id_})

    def matching(self, filters: Filters | None, *, with_deleted: bool = False) -> AllOf:
        """Check a filter; leave out the rows of other tenants, and those that are marked as deleted."""
        condition = parse(filters, self.fields)
        tenant = current_tenant()
        if self._tenant is not None and tenant is not None:
            condition = AllOf((*condition.parts, *parse({self._tenant: tenant.id or _NOBODYS}, self.fields).parts))
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

    def seen(self, revisions: Revisions) -> AllOf:
        """Match rows of these revisions. Raises FilterError for a model that has none."""
        states = [{name: {"in": known}} for name, known in self._states(revisions)]
        return self.matching({"or": states}, with_deleted=True)

    def refuse_other(self, found: E, version: int | None, revisions: Revisions | None) -> None:
        """Raise StaleError or PreconditionFailedError when a row is not what the caller insists on."""
        told = f"{self.model.__name__} {found.id} was changed by somebody else; read it again"
        if version not in {None, getattr(found, "version", None)}:
            raise StaleError(told)
        if revisions is None or any(getattr(found, name) in known for name, known in self._states(revisions)):
            return
        raise PreconditionFailedError(told)

    def _states(self, revisions: Revisions) -> list[tuple[str, list[object]]]:
        """Read revisions as what may say them; an answer that shows no version says when the row was changed."""
        states: list[tuple[str, list[object]]] = []
        if self.versioned:
            states.append(("version", _read(revisions, int)))
        if self._timestamped:
            states.append(("updated_at", _read(revisions, _moment)))
        if not states:
            raise FilterError(f"{self.model.__name__} has neither version nor updated_at, so nobody can insist on one")
        return states

    def order(self, order_by: Sequence[str]) -> tuple[Order, ...]:
        return parse_order(order_by, self.fields)

    def number(self, name: str) -> Field:
        """Answer a field that can be added to. Raises FilterError for another."""
        field = self.fields[name]
        if not field.is_number:
            raise FilterError(f"'{name}' of {self.model.__name__} is not a number and cannot be incremented")
        return field


def revision_of(row: object) -> str | None:
    """Say which state of a row this is: its version, else when it was changed last; None when it says neither."""
    version, updated = getattr(row, "version", None), getattr(row, "updated_at", None)
    if type(version) is int:
        return str(version)
    if isinstance(updated, datetime) and updated.tzinfo is not None:
        return updated.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return None


def _read(revisions: Revisions, read: Callable[[str], object]) -> list[object]:
    """Read what can be read; anything else is the revision of no row."""
    found: list[object] = []
    for revision in revisions:
        try:
            found.append(read(revision))
        except ValueError:
            continue
    return found


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment


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
