"""Builds a typer command from a CommandSpec: help, error messages and prompts for people."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, cast

import click
import typer
from typer.main import get_command

from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from arckode_gen.engine.spec import CommandSpec, Param, Value

_TYPES: dict[str, type] = {"str": str, "int": int, "bool": bool, "path": str}


def read(spec: CommandSpec, argv: list[str], *, interactive: bool) -> dict[str, Value] | None:
    """Parse words with typer; None means that help was shown.

    Raises:
        UsageError: a word is wrong or an answer is missing.
    """
    result: dict[str, Value] = {}
    command = build(spec, result, interactive=interactive)
    try:
        code = command.main(argv, prog_name=f"arckode {spec.name}", standalone_mode=False)
    except click.exceptions.NoSuchOption as error:
        hint = nearest(error.option_name, spec.flags) or f"see `arckode {spec.name} --help`"
        raise UsageError(f"{spec.name} has no option '{error.option_name}'", hint) from error
    except click.exceptions.Abort as error:
        raise UsageError("no answer was given") from error
    except click.ClickException as error:
        raise UsageError(error.format_message().rstrip("."), f"see `arckode {spec.name} --help`") from error
    return result if result and code is None else None


def build(spec: CommandSpec, result: dict[str, Value], *, interactive: bool = False) -> click.Command:
    """Return a command that stores the parsed values in `result`."""

    def store(**values: object) -> None:
        result.update(
            {name: tuple(value) if isinstance(value, list) else cast("Value", value) for name, value in values.items()}
        )

    parameters = [_parameter(param, interactive=interactive) for param in (*spec.arguments, *spec.options)]
    store.__doc__ = _text(spec)
    store.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect.signature
    store.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.command()(store)
    return get_command(app)


def _parameter(param: Param, *, interactive: bool) -> inspect.Parameter:
    base = _TYPES[param.type]
    annotation: object = base if param.type == "bool" else (base | None)
    default: object = (False if param.default is None else param.default) if param.type == "bool" else param.default
    if param.many:
        annotation, default = (list[str] if param.required else list[str] | None), None
    if param.required:
        annotation, default = (list[str] if param.many else base), inspect.Parameter.empty
    return inspect.Parameter(
        param.name,
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


def _text(spec: CommandSpec) -> str:
    parts = [spec.summary]
    if spec.details:
        parts.append(spec.details)
    if spec.examples:
        parts.append("[bold]Examples[/bold]\n\n\b\n" + "\n".join(f"  {example}" for example in spec.examples))
    return "\n\n".join(parts)
