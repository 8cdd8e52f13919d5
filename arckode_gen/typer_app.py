"""Builds a typer command from a CommandSpec: error messages and prompts for people."""

from __future__ import annotations

import inspect
import keyword
import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, cast

import click

from arckode_gen.errors import UsageError, nearest

with warnings.catch_warnings():  # the typer that starts fast imports names that newer clicks deprecate
    warnings.simplefilter("ignore", DeprecationWarning)
    import typer
    from typer.main import get_command

if TYPE_CHECKING:
    from arckode_gen.engine.spec import CommandSpec, Param, Value

_TYPES: dict[str, type] = {"str": str, "int": int, "bool": bool, "path": str}


def read(spec: CommandSpec, argv: list[str], *, interactive: bool) -> dict[str, Value]:
    """Parse words with typer, asking for what a person at a terminal left out.

    Raises:
        UsageError: a word is wrong or an answer is missing.
        KeyboardInterrupt: a question was interrupted.
    """
    _refuse_missing_value(spec, argv)
    result: dict[str, Value] = {}
    answered = any(word.partition("=")[0] == "--answers" for word in argv)
    command = build(spec, result, interactive=interactive, answered=answered)
    try:
        command.main(argv, prog_name=f"arckode {spec.name}", standalone_mode=False)
    except click.exceptions.Abort as error:  # click does not tell Ctrl-C from the end of the input
        click.echo(err=True)  # the question's line is still open
        raise KeyboardInterrupt from error
    except click.ClickException as error:
        raise _explained(spec, error) from error
    return result


def build(
    spec: CommandSpec, result: dict[str, Value], *, interactive: bool = False, answered: bool = False
) -> click.Command:
    """Return a command that stores the parsed values in `result`; `answered` says that a file may hold the rest."""

    params = (*spec.arguments, *spec.options)
    known = {_python_name(param): param for param in params}

    def store(**values: object) -> None:
        for name, value in values.items():
            param = known[name]
            result[param.name] = tuple(cast("list[str]", value or [])) if param.many else cast("Value", value)

    parameters = [_parameter(each, interactive=interactive, required=each.required and not answered) for each in params]
    store.__doc__ = spec.summary
    store.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect.signature
    store.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(store)
    return get_command(app)


def _python_name(param: Param) -> str:
    """Typer reads parameters from a Python function, which cannot have one that is called `from`."""
    return f"{param.name}_" if keyword.iskeyword(param.name) else param.name


def _parameter(param: Param, *, interactive: bool, required: bool) -> inspect.Parameter:
    base = _TYPES[param.type]
    annotation: object = base if param.type == "bool" else (base | None)
    default: object = (False if param.default is None else param.default) if param.type == "bool" else param.default
    if param.many:
        annotation, default = (list[str] if required else list[str] | None), None
    if required:
        annotation, default = (list[str] if param.many else base), inspect.Parameter.empty
    return inspect.Parameter(
        _python_name(param),
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[annotation, _info(param, interactive=interactive)],
    )


def _info(param: Param, *, interactive: bool) -> object:
    choice = click.Choice(param.choices) if param.choices else None
    metavar = param.metavar or None
    if param.kind == "argument":
        return typer.Argument(help=param.help, metavar=metavar, click_type=choice)
    names = [param.flag, param.short] if param.short else [param.flag]
    prompt = param.prompt if param.prompt and interactive else False
    if param.type == "bool":
        return typer.Option(*names, help=param.help, prompt=prompt)
    return typer.Option(*names, help=param.help, metavar=metavar, click_type=choice, prompt=prompt)


def _refuse_missing_value(spec: CommandSpec, argv: list[str]) -> None:
    """Click would take the next flag for the value: `--table --json` is a table called `--json` to it."""
    taking = {name for param in spec.options if param.type != "bool" for name in (param.flag, param.short) if name}
    known = {name for param in spec.options for name in (param.flag, param.short) if name}
    for word, following in pairwise(argv):
        if word == "--":
            return
        if word in taking and following.partition("=")[0] in known:
            raise UsageError(f"{word} needs a value, and the flag {following} follows", _see(spec))


def _explained(spec: CommandSpec, error: click.ClickException) -> UsageError:
    """Say what is wrong with a word, and which would have been right."""
    if isinstance(error, click.exceptions.NoSuchOption):
        hint = nearest(error.option_name, spec.flags) or _see(spec)
        return UsageError(f"{spec.name} has no option '{error.option_name}'", hint)
    message = f"{spec.name}: {' '.join(error.format_message().split()).rstrip('.')}"
    if isinstance(error, click.exceptions.MissingParameter) or not isinstance(error, click.BadParameter):
        return UsageError(message, _see(spec))
    param = error.param
    if param is not None and isinstance(param.type, click.Choice):
        word = error.message.partition("'")[2].partition("'")[0]
        message = f"{spec.name}: {error.message.rstrip('.')}"  # which lists the choices already, as the metavar does
        return UsageError(message, nearest(word, [str(choice) for choice in param.type.choices]) or _see(spec))
    return UsageError(message, _see(spec))


def _see(spec: CommandSpec) -> str:
    return f"see `arckode {spec.name} --help`"
