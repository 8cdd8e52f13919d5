"""Types as Python: models of pydantic for objects, aliases for the rest.

Python has no intersections, so objects that are put together become one model with the keys of all, and a type that
cannot be said is wider than the schema and never wrong.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from arckode_gen.client.combining import both, either
from arckode_gen.client.model import (
    ANY_OBJECT,
    BOOLEAN,
    INTEGER,
    NO_DOC,
    NULL,
    STRING,
    UNKNOWN,
    AllOf,
    Direction,
    Doc,
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
from arckode_gen.client.naming import Names
from arckode_gen.client.python.naming import field, pascal
from arckode_gen.client.python.text import WIDTH, docstring, listed, opened, quoted, said
from arckode_gen.client.typescript import demanded, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_WORDS: dict[str, tuple[str, ...]] = {
    "string": ("str",),
    "number": ("float",),
    "integer": ("int",),
    "boolean": ("bool",),
    "null": ("None",),
    "datetime": ("dt.datetime",),
    "date": ("dt.date",),
    "uuid": ("UUID",),
}
_BY_DIRECTION: dict[Direction, dict[str, tuple[str, ...]]] = {
    "request": {"binary": ("File",), "decimal": ("Decimal", "str")},
    "response": {"binary": ("str",), "decimal": ("Decimal",)},
}
_PLAIN = frozenset({"UUID", "Decimal", "File", "dt"})
_LONGEST = 80
_MOST_CHOICES = 64
_DEEPEST = 60


class Alias(NamedTuple):
    """A name for a type that is no model: the members of the type as text, and the names in them."""

    name: str
    parts: tuple[str, ...]
    uses: frozenset[str]
    doc: Doc


class _Choice(NamedTuple):
    """One of the objects that a type may be, and what tells it from the others by name."""

    label: str
    type: ObjectOf


class Types:
    """What the whole document names, for the printers: types by pointer, and the names they have in Python.

    `unions` are the names of aliases that are no classes; they are known when `schemas.py` is written.
    """

    def __init__(self, types: Mapping[str, Type], names: Mapping[tuple[str, Direction], str]) -> None:
        self.types = types
        self.names = names
        self.unions: frozenset[str] = frozenset()

    def resolved(self, found: Type) -> Type:
        """Return what a name stands for."""
        while isinstance(found, Named):
            found = self.types[found.pointer]
        return found


class Printer:
    """Writes types of one file for one direction; `used` collects what the file has to import.

    What needs a name of its own is declared on the way: in `models`, which may refer to anything, and in `aliases`,
    which come after what they are made of.
    """

    def __init__(self, direction: Direction, types: Types, names: Names) -> None:
        self.direction = direction
        self.used: set[str] = set()
        self.models: list[str] = []
        self.aliases: list[Alias] = []
        self._types = types
        self._names = names
        self._words = {**_WORDS, **_BY_DIRECTION[direction]}
        self._known: dict[Type, list[str]] = {}
        self._depth = 0

    def text(self, found: Type, hint: str) -> str:
        """Return a type in one line; what needs a name of its own is called as `hint` says."""
        return " | ".join(self.parts(found, hint))

    def parts(self, found: Type, hint: str) -> list[str]:
        """Return the members of a type that is a union, else the type alone."""
        if isinstance(found, OneOf):
            parts = self._union(found, hint)
            return parts if len(" | ".join(parts)) <= _LONGEST else [self._aliased(found, hint)]
        if isinstance(found, AllOf):
            return self._intersection(found, hint)
        if isinstance(found, Exactly):
            return self._literals([found])
        if isinstance(found, Plain):
            return self._plain(found)
        return [self._single(found, hint)]

    def _single(self, found: Named | ListOf | TupleOf | ObjectOf, hint: str) -> str:
        if isinstance(found, Named):
            return self._use(self._types.names[found.pointer, self.direction])
        if isinstance(found, ListOf):
            return f"list[{self.text(found.item, f'{hint}Item')}]"
        if isinstance(found, TupleOf):
            return self._tuple(found, hint)
        return self._object(found, hint)

    def _plain(self, found: Plain) -> list[str]:
        parts = self._words.get(found.word, ("object",))
        self.used.update(name for each in parts for name in [each.partition(".")[0]] if name in _PLAIN)
        return list(parts)

    def named(self, found: Type, name: str, doc: Doc = NO_DOC) -> None:
        """Declare a type under a name that was set aside for it."""
        single = self.as_object(found)
        if single is not None and (single.properties or single.others is None):
            self._known.setdefault(found, [name])
            self.model(name, single, doc)
            return
        before, self.used = self.used, set()
        parts = self._union(found, name) if isinstance(found, OneOf) else self.parts(found, name)
        self.aliases.append(Alias(name, tuple(parts), frozenset(self.used), doc))
        self.used |= before

    def alias(self, name: str, members: list[str]) -> None:
        """Declare a union of what is written already."""
        self.aliases.append(Alias(name, tuple(members), frozenset(), NO_DOC))

    def is_union(self, text: str) -> bool:
        """Tell whether a type, as it was written, is one that a type checker takes for no class."""
        own = unions(self.aliases, self._types.unions)
        return " | " in text or text == "None" or text.startswith("Literal[") or text in self._types.unions | own

    def as_object(self, found: Type) -> ObjectOf | None:
        """Return the one object that a type is, when it is one and has no name."""
        if isinstance(found, AllOf):
            choices = self._choices(found)
            return choices[0].type if choices is not None and len(choices) == 1 else None
        return found if isinstance(found, ObjectOf) and found != ANY_OBJECT else None

    def model(self, name: str, found: ObjectOf, doc: Doc) -> None:
        """Declare a model; what its fields need goes before it."""
        self.used.add("Model")
        taken = Names(each for each in self._types.names.values() if each.islower() or not each.isascii())
        seen = [each for each in found.properties if visible(each, self.direction) and _is_text(each.name)]
        lines = [self._field(each, taken.free(field(each.name)), name) for each in seen]
        base = "Model"
        if found.others is not None:
            base = 'Model, extra="allow"'
            self.used.add("Field")
            others = self.text(found.others, f"{name}Value")
            lines.insert(0, f"    __pydantic_extra__: dict[str, {others}] = Field(init=False)\n")
        about = docstring(said(doc), 4)
        body = "".join(lines)
        if about and body:
            about += "\n"
        head = opened(f"class {name}(", [base], "):")
        self.models.append(f"{head}\n{about}{body or ('' if about else '    pass' + chr(10))}")

    def _field(self, found: Property, name: str, owner: str) -> str:
        always = demanded(found, self.direction)
        hint = f"{owner}{pascal(found.name)}"
        default = "" if always else " = None"
        kind = found.type
        if not always:
            kind = kind if _takes_none(kind) else OneOf((*_members(kind), NULL))
        elif not found.required and (value := self._default(found)) is not None:
            default = f" = {value}"
        elif not found.required:  # said to be there always, and left out by many a server
            kind, default = (kind if _takes_none(kind) else OneOf((*_members(kind), NULL))), " = None"
        text = self.text(kind, hint)
        doc = found.doc if not always else found.doc._replace(default="")
        about = docstring(said(doc), 4)
        if name == found.name:
            return f"{_fitted(f'    {name}: ', text, default)}\n{about}"
        self.used |= {"Annotated", "Field"}
        lead = f"    {name}: Annotated["
        return f"{listed(lead, [text, f'Field(alias={quoted(found.name)})'], f']{default}', 4)}\n{about}"

    def _default(self, found: Property) -> str | None:
        """Return a default as Python, where it is a plain value of the field's own type."""
        if not found.doc.default:
            return None
        value = json.loads(found.doc.default)
        kind = self._types.resolved(found.type)
        words: dict[Type, type] = {STRING: str, BOOLEAN: bool, INTEGER: int}
        members = [self._types.resolved(each) for each in _members(kind)]
        for each in members:
            fits = each.json == found.doc.default if isinstance(each, Exactly) else type(value) is words.get(each)
            if fits:
                return _spelled(value)
        return None

    def _use(self, name: str) -> str:
        self.used.add(name)
        return name

    def _tuple(self, found: TupleOf, hint: str) -> str:
        if found.rest is None and found.required == len(found.items) > 0:
            items = (self.text(each, f"{hint}Item{place}") for place, each in enumerate(found.items, 1))
            return f"tuple[{', '.join(items)}]"
        members = found.items if found.rest is None else (*found.items, found.rest)
        return f"list[{self.text(either(members) if members else UNKNOWN, f'{hint}Item')}]"

    def _object(self, found: ObjectOf, hint: str) -> str:
        if not found.properties:
            others = UNKNOWN if found.others is None else found.others
            return f"dict[str, {self.text(others, f'{hint}Value')}]"
        name = self._names.free(hint, "N")
        self.model(name, found, NO_DOC)
        return name

    def _aliased(self, found: OneOf, hint: str) -> str:
        name = self._names.free(hint, "N")
        self.named(found, name)
        return self._use(name)

    def _union(self, found: OneOf, hint: str) -> list[str]:
        parts = self._literals([each for each in found.members if isinstance(each, Exactly)])
        inline = 0
        for each in found.members:
            if isinstance(each, Exactly) or each == NULL:
                continue
            inline += not isinstance(each, Plain | Named | AllOf)
            if isinstance(each, AllOf):
                parts += self._intersection(each, hint, in_union=True)
            else:
                parts += self.parts(each, f"{hint}{inline}" if inline > 1 else hint)
        if "object" in parts:
            return ["object"]
        return list(dict.fromkeys([*parts, *(["None"] if NULL in found.members else [])]))

    def _literals(self, exact: Iterable[Exactly]) -> list[str]:
        """Return the values as one type; numbers with a point or past 64 bits have no literals, and are any number."""
        values: dict[str, None] = {}
        wider: dict[str, None] = {}
        for each in exact:
            value = json.loads(each.json)
            if isinstance(value, float):
                wider["float"] = None
            elif isinstance(value, int) and abs(value) >= 2**63:
                wider["int"] = None
            elif isinstance(value, str) and not _is_text(value):
                wider["str"] = None
            else:
                values[_spelled(value)] = None
        if values:
            self.used.add("Literal")
        # There has to be room for what stands before it, in the file where it gets a line of its own.
        return [*([listed("Literal[", list(values), "]", width=WIDTH - 6)] if values else []), *wider]

    def _intersection(self, found: AllOf, hint: str, *, in_union: bool = False) -> list[str]:
        if found in self._known:
            return self._known[found]
        if self._depth > _DEEPEST:
            return ["object"]
        choices = self._choices(found)
        if choices is None:
            return self.parts(self._narrowest(found), hint)
        if len(choices) == 1 and not choices[0].type.properties:
            return [self._object(choices[0].type, hint)]
        self._depth += 1
        single = len(choices) == 1 and not in_union
        names = [self._names.free(hint if single else f"{hint}{each.label}", "N") for each in choices]
        self._known[found] = names
        for name, each in zip(names, choices, strict=True):
            self.model(name, each.type, NO_DOC)
        self._depth -= 1
        return names

    def _narrowest(self, found: AllOf) -> Type:
        """Return the member that says most of an intersection of what are no objects."""
        resolved = [(each, self._types.resolved(each)) for each in found.members]
        for each, real in resolved:
            if all(isinstance(member, Exactly) for member in _members(real)):
                return each
        return next((each for each, real in resolved if not isinstance(real, ObjectOf)), found.members[0])

    def _choices(self, found: Type) -> list[_Choice] | None:
        """Return the objects that a type may be; None when it may be something else than an object."""
        if isinstance(found, Named):
            label = pascal(self._types.names[found.pointer, self.direction])
            inner = self._choices(self._types.types[found.pointer])
            return inner if inner is None or len(inner) > 1 else [_Choice(label, inner[0].type)]
        if isinstance(found, ObjectOf):
            return [_Choice("", found)]
        if isinstance(found, OneOf):
            members = [self._choices(each) for each in found.members if each != NULL]
            flat = [each for member in members for each in member or ()]
            return flat if flat and None not in members else None
        if isinstance(found, AllOf):
            return self._product(found)
        return None

    def _product(self, found: AllOf) -> list[_Choice] | None:
        combined = [_Choice("", ObjectOf(()))]
        for member in found.members:
            choices = self._choices(member)
            if choices is None:
                return None
            if len(combined) * len(choices) > _MOST_CHOICES:
                continue  # wider than the schema, and still a type that somebody can read
            combined = [
                _Choice(
                    f"{one.label}{other.label}" if len(choices) > 1 else one.label or other.label, _merged(one, other)
                )
                for one in combined
                for other in choices
            ]
        if len({each.label for each in combined}) < len(combined):
            combined = [each._replace(label=f"{each.label}{place}") for place, each in enumerate(combined, 1)]
        return combined


