"""Reading what one just wrote: a write answers a position, and a read that sends it back waits until it is known."""

from typing import Annotated

from fastapi import Depends, Header

from ..event_values import POSITION, Position

_Sent = Annotated[
    str | None,
    Header(pattern=f"^{POSITION}$", description="A position that a write answered; what it did is in the answer then."),
]


def after_position(event_position: _Sent = None) -> Position | None:
    """Read the header `Event-Position`."""
    return None if event_position is None else Position.parse(event_position)


AfterPosition = Annotated[Position | None, Depends(after_position)]
