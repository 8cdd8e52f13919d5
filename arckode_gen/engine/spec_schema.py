"""A command's parameters as a JSON schema, for editors and agents that call arckode."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.spec import CommandSpec, Param

_TYPES: Mapping[str, str] = {"str": "string", "path": "string", "int": "integer", "bool": "boolean"}


def schema(spec: CommandSpec) -> dict[str, object]:
    """Return a JSON Schema (draft 2020-12) of the command's words.

    `x-position` counts the arguments from 0; `x-flag` is how an option is written on the command line.
    """
    positions = {param.name: index for index, param in enumerate(spec.arguments)}
    params = (*spec.arguments, *spec.options)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": spec.name,
        "description": spec.summary,
        "type": "object",
        "properties": {param.name: _property(param, positions.get(param.name)) for param in params},
        "required": [param.name for param in params if param.required],
        "additionalProperties": False,
    }


def _property(param: Param, position: int | None) -> dict[str, object]:
    word: dict[str, object] = {"type": _TYPES[param.type]}
    if param.choices:
        word["enum"] = list(param.choices)
    found: dict[str, object] = {"type": "array", "items": word} if param.many else word
    if param.help:
        found["description"] = param.help
    if param.default is not None:
        found["default"] = list(param.default) if isinstance(param.default, tuple) else param.default
    where: dict[str, object] = {"x-flag": param.flag} if position is None else {"x-position": position}
    return {**found, **where}