def unions(aliases: Iterable[Alias], known: Iterable[str] = ()) -> frozenset[str]:
    """Return the names among aliases that stand for no class: unions, literals, and what is made of itself."""
    by_name = {each.name: each for each in aliases}
    found = set(known) | {name for name in by_name if _reaches(name, name, by_name)}
    waiting = list(by_name.values())
    while True:
        new = {
            each.name
            for each in waiting
            if len(each.parts) > 1 or each.parts[0] in found or each.parts[0].startswith(("Literal[", "None"))
        }
        if new <= found:
            return frozenset(found & by_name.keys())
        found |= new


def in_order(aliases: Iterable[Alias], used: set[str]) -> Iterator[str]:
    """Yield declarations of aliases, each after what it is made of; those that are made of themselves are lazy."""
    known = {each.name: each for each in aliases}
    lazy = {name for name in known if _reaches(name, name, known)}
    done: set[str] = set()
    for name in known:
        stack = [name]
        while stack:
            current = stack[-1]
            needs = [] if current in lazy else sorted(known[current].uses & known.keys() - done - {current})
            if needs and current not in done:
                stack += needs
                continue
            stack.pop()
            if current not in done:
                done.add(current)
                yield _declared(known[current], used, is_lazy=current in lazy)


def _reaches(start: str, wanted: str, known: Mapping[str, Alias]) -> bool:
    waiting, seen = [start], set[str]()
    while waiting:
        for name in known[waiting.pop()].uses & known.keys():
            if name == wanted:
                return True
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return False


