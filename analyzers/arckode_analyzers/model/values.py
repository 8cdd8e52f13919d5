"""What an expression stands for, as far as the source says."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["module", "class", "function", "instance", "external", "method"]


class Value(NamedTuple):
    """A thing with a canonical dotted name.

    `args` are type arguments; `of` is the receiver of a bound function or of a method we do not have the source of.
    """

    kind: Kind
    name: str
    args: tuple[Value, ...] = ()
    of: Value | None = None

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]


def instance(name: str, *args: Value) -> Value:
    return Value("instance", name, args)
