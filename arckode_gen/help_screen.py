"""What people read before they run anything: the overview of all commands, and the help of one."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING

from arckode_gen import __version__, commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from arckode_gen.engine.spec import CommandSpec, Param

WIDEST_LABEL = 26
_WORDS = {"str": "TEXT", "int": "N", "bool": "", "path": "FILE"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of help; the label is what a terminal shows in a style of its own."""

    label: str = ""
    rest: str = ""
    style: str = "cyan"


def overview(cwd: Path) -> int:
    """Print every command in its group and return 0."""
    lines = [Line(f"arckode {__version__}", ": scaffold, grow, migrate and guard a modular Python backend", "bold")]
    lines += [Line(), Line(rest="usage: arckode COMMAND [words] [options]; `arckode COMMAND --help` explains one")]
    for group, members in _groups(commands.names(cwd)).items():
        lines += [Line(), Line(group, style="bold")]
        lines += _columns([(name, commands.summary(name, cwd)) for name in members])
    lines += [Line(), Line(rest="start here: arckode new shop")]
    return _print(lines)


def command(spec: CommandSpec) -> int:
    """Print the help of one command and return 0."""
    lines = [*_paragraphs(spec.summary), Line(), *_paragraphs(_usage(spec), after="    ")]
    if spec.details:
        lines += [Line(), *_paragraphs(spec.details)]
    if spec.examples:
        lines += [Line(), Line("examples", style="bold"), *(Line(rest=f"  {example}") for example in spec.examples)]
    if spec.arguments:
        lines += [Line(), Line("words", style="bold")]
        lines += _columns([(_place(param), _explained(param)) for param in spec.arguments])
    lines += [Line(), Line("options", style="bold")]
    lines += _columns([(_option(param), _explained(param)) for param in spec.options])
    return _print(lines)


def _groups(names: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        prefix, colon, _ = name.partition(":")
        groups.setdefault(prefix if colon else "project", []).append(name)
    return dict(sorted(groups.items(), key=lambda item: item[0] != "project"))


def _usage(spec: CommandSpec) -> str:
    return " ".join((f"usage: arckode {spec.name}", *(_place(param) for param in spec.arguments), "[options]"))


def _place(param: Param) -> str:
    """Write an argument as usage lines do: NAME, [NAME], [NAME...]."""
    word = (param.metavar or param.name.upper()).strip("[]").removesuffix("...") + ("..." if param.many else "")
    return word if param.required else f"[{word}]"


def _option(param: Param) -> str:
    names = ", ".join(name for name in (param.short, param.flag) if name)
    word = param.metavar or _WORDS[param.type]
    if param.optional_value is not None:
        return f"{names} [{word}]"
    return f"{names} {word}".rstrip()


def _explained(param: Param) -> str:
    said = [f"one of {', '.join(param.choices)}"] if param.choices else []
    said += [f"default: {param.default}"] if param.default not in (None, False, "") else []
    said += ["required"] if param.required and param.kind == "option" else []
    return f"{param.help} ({'; '.join(said)})".strip() if said else param.help


def _columns(rows: Sequence[tuple[str, str]]) -> list[Line]:
    """Put explanations beside their words, wrapped under themselves; a long word has a line of its own."""
    wide = min(max((len(label) for label, _ in rows), default=0), WIDEST_LABEL)
    indent = " " * (wide + 4)
    lines: list[Line] = []
    for label, text in rows:
        first, *more = wrap(text, _width() - len(indent), break_long_words=False, break_on_hyphens=False) or [""]
        if len(label) > wide:
            lines += [Line(f"  {label}"), Line(rest=indent + first)]
        else:
            lines.append(Line(f"  {label}", f"{' ' * (wide - len(label))}  {first}".rstrip()))
        lines += [Line(rest=indent + line) for line in more]
    return lines


def _paragraphs(text: str, after: str = "") -> list[Line]:
    """Wrap paragraphs; what is indented was laid out by its author."""
    lines: list[Line] = []
    for number, paragraph in enumerate(text.strip("\n").split("\n\n")):
        kept = paragraph.startswith(" ")
        filled = wrap(paragraph, _width(), subsequent_indent=after, break_long_words=False, break_on_hyphens=False)
        lines += [Line()] if number else []
        lines += [Line(rest=line) for line in (paragraph.splitlines() if kept else filled)]
    return lines


def _width() -> int:
    return max(40, min(get_terminal_size((100, 24)).columns, 120))


def _print(lines: Iterable[Line]) -> int:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        print("\n".join(line.label + line.rest for line in lines))
        return 0
    from rich.console import Console  # a terminal is the only place that pays for rich
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble((line.label, line.style), line.rest))
    return 0
