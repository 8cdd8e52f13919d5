"""Types as schemas of zod: what a value is checked with where it comes from a form or from somewhere else.

A schema says what its type says, no more: `z.infer` gives exactly the type beside it. What is made of itself says its
type by name, since TypeScript cannot infer it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from arckode_gen.client import uses
from arckode_gen.client.model import NULL, Exactly, ListOf, Named, ObjectOf, OneOf, Plain, TupleOf
from arckode_gen.client.naming import camel
from arckode_gen.client.typescript import WIDTH, demanded, visible, width
from arckode_gen.client.typescript_text import key, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arckode_gen.client.model import Direction, Type
    from arckode_gen.client.typescript import Printer

_SHORT = WIDTH // 4


class Declared(NamedTuple):
    """A type that has a name in TypeScript, and where it comes from: `schemas`, or the file of a module."""

    name: str
    type: Type
    direction: Direction
    file: str


class _Call(NamedTuple):
    name: str
    arguments: tuple[_Code, ...]


class _List(NamedTuple):
    items: tuple[_Code, ...]


class _Object(NamedTuple):
    entries: tuple[tuple[str, _Code], ...]


class _Open(NamedTuple):
    """An object, and what its other keys hold."""

    object: _Code
    others: _Code


_Code = str | _Call | _List | _Object | _Open


class Writer:
    """Writes the schemas of one client; `names` has the schemas' names by those of the types."""

    def __init__(
        self, printers: Mapping[Direction, Printer], names: Mapping[str, str], declared: Sequence[Declared]
    ) -> None:
        self._printers = printers
        self._names = names
        self._declared = {each.name: each for each in declared}
        self._circles = circles({each.name: frozenset(self._needs(each)) for each in declared})
        self.annotated: list[Declared] = []

    def write(self) -> Iterator[str]:
        """Yield a declaration for each type, after those of what it is made of."""
        done: set[str] = set()
        for name in self._declared:
            stack = [name]
            while stack:
                current = self._declared[stack[-1]]
                circle = self._circles.get(current.name, frozenset())
                missing = [each for each in self._needs(current) if each not in done and each not in circle]
                if missing and current.name not in done:
                    stack += missing
                    continue
                stack.pop()
                if current.name not in done:
                    done.add(current.name)
                    yield self._declaration(current)

    def _needs(self, declared: Declared) -> list[str]:
        printer = self._printers[declared.direction]
        found = (printer.flat(Named(pointer)) or "" for pointer in uses.names(declared.type))
        return sorted({each for each in found if each in self._declared})

    def _declaration(self, declared: Declared) -> str:
        code = self._code(declared.type, declared.direction, self._circles.get(declared.name, frozenset()))
        lead = f"export const {self._names[declared.name]}"
        if declared.name in self._circles:
            self.annotated.append(declared)
            lead += f": z.ZodType<{declared.name}>"
        flat = _flat(code)
        line = f"{lead} = {_laid_out(code, 0, width(lead) + 3, 1)};"
        is_odd = flat is not None and width(f"{lead} = {flat};") > WIDTH and _hardly_breaks(code)
        if isinstance(code, _Call) and _hugs(code) and width(line.partition("\n")[0]) == WIDTH + 1:
            inner = _laid_out(code.arguments[0], 2, 2, 1)
            return f"{lead} = {code.name}(\n  {inner},\n);\n"
        if is_odd or width(line.partition("\n")[0]) > WIDTH:
            return f"{lead} =\n  {_laid_out(code, 2, 2, 1)};\n"
        return f"{line}\n"

    def _code(self, found: Type, direction: Direction, circle: frozenset[str]) -> _Code:
        if isinstance(found, Named):
            name = self._printers[direction].flat(found) or ""
            return _Call("z.lazy", (f"() => {self._names[name]}",)) if name in circle else self._names[name]
        if isinstance(found, Plain):
            return _plain(found.word, direction)
        if isinstance(found, Exactly):
            return _Call("z.literal", (_value(found),))
        if isinstance(found, ListOf):
            return _Call("z.array", (self._code(found.item, direction, circle),))
        if isinstance(found, TupleOf):
            return self._tuple(found, direction, circle)
        if isinstance(found, ObjectOf):
            return self._object(found, direction, circle)
        if isinstance(found, OneOf):
            return self._union(found, direction, circle)
        first, *others = (self._code(each, direction, circle) for each in found.members)
        for each in others:
            first = _Call("z.intersection", (first, each))
        return first

    def _tuple(self, found: TupleOf, direction: Direction, circle: frozenset[str]) -> _Code:
        if not found.items and found.rest is not None:
            return _Call("z.array", (self._code(found.rest, direction, circle),))
        items = [self._code(each, direction, circle) for each in found.items]
        items = [_Call("z.exactOptional", (each,)) if n >= found.required else each for n, each in enumerate(items)]
        rest = () if found.rest is None else (self._code(found.rest, direction, circle),)
        return _Call("z.tuple", (_List(tuple(items)), *rest))

    def _object(self, found: ObjectOf, direction: Direction, circle: frozenset[str]) -> _Code:
        printer = self._printers[direction]
        if printer.is_empty(found):
            return _Call("z.record", ("z.string()", "z.unknown()"))
        seen = [each for each in found.properties if visible(each, direction)]
        if not seen and found.others is not None:
            return _Call("z.record", ("z.string()", self._code(found.others, direction, circle)))
        entries = []
        for each in seen:
            code = self._code(each.type, direction, circle)
            name = '["__proto__"]' if each.name == "__proto__" else key(each.name)
            entries.append((name, code if demanded(each, direction) else _Call("z.exactOptional", (code,))))
        made = _Call("z.object", (_Object(tuple(entries)),))
        return made if found.others is None else _Open(made, self._code(printer.others(found), direction, circle))

    def _union(self, found: OneOf, direction: Direction, circle: frozenset[str]) -> _Code:
        exact = [each for each in found.members if isinstance(each, Exactly)]
        others = [
            self._code(each, direction, circle)
            for each in found.members
            if not isinstance(each, Exactly) and each != NULL
        ]
        if len(exact) > 1:
            others.insert(0, _Call("z.literal", (_List(tuple(map(_value, exact))),)))
        elif exact:
            others.insert(0, _Call("z.literal", (_value(exact[0]),)))
        if not others:
            return "z.null()"
        code = others[0] if len(others) == 1 else _Call("z.union", (_List(tuple(others)),))
        return _Call("z.nullable", (code,)) if NULL in found.members else code


