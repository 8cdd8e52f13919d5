"""Asks on the terminal; whoever calls knows that there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call


def typed(question: str, call: Call) -> str:
    """Return the line that was typed; an end of input is an empty one."""
    call.say(f"{question}:")
    try:
        return input().strip()
    except EOFError:
        return ""
