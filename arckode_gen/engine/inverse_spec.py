"""The declaration of a generator's inverse, made from the generator's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.spec import CommandSpec

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Param
    from arckode_gen.engine.stubs import Stub
    from arckode_gen.engine.units import Unit


def spec(stub: Stub, name: str) -> CommandSpec:
    """Return the declaration of a stub's inverse: the words that name the unit, and no others."""
    words = tuple(param for param in stub.spec.params if param.name in stub.naming)
    example = " ".join((f"arckode {name}", *(_shown(param) for param in words if _is_needed(param))))
    return CommandSpec(
        name,
        f"Take out what `arckode {stub.spec.name}` made, unless it was edited.",
        examples=(example, f"{example} --dry-run --diff"),
        params=words,
        writes=True,
        overwrites=True,
        details=(
            "Files as they were generated are deleted, and the lines that were put into other files are taken out. "
            "What a person edited is kept and named, and the exit code is 3; with --force it goes as well, and "
            "`arckode undo` brings it back. A migration that is applied or committed stays, and one that takes it back "
            "is written."
        ),
    )


def _is_needed(param: Param) -> bool:
    return param.kind == "argument" or param.required


def _shown(param: Param) -> str:
    value = param.choices[0] if param.choices else param.metavar or param.name.upper()
    return value if param.kind == "argument" else f"{param.flag} {value}"


def line(stub: Stub | None, unit: Unit) -> str:
    """Return the command line that takes a unit out, from the words that it was made from."""
    command = f"arckode destroy:{unit.kind}"
    if stub is None:
        return f"{command} {unit.name}"
    words: list[str] = []
    for param in stub.spec.params:
        value = unit.values.get(param.name)
        if (
            param.name in stub.naming
            and value
            and not (isinstance(value, str) and param.name in {"singular", "plural"})
        ):
            text = str(value["plural"]) if isinstance(value, dict) else str(value)
            words += [text] if param.kind == "argument" else [param.flag, text]
    return " ".join((stub.spec.name.replace("make:", "arckode destroy:", 1), *(words or [unit.name])))