def schema_name(name: str) -> str:
    """Return what the schema of a type is called."""
    return f"{camel(name).rstrip('_')}Schema"


def circles(needs: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Return for each type that is made of itself the types that it is a circle with."""
    reached: dict[str, set[str]] = {}
    for start in needs:
        seen, waiting = set[str](), list(needs[start])
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += needs.get(name, ())
        reached[start] = seen
    return {
        name: frozenset(each for each in seen if name in reached[each])
        for name, seen in reached.items()
        if name in seen
    }


def _plain(word: str, direction: Direction) -> _Code:
    if word == "binary":
        return _Call("z.instanceof", ("Blob",)) if direction == "request" else "z.string()"
    if word == "decimal":
        return "z.string()" if direction == "request" else _Call("z.union", (_List(("z.string()", "z.number()")),))
    return f"z.{word}()"


def _value(found: Exactly) -> str:
    return quoted(json.loads(found.json)) if found.json[0] == '"' else found.json


def _flat(code: _Code) -> str | None:
    """Return code in one line; None where an object takes several."""
    if isinstance(code, str):
        return code
    if isinstance(code, _Object):
        return None if code.entries else "{}"
    if isinstance(code, _Open):
        return None  # its object has keys
    parts = code.arguments if isinstance(code, _Call) else code.items
    inner = [_flat(each) for each in parts]
    # Where one of several arguments is called with a function, prettier gives each of them a line.
    is_composed = isinstance(code, _Call) and len(parts) > 1 and any(map(_is_lazy, parts))
    if None in inner or is_composed:
        return None
    text = ", ".join(each or "" for each in inner)
    return f"{code.name}({text})" if isinstance(code, _Call) else f"[{text}]"


def _hugs(code: _Call) -> bool:
    """Tell whether a call's brackets stay beside those of its only argument."""
    return len(code.arguments) == 1 and isinstance(code.arguments[0], _Object | _List)


def _is_lazy(code: _Code) -> bool:
    return isinstance(code, _Call) and code.name == "z.lazy"


def _laid_out(code: _Code, indent: int, column: int, after: int) -> str:
    """Return code as prettier has it: it begins at `column`, and `after` characters follow in its last line."""
    flat = _flat(code)
    if isinstance(code, str) or (flat is not None and column + width(flat) + after <= WIDTH):
        return flat or ""
    pad = " " * indent
    if isinstance(code, _Object):
        lines = (
            f"{pad}  {name}: {_laid_out(each, indent + 2, indent + 4 + width(name), 1)},\n"
            for name, each in code.entries
        )
        return f"{{\n{''.join(lines)}{pad}}}"
    if isinstance(code, _Open):
        made = _laid_out(code.object, indent + 2, indent + 3, 0).removeprefix("z")
        others = _laid_out(_Call(".catchall", (code.others,)), indent + 2, indent + 2, after)
        return f"z\n{pad}  {made}\n{pad}  {others}"
    if isinstance(code, _List):
        if all(isinstance(each, str) and each.lstrip("-")[:1].isdigit() for each in code.items):
            return f"[\n{_filled([str(each) for each in code.items], indent + 2)}{pad}]"
        lines = (f"{pad}  {_laid_out(each, indent + 2, indent + 2, 1)},\n" for each in code.items)
        return f"[\n{''.join(lines)}{pad}]"
    if _hugs(code):
        return f"{code.name}({_laid_out(code.arguments[0], indent, column + width(code.name) + 1, after + 1)})"
    lines = (f"{pad}  {_laid_out(each, indent + 2, indent + 2, 1)},\n" for each in code.arguments)
    return f"{code.name}(\n{''.join(lines)}{pad})"


def _filled(values: Sequence[str], indent: int) -> str:
    """Return numbers, as many on a line as there is room for."""
    pad = " " * (indent - 1)
    lines = [pad]
    for each in values:
        if len(lines[-1]) + len(each) + 2 > WIDTH:
            lines.append(pad)
        lines[-1] += f" {each},"
    return "\n".join(lines) + "\n"


def _hardly_breaks(code: _Code) -> bool:
    """Tell whether prettier rather breaks the line before code than inside of it."""
    if isinstance(code, str):
        return True
    one = code.arguments[0] if isinstance(code, _Call) and len(code.arguments) == 1 else None
    return isinstance(one, str) and len(one) <= _SHORT and one.isidentifier()