def _declared(alias: Alias, used: set[str], *, is_lazy: bool) -> str:
    about = docstring(said(alias.doc), 0)
    if is_lazy:
        used.add("TypeAliasType")
        text = quoted(re.sub(r"\s*\n\s*", " ", " | ".join(alias.parts)))
        return f"{listed(f'{alias.name} = TypeAliasType(', [quoted(alias.name), text], ')')}\n{about}"
    used.add("TypeAlias")
    lead = f"{alias.name}: TypeAlias = "
    line = f"{lead}{' | '.join(alias.parts)}"
    if len(alias.parts) == 1 and "\n" not in line and len(line) > WIDTH and alias.parts[0].startswith("Literal["):
        line = f"{lead}Literal[\n    {alias.parts[0][len('Literal[') : -1]}\n]"
    elif len(alias.parts) > 1 and ("\n" in line or len(line) > WIDTH):
        inner = " | ".join(alias.parts)
        if "\n" in inner or len(inner) + 4 > WIDTH:
            inner = "\n| ".join(alias.parts).replace("\n", "\n    ")
        line = f"{lead}(\n    {inner}\n)"
    return f"{line}\n{about}"


def _merged(one: _Choice, other: _Choice) -> ObjectOf:
    found = {each.name: each for each in one.type.properties}
    for each in other.type.properties:
        before = found.get(each.name)
        found[each.name] = each if before is None else _both(before, each)
    others = one.type.others if one.type.others is not None else other.type.others
    return ObjectOf(tuple(found.values()), others)


