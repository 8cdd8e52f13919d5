"""One entry into a mapping, or one item into a list, of a YAML file such as compose.yaml, and out again.

YAML's own parser says where things stand and what they mean; lines are put in or taken out, so comments and layout
stay. Afterwards the file must mean exactly what it meant, and the entry, or the edit is withdrawn.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import yaml

from arckode_gen.engine import yaml_text
from arckode_gen.engine.edits import (
    AlreadyGone,
    AlreadyThere,
    CannotInsert,
    CannotRemove,
    Inserted,
    Insertion,
    Removal,
    Removed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINES = re.compile(r"[^\n]*\n|[^\n]+")


class _NoPlaceError(Exception):
    """The text says why the entry has no safe place."""


@dataclass(frozen=True, slots=True)
class _File:
    """A YAML file as lines, as nodes with their places, and as what it means."""

    lines: tuple[str, ...]
    root: yaml.MappingNode
    data: Mapping[str, object]

    @property
    def end(self) -> str:
        return "\r\n" if self.lines[0].endswith("\r\n") else "\n"

    def with_lines(self, at: int, new: list[str], *, drop: int = 0) -> str:
        before = list(self.lines[:at])
        if new and before and not before[-1].endswith("\n"):
            before[-1] += self.end
        return "".join([*before, *(f"{line}{self.end}" for line in new), *self.lines[at + drop :]])


def insert_entry(source: bytes, place: str, statement: str) -> Insertion:
    """Add `KEY: value` or `- item` to the mapping or list at a dotted path; a list that is missing is begun.

    A key that is there with another plain value was chosen by a person, and counts as there.

    Raises:
        ValueError: the statement is no entry.
    """
    wanted = _wanted(statement)
    patch = "\n".join([f"# in {place}:", *statement.rstrip("\n").splitlines()])
    try:
        file = _read(source)
        found = _reach(file, place)
        if isinstance(wanted, list):
            text = _with_item(file, place, found, statement, wanted[0])
        else:
            text = _with_entry(file, place, found, statement, wanted)
        if text is None:
            return AlreadyThere()
        if yaml_text.parse(text) != _added(file.data, place, wanted):
            return CannotInsert("the entry would change what is there", patch)
    except (_NoPlaceError, yaml.YAMLError) as error:
        return CannotInsert(_first_line(error), patch)
    return Inserted(text.encode())


def remove_entry(source: bytes, place: str, statement: str) -> Removal:
    """Take an entry out again, unless a person changed it; a list that becomes empty goes with its last item.

    Raises:
        ValueError: the statement is no entry.
    """
    wanted = _wanted(statement)
    try:
        file = _read(source)
        start, stop = _lines_of(file, place, wanted)
        if start < 0:
            return AlreadyGone()
        text = file.with_lines(start, [], drop=stop - start)
        if yaml_text.parse(text) != _taken(file.data, place, wanted):
            return CannotRemove("a person changed it", statement)
    except (_NoPlaceError, yaml.YAMLError) as error:
        return CannotRemove(_first_line(error), statement)
    return Removed(text.encode())


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _wanted(statement: str) -> dict[str, object] | list[object]:
    data = yaml_text.parse(statement)
    if isinstance(data, list) and len(cast("list[object]", data)) == 1:
        return cast("list[object]", data)
    if isinstance(data, dict) and [str] == [type(key) for key in cast("dict[object, object]", data)]:
        return cast("dict[str, object]", data)
    raise ValueError(f"{statement!r} is no single entry")


def _read(source: bytes) -> _File:
    try:
        text = source.decode()
    except UnicodeDecodeError as error:
        raise _NoPlaceError("it is not UTF-8") from error
    root = yaml_text.nodes(text)
    data = yaml_text.parse(text)
    if not isinstance(root, yaml.MappingNode) or not isinstance(data, dict):
        raise _NoPlaceError("it holds no keys and values")
    return _File(tuple(_LINES.findall(text)), root, cast("Mapping[str, object]", data))


def _reach(file: _File, place: str) -> yaml.Node | None:
    """Return the node at a dotted path; None when only its last step is missing."""
    node: yaml.Node = file.root
    *steps, last = place.split(".")
    for step in steps:
        below = _child(node, step)
        if below is None:
            raise _NoPlaceError(f"there is no {place}")
        node = below
    return _child(node, last)


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _with_entry(
    file: _File, place: str, found: yaml.Node | None, statement: str, wanted: Mapping[str, object]
) -> str | None:
    if not isinstance(found, yaml.MappingNode) or found.flow_style or not found.value:
        raise _NoPlaceError(f"{place} is not one entry on each line")
    ((key, value),) = wanted.items()
    there = _child(found, key)
    if there is not None:
        if isinstance(there, yaml.ScalarNode) or _value_at(file.data, place).get(key) == value:
            return None
        raise _NoPlaceError(f"{place} has another '{key}'")
    indent = " " * found.value[0][0].start_mark.column
    at = _line_for(file, found, key)
    return file.with_lines(at, [f"{indent}{line}" for line in statement.rstrip("\n").splitlines()])


def _line_for(file: _File, found: yaml.MappingNode, key: str) -> int:
    """Return the line for a key, sorted into the run of sorted keys at the end: the same whatever was put in before."""
    names = [str(name.value) for name, _ in found.value]
    at = len(names)
    while at > 0 and names[at - 1] > key and (at == len(names) or names[at - 1] < names[at]):
        at -= 1
    if at:
        return _end(found.value[at - 1][1])
    line = int(found.value[0][0].start_mark.line)
    while line > 0 and file.lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return line


def _with_item(file: _File, place: str, found: yaml.Node | None, statement: str, wanted: object) -> str | None:
    if found is None:
        above, _, key = place.rpartition(".")
        parent = _reach(file, above)
        if not isinstance(parent, yaml.MappingNode) or parent.flow_style or not parent.value:
            raise _NoPlaceError(f"{above} is not one entry on each line")
        indent = " " * parent.value[0][0].start_mark.column
        return file.with_lines(_end(parent), [f"{indent}{key}:", f"{indent}  {statement.strip()}"])
    if not isinstance(found, yaml.SequenceNode) or found.flow_style:
        raise _NoPlaceError(f"{place} is not one item on each line")
    if wanted in _list_at(file.data, place):
        return None
    indent = " " * found.start_mark.column
    return file.with_lines(_end(found), [f"{indent}{statement.strip()}"])


def _lines_of(file: _File, place: str, wanted: dict[str, object] | list[object]) -> tuple[int, int]:
    """Return the lines of an entry that says exactly what is wanted; (-1, -1) when nothing of it is there."""
    try:
        found = _reach(file, place)
    except _NoPlaceError:
        return -1, -1
    if isinstance(wanted, list):
        if not isinstance(found, yaml.SequenceNode) or wanted[0] not in _list_at(file.data, place):
            return -1, -1
        at = _list_at(file.data, place).index(wanted[0])
        node = found.value[at]
        start = _key_line(file, place) if len(found.value) == 1 else node.start_mark.line
        return start, _end(node)
    ((key, value),) = wanted.items()
    there = _child(found, key) if found else None
    if found is None or there is None:
        return -1, -1
    if _value_at(file.data, place)[key] != value:
        raise _NoPlaceError("a person changed it")
    name = next(name for name, _ in cast("yaml.MappingNode", found).value if name.value == key)
    return name.start_mark.line, _end(there)


def _key_line(file: _File, place: str) -> int:
    above, _, key = place.rpartition(".")
    parent = cast("yaml.MappingNode", _reach(file, above))
    return next(int(name.start_mark.line) for name, _ in parent.value if name.value == key)


def _end(node: yaml.Node) -> int:
    """Return the line after the last word of a node; the parser's own end is where the next word begins."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    mark = node.end_mark
    return int(mark.line if mark.column == 0 and mark.line > node.start_mark.line else mark.line + 1)


