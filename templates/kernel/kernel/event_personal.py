"""What events and commands say about people: marked fields, so that a part of the project lets people be forgotten."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, get_args
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from .errors import WiringError
from .events import Event

if TYPE_CHECKING:
    from .event_catalogue import EventData

ERASED: Final = "[erased]"
_BY_ITS_TYPE: Final = object()


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks what an event or a command says about a person: `email: Annotated[str, Personal()]`.

    The person of an event is the aggregate itself; `subject` names the field with the id of another one, and a command
    always names one. `erased` is what is read of an event once the person was forgotten: "[erased]" for text and None
    for what may be None, unless it is said.
    """

    subject: str = ""
    erased: object = _BY_ITS_TYPE


@dataclass(frozen=True, slots=True)
class PersonalField:
    """A marked field, with what stands for it afterwards as JSON has it."""

    subject: str
    erased: object

    def of(self, event: Event) -> str:
        """Answer whom an event tells about in this field."""
        return str(event.data.get(self.subject) or "") if self.subject else event.key


class StateSeals(Protocol):
    """Seals what is kept of aggregates beside their events."""

    async def seal(self, stream: str, text: str) -> str | None:
        """Answer what may be stored; None when nothing may, because the person was forgotten."""
        ...

    async def open(self, stream: str, sealed: str) -> str | None:
        """Answer what was sealed; None when nobody can read it any more."""
        ...


class CommandSeals(Protocol):
    """Seals what is kept of commands until they are handled, and afterwards."""

    async def seal(self, command: BaseModel, command_id: UUID) -> dict[str, object]:
        """Answer the values of a command as they may be stored, in the running transaction. Raises ForgottenError."""
        ...

    async def open(self, kind: type[BaseModel], values: Mapping[str, object], command_id: UUID) -> Mapping[str, object]:
        """Answer the values of a stored command. Raises ForgottenError when the person was forgotten meanwhile."""
        ...

    async def digested(self, command: BaseModel) -> dict[str, object]:
        """Answer the values of a command with a digest under the person's key in place of each that is personal.

        Raises ForgottenError.
        """
        ...


def is_personal(kinds: "Iterable[type[EventData]]") -> bool:
    """Tell whether any of these events says something about a person."""
    return any(personal_of(kind) for kind in kinds)


def tells_of_others(kinds: "Iterable[type[EventData]]") -> bool:
    """Tell whether any of these events says something about another person than the aggregate is."""
    return any(field.subject for kind in kinds for field in personal_of(kind).values())


@cache
def personal_of(kind: "type[EventData]") -> Mapping[str, PersonalField]:
    """Answer the marked fields of an event.

    Raises WiringError for a mark on a part of a field, which would not be sealed, for a subject that is no field, or
    where nothing fits that could stand for what was erased.
    """
    fields = {
        name: PersonalField(mark.subject, _placeholder(kind, name, kind.model_fields[name], mark))
        for name, mark in _marks(kind).items()
    }
    return MappingProxyType(fields)


@cache
def subjects_of(kind: type[BaseModel]) -> Mapping[str, str]:
    """Answer the marked fields of a command, with the field that says whom each is about.

    Raises WiringError for a mark that says nobody, on a part of a field, or whose subject is no field.
    """
    marks = _marks(kind)
    for name, mark in marks.items():
        if not mark.subject:
            raise WiringError(
                f"{kind.__name__}.{name} is personal and does not say about whom; write Personal(subject=...) with the "
                "name of the field that has the person's id"
            )
    return MappingProxyType({name: mark.subject for name, mark in marks.items()})


def _marks(kind: type[BaseModel]) -> Mapping[str, Personal]:
    found: dict[str, Personal] = {}
    for name, field in kind.model_fields.items():
        for mark in field.metadata:
            if isinstance(mark, Personal):
                if mark.subject and mark.subject not in kind.model_fields:
                    raise WiringError(f"{kind.__name__}.{name} is about the person in '{mark.subject}', which it lacks")
                found[name] = mark
        if name not in found and any(_is_marked(each, ()) for each in (field.annotation, *field.metadata)):
            raise WiringError(
                f"{kind.__name__}.{name} is marked in a part of it, and only whole fields are sealed; write "
                f"{name}: Annotated[..., Personal()] around all of its type"
            )
    return MappingProxyType(found)


def _is_marked(part: object, around: tuple[type[BaseModel], ...]) -> bool:
    """Tell whether a type has the mark anywhere inside: in a choice, a list, another model, or without its brackets."""
    if part is Personal or isinstance(part, Personal):
        return True
    if isinstance(part, type) and issubclass(part, BaseModel):
        fields = part.model_fields.values() if part not in around else ()
        parts = (each for field in fields for each in (field.annotation, *field.metadata))
        return any(_is_marked(each, (*around, part)) for each in parts)
    named = getattr(part, "__value__", None)  # of what the statement `type` gave a name
    return any(_is_marked(each, around) for each in (get_args(part) if named is None else (named,)))


def _placeholder(kind: "type[EventData]", name: str, field: FieldInfo, mark: Personal) -> object:
    tried = (ERASED, None) if mark.erased is _BY_ITS_TYPE else (mark.erased,)
    constraints = [each for each in field.metadata if not isinstance(each, Personal)]
    allowed: Any = field.annotation
    for constraint in constraints:
        allowed = Annotated[allowed, constraint]
    for value in tried:
        try:
            TypeAdapter(allowed).validate_python(value)
        except ValidationError:
            continue
        return to_jsonable_python(value)
    raise WiringError(
        f"{kind.__name__}.{name} is personal, and {' or '.join(map(repr, tried))} does not fit it once it is erased; "
        "let it be None, or say Personal(erased=...)"
    )
