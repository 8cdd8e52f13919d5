"""One tree of errors: what happened and where (the message), what to do next (the hint), and the exit code it ends in.

ArckodeError
├── UsageError        2   a word on the command line or in configuration is wrong
├── RefusedError      3   what files hold forbids the change (exists, edited, stale, cannot insert)
├── OperationError    5   something outside failed: a server, a migration, a program
└── CrashError       70   arckode itself, or a rule, failed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class ArckodeError(Exception):
    """An error that the command line prints without a traceback."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(ArckodeError):
    """The command line or the configuration asks for something that cannot be."""

    exit_code = 2


class RefusedError(ArckodeError):
    """The project's files forbid the change; nothing was written."""

    exit_code = 3


class OperationError(ArckodeError):
    """Something outside arckode failed: a server, a migration, a program that was run."""

    exit_code = 5


class CrashError(ArckodeError):
    """arckode or a rule failed in a way it should not."""

    exit_code = 70


def nearest(word: str, known: Iterable[str]) -> str:
    """Answer `did you mean 'x'?` for the closest known word, or an empty string."""
    import difflib  # only a mistake pays for it

    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""
