"""The rules of one kind of aggregate, and what its state looks like when it is written down."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError

from .errors import WiringError
from .event_catalogue import EventData
from .event_personal import personal_of

S = TypeVar("S")
C = TypeVar("C")


class Command(BaseModel):
    """What somebody wants to happen."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Unique(Generic[S]):
    """What no two aggregates of a kind may have at once; `of` answers it of a state, None where there is nothing.

    Case and the forms of Unicode do not tell two values apart.
    """

    name: str
    of: Callable[[S], str | None]


@dataclass(frozen=True, slots=True)
class Decider(Generic[S, C]):
    """The rules of one kind of aggregate. The state is None until the first event.

    `one` is what people call such a thing, `category` begins the names of its streams. `decide` answers what happens,
    nothing when nothing does, and raises an AppError for what must not; `evolve` is given the time of the event.
    Neither may have effects (ARC606). Raise `revision` when `evolve` makes something else of the same events, so that
    no snapshot says what it made of them before. What is `unique` is reserved with the events that lead to it, and let
    go with those that lead away from it.
    """

    one: str
    category: str
    events: Sequence[type[EventData]]
    decide: Callable[[S | None, C], Sequence[EventData]]
    evolve: Callable[[S | None, EventData, datetime], S]
    revision: int = 1
    unique: Sequence[Unique[S]] = ()

    def fold(self, state: S | None, events: Iterable[tuple[EventData, datetime]]) -> S | None:
        """Answer what a state becomes by events."""
        for data, at in events:
            state = self.evolve(state, data, at)
        return state


class StateForm(Generic[S]):
    """How a decider's states are written and read; `key` is another one for every form that they have had."""

    def __init__(self, decider: Decider[S, Any]) -> None:
        """Raises WiringError when `evolve` does not say what it answers, or what that is cannot be written."""
        self._adapter: TypeAdapter[S] = _adapter(decider)
        events = sorted((kind.type, kind.version) for kind in decider.events)
        form: list[object] = [self._adapter.json_schema(), decider.revision, events]
        if personal := sorted(kind.type for kind in decider.events if personal_of(kind)):
            form.append(personal)  # what was kept in the clear, before they were marked, is not read any more
        self.key = hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()

    def write(self, state: S) -> str:
        """Write a state. Raises ValueError for one that would not come back as it is."""
        text = self._adapter.dump_json(state).decode()
        if self.read(text) != state:
            raise ValueError("it would not come back as it is")
        return text

    def read(self, text: str) -> S:
        """Read what `write` wrote. Raises ValueError for anything else."""
        return self._adapter.validate_json(text)

    def plain(self, state: S) -> object:
        """Answer a state as JSON has it."""
        return self._adapter.dump_python(state, mode="json")


def _adapter(decider: Decider[S, Any]) -> TypeAdapter[S]:
    try:
        adapter: TypeAdapter[S] = TypeAdapter(_answered(decider.evolve))
        adapter.json_schema()
    except (KeyError, NameError, PydanticInvalidForJsonSchema, PydanticSchemaGenerationError) as error:
        raise WiringError(
            f"what evolve of the {decider.category} answers cannot be written down ({error}); annotate it with a data "
            "class or a Pydantic model whose types can be imported"
        ) from error
    return adapter


def _answered(function: Callable[..., S]) -> type[S]:
    """Answer what a function is annotated to answer; what it takes may be imported for type checkers only."""
    said = {"answer": getattr(function, "__annotations__", {})["return"]}
    told = get_type_hints(type("Said", (), {"__annotations__": said, "__module__": function.__module__}))
    return cast("type[S]", told["answer"])
