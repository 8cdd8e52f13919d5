"""Cuts a Markdown page into its fenced blocks, with what the text around them says about each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs/reference/rules"

_FENCE = re.compile(r"```(\w*)")
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_SAME = re.compile(r"<!-- the same blocks as ([\w./-]+) -->")
_FILE = re.compile(r"`([\w./-]+\.\w+)`:$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `not_run` is why it is left out, `file` the path that the line above says it is."""

    page: str
    line: int
    language: str
    text: str
    not_run: str = ""
    file: str = ""

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One `$ command` of a console block and what the page says it prints."""

    command: str
    expected: str


def pages() -> tuple[Path, ...]:
    """Return every page that is written by hand or by us, the rules' own pages left out."""
    found = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    found += [path for path in sorted((ROOT / "docs").rglob("*.md")) if RULES not in path.parents]
    return tuple(found)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> tuple[Block, ...]:
    """Return the blocks of a page, in order."""
    return tuple(cut(name_of(path), path.read_text(encoding="utf-8")))


def original(path: Path) -> Path | None:
    """Return the page that one is a translation of: it is that one's blocks that are run."""
    said = _SAME.match(path.read_text(encoding="utf-8"))
    return path.parent / said[1] if said else None


def entries(block: Block) -> tuple[Entry, ...]:
    """Return the commands of a console block; a command goes on where its line ends in a backslash."""
    found: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif found and not found[-1][1] and found[-1][0][-1].endswith("\\"):
            found[-1][0].append(line)
        else:
            assert found, f"{block.where}: a console block begins with `$ command`"
            found[-1][1].append(line)
    return tuple(Entry("\n".join(command), "\n".join(output)) for command, output in found)


def cut(page: str, text: str) -> Iterator[Block]:
    """Yield the blocks of a text; one that is never closed is an AssertionError."""
    lines, above = text.splitlines(), ""
    start, language, inside = 0, "", False
    for number, line in enumerate(lines, start=1):
        if not inside and (fence := _FENCE.fullmatch(line)):
            start, language, inside = number, fence[1], True
        elif inside and line == "```":
            text = "\n".join(lines[start : number - 1]) + "\n"
            reason, file = _NOT_RUN.fullmatch(above), _FILE.search(above)
            yield Block(page, start, language, text, reason[1] if reason else "", file[1] if file else "")
            above, inside = "", False
        elif not inside and line.strip():
            above = line.strip()
    assert not inside, f"{page}:{start}: the block is never closed"
