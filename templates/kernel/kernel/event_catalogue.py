"""Every kind of event that the application knows, so that whoever reads one reads it in its newest form."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict

from .app import Kernel
from .errors import ProgrammingError, WiringError
from .event_personal import personal_of
from .event_values import RecordedEvent

Upcaster: TypeAlias = Callable[[Mapping[str, object]], Mapping[str, object]]
_NO_UPCASTERS: Mapping[int, Upcaster] = MappingProxyType({})


class EventData(BaseModel):
    """What one kind of event says. Its type is stored and stays, whatever the class is called.

    After a change that stored data does not fit, raise `version` and let `upcasters` lead from each old version to the
    next one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    type: ClassVar[str]
    version: ClassVar[int] = 1
    upcasters: ClassVar[Mapping[int, Upcaster]] = _NO_UPCASTERS


class EventCatalogue:
    """The kinds of events by their type; aggregates add theirs. Who seals what they say of people sets `seals`."""

    def __init__(self) -> None:
        self.seals = False
        self._kinds: dict[str, type[EventData]] = {}

    @classmethod
    def of(cls, kernel: Kernel) -> "EventCatalogue":
        """Answer the application's catalogue."""
        try:
            return kernel.resolve(cls)
        except WiringError:
            made = cls()
            kernel.share(made)
            kernel.on_start(made.check)
            return made

    async def check(self) -> None:
        """Raise WiringError for events that say something about people where nothing seals it."""
        told = sorted(
            f"{kind.type} ({', '.join(personal_of(kind))})" for kind in self._kinds.values() if personal_of(kind)
        )
        if told and not self.seals:
            raise WiringError(
                f"events say something about people, and nothing seals it: {', '.join(told)}; call "
                "`use_personal_data(kernel)` in the composition root before the modules (`arckode make:personal-data`)"
            )

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self._kinds)

    @property
    def kinds(self) -> Mapping[str, type[EventData]]:
        """Answer the classes by the types of their events."""
        return self._kinds

    def add(self, kinds: Iterable[type[EventData]]) -> None:
        """Let events of these kinds be known. Raises WiringError for a type that another class has."""
        for kind in kinds:
            there = self._kinds.setdefault(kind.type, kind)
            if there is not kind:
                raise WiringError(f"{there.__name__} and {kind.__name__} are both called '{kind.type}'")

    def newest(self, recorded: RecordedEvent) -> RecordedEvent:
        """Answer an event as its newest version says it; one that nobody declared comes as it is.

        Raises ProgrammingError where no upcaster leads on.
        """
        event = recorded.event
        kind = self._kinds.get(event.type)
        if kind is None or event.version == kind.version:
            return recorded
        data = MappingProxyType(dict(upcast(kind, event.version, event.data)))
        return replace(recorded, event=replace(event, version=kind.version, data=data))


def upcast(kind: type[EventData], stored: int, data: Mapping[str, object]) -> Mapping[str, object]:
    """Answer the data of an event that was stored in a version, brought up to the version that its class is of.

    Raises ProgrammingError for a version that is newer than the class, or that no upcaster leads on from.
    """
    if stored > kind.version:
        raise ProgrammingError(f"{kind.type} is stored in version {stored}; this program knows {kind.version}")
    for version in range(stored, kind.version):
        if version not in kind.upcasters:
            raise ProgrammingError(f"{kind.type}: no upcaster leads from version {version} to {version + 1}")
        data = kind.upcasters[version](data)
    return data
