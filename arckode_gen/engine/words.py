"""Reads well-formed command words without typer; anything else is left to typer by answering None."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_gen.engine.spec import CommandSpec, Param, Value


def normalise(spec: CommandSpec, argv: list[str]) -> list[str]:
    """Give an option that may stand alone its value: `--rollback` becomes `--rollback=1`."""
    optional = {param.flag: param.optional_value for param in spec.options if param.optional_value is not None}
    result: list[str] = []
    for index, word in enumerate(argv):
        following = argv[index + 1] if index + 1 < len(argv) else ""
        alone = word in optional and not following.isdecimal()
        result.append(f"{word}={optional[word]}" if alone else word)
    return result


def wants_help(argv: list[str]) -> bool:
    """Tell whether a word asks for help; after `--` words are only words."""
    return any(word in _before_words(argv) for word in ("--help", "-h"))


def wants_schema(argv: list[str]) -> bool:
    """Tell whether the command is to describe its words, whichever of them are there."""
    return "--schema" in _before_words(argv)


def _before_words(argv: list[str]) -> list[str]:
    return argv[: argv.index("--")] if "--" in argv else argv


def would_ask(spec: CommandSpec, argv: list[str]) -> bool:
    """Tell whether a person at a terminal would be asked something that these words do not answer."""
    given = {word.partition("=")[0] for word in argv}
    return given.isdisjoint({"--defaults", "--answers"}) and any(
        param.prompt and param.flag not in given for param in spec.options
    )


def read(spec: CommandSpec, argv: list[str]) -> dict[str, Value] | None:
    """Return the values of every parameter, or None when a word needs explaining or an answer is missing."""
    options = {name: param for param in spec.options for name in (param.flag, param.short) if name}
    given: dict[str, list[str]] = {}
    positional: list[str] = []
    rest = iter(argv)
    for word in rest:
        if not word.startswith("-") or word == "-":
            positional.append(word)
            continue
        flag, equals, value = word.partition("=")
        param = options.get(flag)
        if param is None or (equals and (param.type == "bool" or flag == param.short)):
            return None
        if param.type != "bool" and not equals:
            value = next(rest, "")
            if not value or value.startswith("-"):
                return None
        given.setdefault(param.name, []).append(value)
    return _collect(spec, given, positional)


def _collect(spec: CommandSpec, given: dict[str, list[str]], positional: list[str]) -> dict[str, Value] | None:
    values: dict[str, Value] = {}
    for param in spec.arguments:
        count = len(positional) if param.many else 1
        taken, positional = positional[:count], positional[count:]
        if not taken and param.required and "answers" not in given:
            return None
        if not _fill(values, param, taken):
            return None
    if positional:
        return None
    for param in spec.options:
        if param.name not in given and param.required and "answers" not in given:
            return None
        if not _fill(values, param, given.get(param.name, [])):
            return None
    return values


def _fill(values: dict[str, Value], param: Param, words: list[str]) -> bool:
    """Store the value of one parameter; tell whether its words are of its type."""
    if any(param.choices and word not in param.choices for word in words):
        return False
    if param.many:
        values[param.name] = tuple(words)
    elif not words:
        values[param.name] = False if param.type == "bool" and param.default is None else param.default
    elif param.type == "bool":
        values[param.name] = True
    elif param.type == "int":
        if not words[-1].lstrip("-").isdecimal():
            return False
        values[param.name] = int(words[-1])
    else:
        values[param.name] = words[-1]
    return True
