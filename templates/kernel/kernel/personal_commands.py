"""What stored commands say about people: sealed with the key of the person until they are handled."""

from collections.abc import Mapping
from typing import Final, cast
from uuid import UUID

from pydantic import BaseModel

from .database import Database
from .errors import ProgrammingError
from .event_personal import ERASED, subjects_of
from .personal_keys import ForgottenError, PersonalKeys

_MARK: Final = "$personal"


class PersonalCommands:
    """Seals and opens the marked fields of commands; implements CommandSeals."""

    def __init__(self, database: Database) -> None:
        self._keys = PersonalKeys(database)

    async def seal(self, command: BaseModel, command_id: UUID) -> dict[str, object]:
        values = command.model_dump(mode="json")
        said = _said(type(command), values)
        keys = await self._keys.hold(set(said.values())) if said else {}
        for name, person in said.items():
            sealed = keys[person].seal(values[name], _place(command_id, name))
            values[name] = {_MARK: {"subject": person, "sealed": sealed}}
        return values

    async def open(self, kind: type[BaseModel], values: Mapping[str, object], command_id: UUID) -> Mapping[str, object]:
        sealed = {name: mark for name in subjects_of(kind) if (mark := _mark(values.get(name))) is not None}
        keys = await self._keys.find({mark["subject"] for mark in sealed.values()})
        opened = dict(values)
        for name, mark in sealed.items():
            person = mark["subject"]
            if person not in keys:
                message = "it belongs into the table personal_keys; restore it with the queue"
                raise ProgrammingError(f"the key of {person} is missing: {message}")
            key = keys[person]
            if key is None:
                raise ForgottenError(f"{person} was forgotten before {kind.__name__} was handled")
            opened[name] = key.open(mark["sealed"], _place(command_id, name))
        return opened

    async def digested(self, command: BaseModel) -> dict[str, object]:
        values = command.model_dump(mode="json")
        said = _said(type(command), values)
        keys = await self._keys.hold(set(said.values())) if said else {}
        return {**values, **{name: keys[person].digest(values[name], name) for name, person in said.items()}}


def _said(kind: type[BaseModel], values: Mapping[str, object]) -> dict[str, str]:
    """Answer the fields that are about somebody, with whom."""
    return {
        name: str(values[subject] or "")
        for name, subject in subjects_of(kind).items()
        if values[name] is not None and values[name] != ERASED
    }


def _mark(value: object) -> Mapping[str, str] | None:
    if isinstance(value, dict) and value.keys() == {_MARK}:
        return cast("Mapping[str, str]", value[_MARK])
    return None  # it was stored before the field was marked


def _place(command_id: UUID, name: str) -> str:
    return f"{command_id} {name}"
