"""The words that could come next on a command line, from the command's own declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_gen.engine.spec import CommandSpec, Param


def candidates(spec: CommandSpec, before: list[str], current: str) -> tuple[str, ...]:
    """Return what `current` could become after the words `before`; nothing leaves the shell to offer files."""
    options = {name: param for param in spec.options for name in (param.flag, param.short) if name}
    flag, equals, _ = current.partition("=")
    if equals and flag in options:
        return _starting(current, (f"{flag}={choice}" for choice in options[flag].choices))
    waiting = options.get(before[-1]) if before else None
    if waiting is not None and waiting.type != "bool" and waiting.optional_value is None:
        return _starting(current, waiting.choices)
    argument = None if current.startswith("-") else _argument(spec, options, before)
    if argument is not None and argument.choices:
        return _starting(current, argument.choices)
    if current and not current.startswith("-"):
        return ()
    given = {word.partition("=")[0] for word in before}
    free = (param.flag for param in spec.options if param.many or not {param.flag, param.short} & given)
    return _starting(current, (*free, "--help"))


def _argument(spec: CommandSpec, options: dict[str, Param], before: list[str]) -> Param | None:
    """Return the argument that the next plain word would be."""
    places = iter(spec.arguments)
    current = next(places, None)
    skip = False
    for word in before:
        if skip or word.startswith("-"):
            param = options.get(word)
            skip = not skip and param is not None and param.type != "bool" and param.optional_value is None
        elif current is not None and not current.many:
            current = next(places, None)
    return current


def _starting(current: str, words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word.startswith(current))