def _value_at(data: object, place: str) -> dict[str, object]:
    for step in place.split("."):
        if not isinstance(data, dict) or step not in data:
            raise _NoPlaceError(f"there is no {place}, or a key in it is no text")
        data = cast("dict[str, object]", data)[step]
    return cast("dict[str, object]", data)


def _list_at(data: object, place: str) -> list[object]:
    return cast("list[object]", _value_at(data, place))


def _added(data: Mapping[str, object], place: str, wanted: dict[str, object] | list[object]) -> object:
    """Return what the file should mean with the entry; an anchor's entry is in everything that repeats it."""
    result = copy.deepcopy(data)
    if isinstance(wanted, dict):
        _value_at(result, place).update(wanted)
        return result
    above, _, key = place.rpartition(".")
    _value_at(result, above).setdefault(key, [])
    _list_at(result, place).extend(wanted)
    return result


def _taken(data: Mapping[str, object], place: str, wanted: dict[str, object] | list[object]) -> object:
    result = copy.deepcopy(data)
    if isinstance(wanted, dict):
        for key in wanted:
            del _value_at(result, place)[key]
        return result
    listed = _list_at(result, place)
    listed.remove(wanted[0])
    if not listed:
        above, _, key = place.rpartition(".")
        del _value_at(result, above)[key]
    return result
