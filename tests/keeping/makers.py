"""Every generator that there is, from the examples of the stubs and of the commands: a new one is covered at once.

What the proofs of this folder say, they say of each of these.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen import commands, resources
from arckode_gen.engine import stubs, words
from tests.commands.calls import Heard, call
from tests.stubs.golden import cases

if TYPE_CHECKING:
    from collections.abc import Iterator

Words = tuple[str, ...]
# What the example of a command that is no stub may take for granted.
_GRANTED: tuple[Words, ...] = (
    ("make:module", "customers", "name:str:max=120"),
    ("make:module", "orders", "customer:belongs_to=customers", "total:int"),
)
_SHOWING = frozenset({"--dry-run", "--diff", "--json"})


@dataclass(frozen=True, slots=True)
class Maker:
    """A command line that makes something, and those that must come before it."""

    name: str
    before: tuple[Words, ...]
    words: Words

    def prepare(self, root: Path) -> None:
        """Run what comes before."""
        for line in self.before:
            assert call(root, *line).code == 0

    def make(self, root: Path, *flags: str) -> Heard:
        return call(root, *self.words, *flags)


_BROUGHT = {"make:auth-pages"}  # what came before has made it already, and it is taken out to be made alone


def makers() -> tuple[Maker, ...]:
    """Return the examples of every generator, in order of name."""
    return tuple(sorted((*_stubs(), *_commands()), key=lambda maker: maker.name))


def has_inverse(line: Words) -> bool:
    """Tell whether a `destroy:` takes it back."""
    return commands.destroys(line[0]) in commands.names(Path.cwd())


def destroying(making: Words) -> Words:
    """Return the command line that takes out what another one made: the words that name it."""
    made, gone = (commands.find(name, Path.cwd()).spec for name in (making[0], commands.destroys(making[0])))
    values = words.read(made, words.normalise(made, list(making[1:]))) or {}
    if making[0] == "make:field":
        return (gone.name, making[1], *(word.partition(":")[0] for word in _words(values["field"])))
    naming = [(param, str(values[param.name])) for param in gone.params if values[param.name]]
    arguments = [word for param, word in naming if param.kind == "argument"]
    options = [f"{param.flag}={word}" for param, word in naming if param.kind == "option"]
    return (gone.name, *arguments, *options)


def _words(value: object) -> Words:
    return tuple(str(word) for word in value) if isinstance(value, tuple) else ()


def _stubs() -> Iterator[Maker]:
    for case in cases():
        *before, line = (tuple(line) for line in case.lines())
        if line[0] in _BROUGHT:
            before.append(destroying(line))
        yield Maker(case.name, tuple(before), line)


def _commands() -> Iterator[Maker]:
    """Yield the examples of commands that make things without being stubs."""
    known = {stubs.command_name(file.parent) for file in resources.folder("stubs").glob("*/stub.yml")}
    for name in commands.names(Path.cwd()):
        if not name.startswith("make:") or name in known:
            continue
        for number, example in enumerate(commands.find(name, Path.cwd()).spec.examples):
            line = tuple(word for word in shlex.split(example)[1:] if word not in _SHOWING)
            yield Maker(f"{name.replace(':', '-')}-{number}", _GRANTED, line)


_STAMP = re.compile(r"(?<!\d)20\d{10}(?!\d)")


def unstamped(tree: dict[str, str]) -> dict[str, str]:
    """Return a tree with the stamps of its migrations numbered: what is made later gets a later stamp."""
    found = sorted({stamp for path, said in tree.items() for stamp in _STAMP.findall(f"{path} {said}")})
    numbers = {stamp: f"stamp-{number}" for number, stamp in enumerate(found)}

    def plain(text: str) -> str:
        return _STAMP.sub(lambda match: numbers[match[0]], text)

    return {plain(path): plain(said) for path, said in tree.items()}
