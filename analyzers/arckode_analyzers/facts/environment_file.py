"""A file that says which variables the program is started with: `.env` and the like, or a compose file.

Only the variables that choose a provider are kept: what else is there may be secret, and the cache is a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from arckode_analyzers.facts.comments import MARK, read_hash_comment
from arckode_analyzers.facts.extract import extract
from arckode_analyzers.facts.reading import UnreadError
from arckode_analyzers.facts.records import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.nodes import Node

    from arckode_analyzers.facts.records import FileFacts, Ignore

_ASSIGNED = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*
    (?:'(?P<plain>[^']*)'|"(?P<quoted>(?:\\.|[^"\\])*)"|(?P<bare>[^\n]*?))[ \t]*(?:(?<=[\s'"])\#[^\n]*)?$""",
    re.MULTILINE | re.VERBOSE,
)
_DEFAULT = re.compile(r"\$\{\w+:?-(?P<text>[^${}]*)\}")
_COMMENT = re.compile(r"(?:^|\s)#")


def extract_environment(content: bytes, path: str) -> FileFacts:
    """Read one file.

    Raises:
        UnreadError: it is a compose file that is no YAML.
    """
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    found = _assigned(text) if path.startswith(".env") else _composed(text)
    marks = tuple(sorted(mark for mark in found if mark.name.endswith("PROVIDER") and mark.detail))
    ignores = tuple(_ignores(text.split("\n"))) if MARK in content else ()
    return extract(b"")._replace(ignores=ignores, marks=marks)


def _assigned(text: str) -> Iterator[Mark]:
    """Yield what `.env` sets; a text in quotes may go over lines, and what is in it sets nothing."""
    for match in _ASSIGNED.finditer(text):
        value = next((each for each in (match["plain"], match["quoted"], match["bare"]) if each is not None), "")
        at = match.start("name")
        line = text.count("\n", 0, at) + 1
        yield _mark(match["name"], value, line, at - (text.rfind("\n", 0, at) + 1))


def _composed(text: str) -> Iterator[Mark]:
    """Yield what the services of a compose file are started with."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        place, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        where = f" (line {place.line + 1})" if place is not None else ""
        raise UnreadError(f"it is no YAML: {problem or 'it cannot be parsed'}{where}") from error
    for services in _of(root, "services"):
        for service in _of(services):
            for environment in _of(service, "environment"):
                yield from _variables(environment)


def _variables(environment: Node) -> Iterator[Mark]:
    match environment:
        case MappingNode():
            for key, value in _entries(environment):
                if isinstance(value, ScalarNode):
                    yield _mark(str(key.value), str(value.value), key.start_mark.line + 1, key.start_mark.column)
        case SequenceNode():
            for item in environment.value:
                name, is_set, said = str(item.value).partition("=")
                if is_set and isinstance(item, ScalarNode):
                    yield _mark(name, said, item.start_mark.line + 1, item.start_mark.column)


def _of(node: Node | None, wanted: str = "") -> Iterator[Node]:
    return (value for key, value in _entries(node) if not wanted or key.value == wanted)


def _entries(node: Node | None) -> Iterator[tuple[Node, Node]]:
    """Yield the entries of a mapping, those included that it merges in."""
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if key.value == "<<":
            for merged in value.value if isinstance(value, SequenceNode) else (value,):
                yield from _entries(merged)
        else:
            yield key, value


def _mark(name: str, value: str, line: int, column: int) -> Mark:
    """Return what is set; of a variable with a default, the default."""
    default = _DEFAULT.fullmatch(value.strip())
    said = value.strip() if default is None else default["text"]
    return Mark("variable", line, column, name.upper(), "" if "$" in said else said)


def _ignores(lines: list[str]) -> Iterator[Ignore]:
    """Yield suppressions: beside a value one covers its line, alone the next line with something on it."""
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line)
        if match is None:
            continue
        first = number
        if not line[: match.start()].strip():
            first = next((at for at in range(number + 1, len(lines) + 1) if _says(lines[at - 1])), 0)
        yield from read_hash_comment(line[match.start() :], number, first)


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
