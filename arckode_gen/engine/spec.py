"""The one declaration of a command: flags, prompts, help, completion and the JSON schema all come from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

TypeName = Literal["str", "int", "bool", "path"]
Value = str | int | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Param:
    """One word or flag of a command.

    `many` collects the remaining words (an argument) or repeated flags (an option) into a tuple of str.
    `choices` are checked before the command runs.
    An option with `optional_value` may stand alone: `--rollback` is then `--rollback=<optional_value>`.
    """

    name: str
    kind: Literal["argument", "option"] = "option"
    type: TypeName = "str"
    default: Value = None
    required: bool = False
    many: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""
    short: str = ""
    metavar: str = ""
    prompt: str = ""
    optional_value: int | None = None

    @property
    def flag(self) -> str:
        return f"--{self.name.rstrip('_').replace('_', '-')}"  # a Python word, such as `from`, is named `from_`


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """Everything about a command but what it does.

    `writes` adds the flags that every writing command has, and `overwrites` the one that lets it.
    """

    name: str
    summary: str
    examples: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    writes: bool = False
    overwrites: bool = False
    details: str = ""

    @property
    def arguments(self) -> tuple[Param, ...]:
        return tuple(param for param in self.params if param.kind == "argument")

    @property
    def options(self) -> tuple[Param, ...]:
        """Return the command's own options, then those that every command has."""
        own = tuple(param for param in self.params if param.kind == "option")
        writing = (*(WRITING_PARAMS if self.writes else ()), *(OVERWRITING_PARAMS if self.overwrites else ()))
        return (*own, *writing, *COMMON_PARAMS)

    @property
    def flags(self) -> tuple[str, ...]:
        return tuple(param.flag for param in self.options)


@dataclass(frozen=True, slots=True)
class Call:
    """A command as it was called: validated values and where its words may go.

    `write` prints to standard output (the product), `say` to standard error (conversation). `argv` is the command line
    as it was typed.
    """

    spec: CommandSpec
    cwd: Path
    values: Mapping[str, Value]
    write: Callable[[str], None]
    say: Callable[[str], None]
    json: bool = False
    interactive: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)
    argv: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """Return a str parameter, or an empty string."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def words(self, name: str) -> tuple[str, ...]:
        """Return a repeated parameter."""
        value = self.values.get(name)
        return value if isinstance(value, tuple) else ()

    def flag(self, name: str) -> bool:
        return self.values.get(name) is True

    def number(self, name: str) -> int | None:
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


WRITING_PARAMS = (
    Param("dry_run", type="bool", help="Show what would be written and write nothing."),
    Param("diff", type="bool", help="Show the changes as a unified diff (with --dry-run: instead of the tree)."),
)
OVERWRITING_PARAMS = (Param("force", type="bool", help="Overwrite files that hold something else."),)

COMMON_PARAMS = (
    Param("json", type="bool", help="Print one JSON object on standard output."),
    Param("no_input", type="bool", help="Never ask; a missing answer is an error."),
    Param("debug", type="bool", help="Show the traceback of an error."),
    Param("schema", type="bool", help="Print the JSON schema of the command's words and do nothing."),
)
