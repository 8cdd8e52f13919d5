"""One requirement into an array of pyproject.toml, sorted, its formatting kept, and out again.

`tomllib` says what the file means before and after; lines do the rest, since it writes nothing.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

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
    from collections.abc import Callable

_ITEM = re.compile(r"""(\s*)(["'])([^"'\\]*)\2(,?)(\s*(?:#.*)?)""")
_INLINE = re.compile(r"""(\s*["']?[\w-]+["']?\s*=\s*\[)((?:\s*["'][^"'\\]*["']\s*,?)*)(\s*\]\s*(?:\#.*)?)""")
_CLOSING = re.compile(r"\s*\]\s*(?:#.*)?$")
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")


@dataclass(frozen=True, slots=True)
class _Array:
    """Where an array is: its first line, and the line of its closing bracket."""

    start: int
    stop: int


def insert_dependency(source: bytes, requirement: str, group: str = "") -> Insertion:
    """Add a requirement to `[project] dependencies`, or to a dependency group, unless the package is there.

    Raises:
        ValueError: the requirement names no package.
    """
    name, extras = _parts(requirement)
    patch = f'    "{requirement}",'
    data, items = _read(source, group)
    if items is None:
        return CannotInsert(data if isinstance(data, str) else f"there is no array {_array_name(group)}", patch)
    for item in items:
        there, has = _parts(item) if _REQUIREMENT.match(item) else ("", frozenset[str]())
        if there == name:
            return AlreadyThere() if extras <= has else CannotInsert(f"{item!r} is there without the extra", patch)
    lines = _lines(source)
    array = _find(lines, group)
    new = _with_item(lines, array, requirement) if array else None
    text = "".join(new or []).encode()
    if new is None or not _says(text, group, items, added=requirement):
        return CannotInsert(f"the array {_array_name(group)} is not one requirement on each line", patch)
    return Inserted(text)


def remove_dependency(source: bytes, requirement: str, group: str = "") -> Removal:
    """Take a requirement out again, unless a person changed it.

    Raises:
        ValueError: the requirement names no package.
    """
    name, _ = _parts(requirement)
    data, items = _read(source, group)
    if items is None:
        return CannotRemove(data, requirement) if isinstance(data, str) else AlreadyGone()
    if name not in {_parts(item)[0] for item in items if _REQUIREMENT.match(item)}:
        return AlreadyGone()
    lines = _lines(source)
    array = _find(lines, group) if items.count(requirement) == 1 else None
    new = _without_item(lines, array, requirement) if array else None
    text = "".join(new or []).encode()
    if new is None or not _says(text, group, [item for item in items if item != requirement]):
        return CannotRemove("a person changed the requirement", requirement)
    return Removed(text)


def _parts(requirement: str) -> tuple[str, frozenset[str]]:
    found = _REQUIREMENT.match(requirement.strip())
    if not found:
        raise ValueError(f"{requirement!r} names no package")
    extras = frozenset(_normal(extra) for extra in (found[2] or "").split(",") if extra.strip())
    return _normal(found[1]), extras


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _array_name(group: str) -> str:
    return f"{group!r} in [dependency-groups]" if group else "'dependencies' in [project]"


def _read(source: bytes, group: str) -> tuple[dict[str, object] | str, list[str] | None]:
    try:
        data = tomllib.loads(source.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return f"it is no valid TOML: {error}", None
    table = data.get("dependency-groups" if group else "project")
    array = cast("dict[str, object]", table).get(group or "dependencies") if isinstance(table, dict) else None
    if not isinstance(array, list):
        return data, None
    return data, [item for item in cast("list[object]", array) if isinstance(item, str)]


def _says(text: bytes, group: str, items: list[str], *, added: str = "") -> bool:
    _, new = _read(text, group)
    return new is not None and sorted(new) == sorted([*items, added] if added else items)


def _lines(source: bytes) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", source.decode())


def _find(lines: list[str], group: str) -> _Array | None:
    header = "dependency-groups" if group else "project"
    key = re.compile(rf"""\s*["']?{re.escape(group or "dependencies")}["']?\s*=\s*\[""")
    table = ""
    for start, line in enumerate(lines):
        if found := re.match(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$", line):
            table = found[1].strip()
        elif table == header and key.match(line):
            if _INLINE.fullmatch(line.rstrip("\r\n")):
                return _Array(start, start)
            stop = next((at for at in range(start + 1, len(lines)) if _CLOSING.match(lines[at])), None)
            return _Array(start, stop) if stop is not None else None
    return None


def _order(requirement: str) -> str:
    return _parts(requirement)[0] if _REQUIREMENT.match(requirement) else requirement.lower()


def _with_item(lines: list[str], array: _Array, requirement: str) -> list[str] | None:
    if array.start == array.stop:
        return _inline(lines, array.start, lambda items: _sorted_in(items, requirement))
    found = {at: _ITEM.fullmatch(lines[at].rstrip("\r\n")) for at in range(array.start + 1, array.stop)}
    items = {at: item for at, item in found.items() if item}
    end = "\r\n" if lines[array.start].endswith("\r\n") else "\n"
    indent, quote = next(((item[1], item[2]) for item in items.values()), ("    ", '"'))
    greater = [at for at, item in items.items() if _order(item[3]) > _order(requirement)]
    before = [at for at in items if not greater or at < greater[0]]
    at = before[-1] + 1 if before else greater[0] if greater else array.stop
    new = [*lines]
    comma = ","
    if before and not items[before[-1]][4]:
        last = items[before[-1]]
        new[before[-1]] = f"{last[1]}{last[2]}{last[3]}{last[2]},{last[5]}{end}"
        comma = ""
    new.insert(at, f"{indent}{quote}{requirement}{quote}{comma}{end}")
    return new


def _without_item(lines: list[str], array: _Array, requirement: str) -> list[str] | None:
    if array.start == array.stop:
        return _inline(lines, array.start, lambda items: [item for item in items if item != requirement])
    found = [(at, _ITEM.fullmatch(lines[at].rstrip("\r\n"))) for at in range(array.start + 1, array.stop)]
    items = [(at, item) for at, item in found if item]
    index = next(
        (index for index, (_, item) in enumerate(items) if item[3] == requirement and not item[5].strip()), None
    )
    if index is None:
        return None
    at, item = items[index]
    new = [*lines]
    if not item[4] and index:
        before, last = items[index - 1]
        new[before] = new[before].replace(f"{last[2]}{last[3]}{last[2]},", f"{last[2]}{last[3]}{last[2]}", 1)
    del new[at]
    return new


def _sorted_in(items: list[str], requirement: str) -> list[str]:
    greater = [index for index, item in enumerate(items) if _order(item) > _order(requirement)]
    at = greater[0] if greater else len(items)
    return [*items[:at], requirement, *items[at:]]


def _inline(lines: list[str], at: int, change: Callable[[list[str]], list[str]]) -> list[str] | None:
    """Rewrite an array on one line when it is spelled the ordinary way: a comma and one space between the items."""
    body = lines[at].rstrip("\r\n")
    found = _INLINE.fullmatch(body)
    items = re.findall(r"""["']([^"'\\]*)["']""", found[2]) if found else []
    quote = "'" if found and "'" in found[2] else '"'
    if found is None or found[2] != ", ".join(f"{quote}{item}{quote}" for item in items):
        return None
    written = ", ".join(f"{quote}{item}{quote}" for item in change(items))
    return [*lines[:at], f"{found[1]}{written}{found[3]}{lines[at][len(body) :]}", *lines[at + 1 :]]
