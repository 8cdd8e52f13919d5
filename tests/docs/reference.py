"""The parts of the reference that are written from the code: the commands, and the tables of the field language."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen import commands
from arckode_gen.engine.field_types import MODIFIERS, TYPES, VALUED, types_with
from arckode_gen.engine.fields import parse_field
from arckode_gen.engine.spec import COMMON_PARAMS, OVERWRITING_PARAMS, WRITING_PARAMS
from arckode_gen.engine.sql_types import column_type
from tests import json_answers
from tests.docs import kernel_reference, schema_reference
from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arckode_gen.engine.field_types import FieldType, Modifier
    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.spec import CommandSpec, Param

COMMANDS = "docs/reference/commands.md"
FIELDS = "docs/reference/field-language.md"
CONTENTS = "docs/README.md"
LLMS = "docs/llms.txt"

_SCHEMAS = "json-schemas.md"
_PART = "<!-- generated: {name} -->\n\n{text}\n\n<!-- end: {name} -->"
_EXAMPLES: dict[FieldType, str] = {
    "decimal": "x:decimal=12.2",
    "enum": "x:enum=draft/paid",
    "list": "x:list=int",
    "belongs_to": "x:belongs_to=customers",
    "has_one": "x:has_one=customers",
    "has_many": "x:has_many=customers",
    "many_to_many": "x:many_to_many=customers",
}


def pages() -> dict[str, str]:
    """Return every page that should be on the disk, by its path from the root."""
    fields = (ROOT / FIELDS).read_text(encoding="utf-8")
    parts = {"types": "\n".join(_type_table()), "modifiers": "\n".join(_modifier_table())}
    return {
        COMMANDS: commands_page(specs()),
        FIELDS: filled(fields, parts),
        LLMS: llms_text(),
        kernel_reference.PAGE: kernel_reference.page(),
        schema_reference.PAGE: schema_reference.page(),
    }


def llms_text() -> str:
    """Return the index of the documentation for language models (https://llmstxt.org), from the table of contents."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    contents = (ROOT / CONTENTS).read_text(encoding="utf-8")
    return f"# {project['name']}\n\n> {project['description']}\n\n{contents[contents.index('## Learn') :]}"


def commands_page(listed: Sequence[CommandSpec]) -> str:
    """Return the reference of commands."""
    lines = [
        "# Commands",
        "",
        "Written by `python -m tests.docs.generate` from the declarations of the commands, as `arckode COMMAND --help`",
        "is. A project's own stubs are commands too; `arckode list` lists them.",
        "",
        "| command | what it does |",
        "|---|---|",
        *(f"| [`{spec.name}`](#{spec.name.replace(':', '')}) | {_cell(spec.summary)} |" for spec in listed),
        "",
        "## Options of every command",
        "",
        *_option_table(COMMON_PARAMS),
        "",
        "Commands that write files also have",
        "",
        *_option_table(WRITING_PARAMS),
        "",
        "and those that may write over what a person wrote",
        "",
        *_option_table(OVERWRITING_PARAMS),
    ]
    for spec in listed:
        lines += ["", *_command(spec)]
    return "\n".join(lines) + "\n"


def filled(page: str, parts: dict[str, str]) -> str:
    """Return a page with each of its generated parts written anew; a part that it lacks is a KeyError."""
    for name, text in parts.items():
        pattern = re.escape(f"<!-- generated: {name} -->") + ".*?" + re.escape(f"<!-- end: {name} -->")
        if not re.search(pattern, page, re.DOTALL):
            raise KeyError(name)
        new = _PART.format(name=name, text=text)
        page = re.sub(pattern, lambda _, new=new: new, page, flags=re.DOTALL)  # type: ignore[misc]
    return page


def specs() -> tuple[CommandSpec, ...]:
    """Return the declaration of every command that arckode has by itself."""
    nowhere = Path(ROOT.anchor)  # outside of any project, so that no project's own stubs are listed
    return tuple(commands.find(name, nowhere).spec for name in commands.names(nowhere))


def _command(spec: CommandSpec) -> Iterator[str]:
    yield f"## {spec.name}"
    yield ""
    yield spec.summary
    yield ""
    yield f"Usage: `{_usage(spec)}`"
    if spec.details:
        yield ""
        yield _prose(spec.details.strip())
    own = [param for param in spec.params if param.kind == "option"]
    if spec.arguments:
        yield from ("", "| word | what it is |", "|---|---|")
        yield from (f"| `{_metavar(param)}` | {_cell(param.help)}{_choices(param)} |" for param in spec.arguments)
    if own:
        yield from ("", *_option_table(own))
    if spec.name not in json_answers.SILENT:
        name = json_answers.schema_of(spec.name)
        what = "its plan" if name == json_answers.PLAN else "this object"
        yield from ("", f"`--json` prints [{what}]({_SCHEMAS}#{schema_reference.anchor(name)}).")
    if spec.examples:
        yield from ("", "Examples:", "", "```text", *spec.examples, "```")


def _usage(spec: CommandSpec) -> str:
    words = [_metavar(param) if param.required else f"[{_metavar(param).strip('[]')}]" for param in spec.arguments]
    return " ".join(("arckode", spec.name, *words, "[options]"))


def _metavar(param: Param) -> str:
    name = param.metavar.strip("[]") or param.name.upper()
    return name if not param.many or name.endswith("...") else f"{name}..."


def _option_table(params: Sequence[Param]) -> Iterator[str]:
    yield "| option | what it does |"
    yield "|---|---|"
    for param in params:
        value = "" if param.type == "bool" else f" {param.metavar or param.type.upper()}"
        if param.optional_value is not None:
            value = f" [{value.strip()}]"
        default = f" Default: `{param.default}`." if param.default not in {None, ""} else ""
        yield f"| `{param.flag}{value.replace('|', chr(92) + '|')}` | {_cell(param.help)}{_choices(param)}{default} |"


def _choices(param: Param) -> str:
    return f" One of {', '.join(f'`{choice}`' for choice in param.choices)}." if param.choices else ""


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|").replace("\n", " ")


def _prose(text: str) -> str:
    """Keep Markdown from reading angle brackets as HTML and lone asterisks as emphasis, outside of code."""
    pieces = text.split("`")
    pieces[::2] = [re.sub(r"([<*])", r"\\\1", piece) for piece in pieces[::2]]
    return "`".join(pieces)


def _type_table() -> Iterator[str]:
    yield "| type | modifiers that fit | SQLite | PostgreSQL | MySQL, MariaDB |"
    yield "|---|---|---|---|---|"
    for name, rule in TYPES.items():
        field = parse_field(_EXAMPLES.get(name, f"x:{name}"))
        written = " ".join(f"`{word}`" for word in MODIFIERS if word in rule.modifiers) or "none"
        yield f"| `{field_word(field)}` | {written} | {' | '.join(_columns(field))} |"


def field_word(field: Field) -> str:
    """Return the type as the example spells it."""
    return _EXAMPLES.get(field.type, f"x:{field.type}").removeprefix("x:")


def _columns(field: Field) -> tuple[str, ...]:
    if not field.has_column:
        return ("no column", "no column", "no column")
    both = (column_type(field, "mysql"), column_type(field, "mariadb"))
    found = (column_type(field, "sqlite"), column_type(field, "postgresql"), " / ".join(dict.fromkeys(both)))
    return tuple(f"`{text}`" for text in found)


def _modifier_table() -> Iterator[str]:
    yield "| modifier | fits |"
    yield "|---|---|"
    for name in MODIFIERS:
        word = f"{name}=..." if name in VALUED else name
        yield f"| `{word}` | {_fitting(name)} |"


def _fitting(modifier: Modifier) -> str:
    with_columns = [name for name in TYPES if TYPES[name].modifiers]
    fits = types_with(modifier)
    left = [name for name in with_columns if name not in fits]
    if len(left) <= 4:
        return f"every type with a column{' but ' if left else ''}{' '.join(f'`{name}`' for name in left)}"
    return " ".join(f"`{name}`" for name in fits)
