"""Edits to files that belong to someone else: each is a pure function, each has its inverse, none ever guesses.

`edits_imports`, `edits_calls` and the others beside this file say what may be edited, `wiring` chooses among them, and
here is what comes of it. `ast` says what a file means; whole lines are put in or taken out, so formatting, comments,
encoding and line ends stay. Afterwards the old statements must be a subsequence of the new ones, or the edit is
withdrawn.
"""

from __future__ import annotations

TYPE_CHECKING = False  # the constant of `typing` costs more than an edit, and so do dataclasses
if TYPE_CHECKING:
    from typing import Final


class _Outcome:
    """A value: equal to another one of its class that holds the same."""

    __slots__ = ()

    def _held(self) -> tuple[object, ...]:
        return ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, _Outcome) and self._held() == other._held()

    def __hash__(self) -> int:
        return hash((type(self), self._held()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._held()!r}"


class _Changed(_Outcome):
    __slots__ = ("text",)

    def __init__(self, text: bytes) -> None:
        self.text: Final = text

    def _held(self) -> tuple[object, ...]:
        return (self.text,)


class _Refused(_Outcome):
    __slots__ = ("patch", "reason")

    def __init__(self, reason: str, patch: str) -> None:
        self.reason: Final = reason
        self.patch: Final = patch

    def _held(self) -> tuple[object, ...]:
        return (self.reason, self.patch)


class Inserted(_Changed):
    """The file's new bytes."""

    __slots__ = ()


class AlreadyThere(_Outcome):
    """The file says it already, perhaps in other words."""

    __slots__ = ()


class CannotInsert(_Refused):
    """Why the edit has no safe place, and the lines for a person to paste."""

    __slots__ = ()


class Removed(_Changed):
    """The file's new bytes."""

    __slots__ = ()


class AlreadyGone(_Outcome):
    """Nothing of it is in the file."""

    __slots__ = ()


class CannotRemove(_Refused):
    """Why the lines stay, and which they are."""

    __slots__ = ()


class StillUsed(CannotRemove):
    """Taking it out would break code that a person wrote."""

    __slots__ = ()


Insertion = Inserted | AlreadyThere | CannotInsert
Removal = Removed | AlreadyGone | CannotRemove