def _both(one: Property, other: Property) -> Property:
    return Property(
        one.name,
        both((one.type, other.type)),
        one.required or other.required,
        one.read_only or other.read_only,
        one.write_only or other.write_only,
        one.has_default or other.has_default,
        one.doc if one.doc != NO_DOC else other.doc,
    )


def _members(found: Type) -> tuple[Type, ...]:
    return found.members if isinstance(found, OneOf) else (found,)


def _takes_none(found: Type) -> bool:
    return found == UNKNOWN or NULL in _members(found)


def _is_text(text: str) -> bool:
    """Tell whether a text is whole Unicode, as every text of a real answer is."""
    return not any("\ud800" <= each <= "\udfff" for each in text)


def _fitted(lead: str, text: str, default: str) -> str:
    """Return a field whose names may be too long for a line, laid out as formatters do it."""
    line = f"{lead}{text}{default}"
    if len(line) <= WIDTH or not default:
        return line
    if len(lead) + len(text) + len(" = (") <= WIDTH:
        return f"{lead}{text} = (\n        {default.removeprefix(' = ')}\n    )"
    return f"{lead}(\n        {text}\n    ){default}" if " | " in text and len(text) + 8 <= WIDTH else line


def _spelled(value: object) -> str:
    return quoted(value) if isinstance(value, str) else repr(value)
