"""Types as TypeScript, laid out as prettier does it, so that a formatter leaves the files as they are."""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from arckode_gen.client.combining import either
from arckode_gen.client.model import (
    NULL,
    UNDEFINED,
    AllOf,
    Direction,
    Exactly,
    ListOf,
    Named,
    ObjectOf,
    OneOf,
    Plain,
    Property,
    TupleOf,
    Type,
)
from arckode_gen.client.typescript_text import comment, key, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WIDTH = 80

_WORDS = {
    "request": {"binary": "Blob", "decimal": "string"},
    "response": {"binary": "string", "decimal": "string | number"},
}


def visible(found: Property, direction: Direction) -> bool:
    """Tell whether a key is there at all: nobody sends what is read only, nobody gets what is write only."""
    return not (found.read_only if direction == "request" else found.write_only)


def demanded(found: Property, direction: Direction) -> bool:
    """Tell whether a key is always there: a default may be left out of a request and is in every response."""
    return found.required or (direction == "response" and found.has_default)


@cache
def _literal(text: str) -> str:
    return quoted(json.loads(text)) if text[0] == '"' else text


class Printer:
    """Writes types for one direction; `names` has those of named types, and `used` collects the ones it wrote."""

    def __init__(self, direction: Direction, names: Mapping[tuple[str, Direction], str]) -> None:
        self.direction = direction
        self.used: set[str] = set()
        self._names = names
        self._words = _WORDS[direction]

    def flat(self, found: Type) -> str | None:
        """Return a type in one line; None when it has an object with keys, which always takes several."""
        if isinstance(found, Named):
            name = self._names[found.pointer, self.direction]
            self.used.add(name)
            return name
        if isinstance(found, Plain):
            return self._words.get(found.word, found.word)
        if isinstance(found, Exactly):
            return _literal(found.json)
        if isinstance(found, ListOf):
            item = self.flat(found.item)
            return None if item is None else f"({item})[]" if _is_compound(item, found.item) else f"{item}[]"
        if isinstance(found, ObjectOf):
            return self._flat_object(found)
        if isinstance(found, TupleOf):
            items = self._items(found, self.flat)
            return None if items is None else f"[{', '.join(items)}]"
        parts = [self._member(each, found) for each in found.members]
        if None in parts:
            return None
        return (" | " if isinstance(found, OneOf) else " & ").join(part for part in parts if part is not None)

    def after(self, lead: str, found: Type, indent: int, end: str = ";") -> str:
        """Return `lead`, the type and `end`, in as many lines as it takes; `indent` is that of the first."""
        flat = self.flat(found)
        if flat is not None and width(lead) + width(flat) + len(end) <= WIDTH:
            return f"{lead}{flat}{end}"
        if flat is not None and self._goes_below(found, lead):
            line = f"{' ' * (indent + 2)}{flat}{end}"
            if not _can_break(found) or (width(line) <= WIDTH and isinstance(found, OneOf)):
                return f"{lead.rstrip()}\n{line}"
        if isinstance(found, OneOf) and not self._hugs(found):
            return f"{lead.rstrip()}{self._union(found, indent + 2)}{end}"
        text = f"{lead}{self.broken(found, indent)}{end}"
        if isinstance(found, AllOf) and width(text.partition("\n")[0]) > WIDTH and lead.startswith("export type"):
            return f"{lead.rstrip()}\n{' ' * (indent + 2)}{self.broken(found, indent + 2)}{end}"
        return text

    def _goes_below(self, found: Type, lead: str) -> bool:
        """Tell whether a type that is too long for its line may have the next one to itself."""
        if isinstance(found, OneOf):
            return not self._hugs(found) or not any(isinstance(each, ObjectOf) for each in found.members)
        return lead.startswith("export type") and not isinstance(found, ObjectOf | TupleOf | AllOf)

    def broken(self, found: Type, indent: int) -> str:
        """Return a type in several lines, where it can take several; the first begins where the cursor is."""
        pad = " " * indent
        if isinstance(found, ObjectOf):
            return f"{{\n{self.keys(found, indent + 2)}{pad}}}"
        if isinstance(found, ListOf):
            return self._broken_list(found, indent)
        if isinstance(found, TupleOf):
            items = self._items(found, lambda each: self._fitted(each, indent + 2)) or []
            ends = [each if each.startswith("...") else f"{each}," for each in items]
            return "[\n" + "".join(f"{pad}  {each}\n" for each in ends) + f"{pad}]"
        if isinstance(found, AllOf):
            return self._intersection(found, indent)
        if isinstance(found, OneOf) and self._hugs(found):
            return " | ".join(self.broken(each, indent) for each in found.members)
        if isinstance(found, OneOf):
            return f"({self._union(found, indent + 2)}\n{pad})"
        return self.flat(found) or ""

    def keys(self, found: ObjectOf, indent: int) -> str:
        """Return the lines of an object's keys; those that this direction does not know are not there."""
        pad = " " * indent
        lines: list[str] = []
        for each in found.properties:
            if visible(each, self.direction):
                mark = "" if demanded(each, self.direction) else "?"
                # What is filled in when a key is left out concerns only those who can leave it out.
                lines.append(comment(each.doc if mark else each.doc._replace(default=""), indent))
                lines.append(self.after(f"{pad}{key(each.name)}{mark}: ", each.type, indent) + "\n")
        if found.others is not None:
            lines.append(self.after(f"{pad}[key: string]: ", self.others(found), indent) + "\n")
        return "".join(lines)

    def is_empty(self, found: ObjectOf) -> bool:
        return found.others is None and not any(visible(each, self.direction) for each in found.properties)

    def _flat_object(self, found: ObjectOf) -> str | None:
        if self.is_empty(found):
            return "{ [key: string]: unknown }"
        if any(visible(each, self.direction) for each in found.properties) or found.others is None:
            return None
        others = self.flat(found.others)
        return None if others is None else f"{{ [key: string]: {others} }}"

    def others(self, found: ObjectOf) -> Type:
        """Return what an unnamed key may hold: TypeScript wants the named ones to be among it."""
        others = found.others or NULL
        seen = [each for each in found.properties if visible(each, self.direction)]
        if not seen:
            return others
        missing = any(not demanded(each, self.direction) for each in seen)
        return either((others, *(each.type for each in seen), *([UNDEFINED] if missing else [])))

    def _member(self, found: Type, of: Type) -> str | None:
        """Return a member of a union or intersection, in brackets where it needs them."""
        flat = self.flat(found)
        if flat is None:
            return None
        needs = (
            isinstance(found, AllOf) if isinstance(of, OneOf) else " | " in flat and isinstance(found, OneOf | Plain)
        )
        return f"({flat})" if needs else flat

    def _hugs(self, found: Type) -> bool:
        """Tell whether a union is one object or name beside null, which stays together."""
        if not isinstance(found, OneOf):
            return False
        others = [each for each in found.members if each != NULL]
        return len(others) == 1 < len(found.members) and isinstance(others[0], ObjectOf | Named)

    def _union(self, found: OneOf, indent: int) -> str:
        """Return a union with each member on a line of its own."""
        pad = " " * indent
        return "".join(f"\n{pad}| {self._union_member(each, indent + 2)}" for each in found.members)

    def _union_member(self, found: Type, indent: int) -> str:
        flat = self.flat(found)
        brackets = 2 if isinstance(found, AllOf) else 0
        if flat is not None and indent + width(flat) + brackets <= WIDTH:
            return f"({flat})" if brackets else flat
        text = self.broken(found, indent)
        return f"({text})" if isinstance(found, AllOf) else text

    def _fitted(self, found: Type, indent: int) -> str:
        flat = self.flat(found)
        return flat if flat is not None and indent + len(flat) < WIDTH else self.broken(found, indent)

    def _broken_list(self, found: ListOf, indent: int) -> str:
        item = found.item
        if isinstance(item, OneOf) and not self._hugs(item):
            flat, pad = self.flat(item), " " * indent
            if flat is not None and indent + 2 + width(flat) <= WIDTH:
                return f"(\n{pad}  {flat}\n{pad})[]"
            return f"({self._union(item, indent + 2)}\n{pad})[]"
        text = self.broken(item, indent)
        return f"({text})[]" if isinstance(item, OneOf | AllOf) else f"{text}[]"

    def _intersection(self, found: AllOf, indent: int) -> str:
        """Return an intersection: names one below the other, an object opening behind the name before it."""
        pad = " " * indent
        text, deeper = "", False
        for place, each in enumerate(found.members):
            before = found.members[place - 1]
            is_object, was_object = isinstance(each, ObjectOf), isinstance(before, ObjectOf)
            if place and not is_object and not was_object:
                text, deeper = f"{text} &\n{pad}  ", True
            elif place:
                text += " & "
            inner = indent + 2 if deeper else indent
            flat = self._member(each, found)
            room = WIDTH - inner - (len(text) if not deeper else 0)
            fits = flat is not None and (isinstance(each, Named) or width(flat) <= room)
            text += flat if flat is not None and fits else self._in_brackets(each, inner)
        return text

    def _in_brackets(self, found: Type, indent: int) -> str:
        text = self.broken(found, indent)
        return f"({text})" if isinstance(found, OneOf) and self._hugs(found) else text

    def _in_one(self, text: str, found: Type) -> str:
        """Put a union or intersection into brackets; one with a member on each line stands in some already."""
        stands = isinstance(found, OneOf) and not self._hugs(found) and text != self.flat(found)
        return f"({text})" if _is_compound(text, found) and not stands else text

    def _items(self, found: TupleOf, write: Callable[[Type], str | None]) -> list[str] | None:
        items: list[str] = []
        for place, each in enumerate(found.items):
            text = write(each)
            if text is None:
                return None
            optional = place >= found.required
            items.append(f"{self._in_one(text, each)}?" if optional else text)
        if found.rest is not None:
            text = write(ListOf(found.rest))
            if text is None:
                return None
            items.append(f"...{text}")
        return items


def _can_break(found: Type) -> bool:
    """Tell whether a type has a place where a line may end."""
    while isinstance(found, ListOf):
        found = found.item
    return not isinstance(found, Named | Exactly | Plain)


def _is_compound(text: str, found: Type) -> bool:
    return isinstance(found, OneOf | AllOf) or (" | " in text and isinstance(found, Plain))


def width(text: str) -> int:
    """Return how many columns a text takes; characters of East Asian scripts take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
