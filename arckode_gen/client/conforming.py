"""Whether a value is what a schema says: the test that every example has to pass.

A value is judged as an answer is: what is write-only is not there, and nobody asks for it.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, cast

from arckode_gen.client.document import DEEPEST, Document, Node, UnsupportedError
from arckode_gen.client.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
_ZONE = r"([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_FORMATS = {
    "date-time": rf"\d{{4}}-\d\d-\d\d[Tt ]{_CLOCK}{_ZONE}",
    "date": r"\d{4}-\d\d-\d\d",
    "time": rf"{_CLOCK}{_ZONE}",
    "duration": r"P(?=.)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)",
    "uuid": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "email": rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@{_LABEL}(\.{_LABEL})*",
    "hostname": rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*",
    "ipv4": r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!\Z)|\Z)){4}",
    "ipv6": r"[0-9a-fA-F:.]{2,45}",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*",
    "json-pointer": r"(/([^~/]|~[01])*)*",
}


def is_integer(value: object) -> bool:
    """Tell whether a value is a whole number, as JSON Schema means it: 1.0 is one."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}


class Borrowed(NamedTuple):
    """A value that is the example of a named schema, by the schema's JSON pointer."""

    pointer: str


class Judge:
    """Compares values with the schemas of one document; `example` gives that of a named schema.

    `strict` is JSON Schema as it stands; without it, the members of a `oneOf` may overlap, as many documents have it.
    """

    def __init__(self, document: Document, example: Callable[[str], object]) -> None:
        self.strict = True
        self._document = document
        self._example = example

    def whole(self, value: object) -> object:
        """Return a value with everything in it that it borrows."""
        if isinstance(value, Borrowed):
            return self.whole(self._example(value.pointer))
        if isinstance(value, dict):
            return {name: self.whole(each) for name, each in value.items()}
        return [self.whole(each) for each in value] if isinstance(value, list) else value

    def conforms(self, value: object, schema: object, depth: int = 0) -> bool:
        """Tell whether a value is what a schema says."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict) or depth > DEEPEST:
            return False
        node = cast("Node", schema)
        reference = node.get("$ref")
        if isinstance(value, Borrowed):
            if value.pointer == reference:
                return self._keeps(value, node, depth)
            value = self._example(value.pointer)
        if isinstance(reference, str):
            try:
                target = self._document.at(reference, reference)
            except UnsupportedError:
                return False
            if not self.conforms(value, target, depth + 1):
                return False
        return self._keeps(value, node, depth)

    def _keeps(self, value: object, node: Node, depth: int) -> bool:
        """Tell whether a value keeps to a schema's own words."""
        if not (node.keys() & _WORDS):
            return True
        while isinstance(value, Borrowed):
            value = self._example(value.pointer)
        if value is None and node.get("nullable") is True:
            return True
        return (
            self._is_of_type(value, node)
            and self._is_listed(value, node)
            and all(self._combined(value, node, depth))
            and (not isinstance(value, str) or all(_text(value, node)))
            and (not _TYPES["number"](value) or all(_number(cast("float", value), node)))
            and (not isinstance(value, list) or all(self._list(cast("list[object]", value), node, depth)))
            and (not isinstance(value, dict) or all(self._object(cast("Node", value), node, depth)))
        )

    @staticmethod
    def _is_of_type(value: object, node: Node) -> bool:
        kinds = node.get("type")
        if kinds is None:
            return True
        listed = cast("list[object]", kinds) if isinstance(kinds, list) else [kinds]
        return any(isinstance(each, str) and each in _TYPES and _TYPES[each](value) for each in listed)

    def _is_listed(self, value: object, node: Node) -> bool:
        if "const" in node and not same(self.whole(value), node["const"]):
            return False
        listed = node.get("enum")
        return not isinstance(listed, list) or any(same(self.whole(value), each) for each in listed)

    def _combined(self, value: object, node: Node, depth: int) -> Iterator[bool]:
        members = node.get("allOf")
        if isinstance(members, list):
            yield all(self.conforms(value, each, depth + 1) for each in members)
        for word in ("anyOf", "oneOf"):
            members = node.get(word)
            if isinstance(members, list) and members:
                found = (self.conforms(value, each, depth + 1) for each in members)
                yield sum(found) == 1 if word == "oneOf" and self.strict else any(found)
        if "not" in node:
            yield not self.conforms(value, node["not"], depth + 1)
        if "if" in node:
            word = "then" if self.conforms(value, node["if"], depth + 1) else "else"
            yield self.conforms(value, node.get(word, True), depth + 1)

    def _list(self, value: list[object], node: Node, depth: int) -> Iterator[bool]:
        yield number(node, "minItems", 0) <= len(value) <= number(node, "maxItems", len(value))
        if node.get("uniqueItems") is True:
            found = [json.dumps(self.whole(each), sort_keys=True) for each in value]
            yield len(set(found)) == len(found)
        fixed, items = node.get("prefixItems"), node.get("items", True)
        if isinstance(items, list):
            fixed, items = items, node.get("additionalItems", True)
        first = cast("list[object]", fixed) if isinstance(fixed, list) else []
        for place, each in enumerate(value):
            yield self.conforms(each, first[place] if place < len(first) else items, depth + 1)
        if "contains" in node:
            count = sum(self.conforms(each, node["contains"], depth + 1) for each in value)
            yield number(node, "minContains", 1) <= count <= number(node, "maxContains", count)

    def _object(self, value: Node, node: Node, depth: int) -> Iterator[bool]:
        yield number(node, "minProperties", 0) <= len(value) <= number(node, "maxProperties", len(value))
        properties = as_object(node.get("properties"))
        yield all(name in value or self.is_hidden(properties.get(name)) for name in _names(node.get("required")))
        patterns = as_object(node.get("patternProperties"))
        for name, each in value.items():
            schemas = [properties[name]] if name in properties else []
            schemas += [schema for pattern, schema in patterns.items() if matches(pattern, name)]
            if not schemas:
                schemas = [node.get("additionalProperties", True), node.get("unevaluatedProperties") is not False]
            yield all(self.conforms(each, schema, depth + 1) for schema in schemas)
            yield self.conforms(name, node.get("propertyNames", True), depth + 1)
        for name, wanted in as_object(node.get("dependentRequired")).items():
            yield name not in value or value.keys() >= set(_names(wanted))
        for name, schema in as_object(node.get("dependentSchemas")).items():
            yield name not in value or self.conforms(value, schema, depth + 1)

    @staticmethod
    def is_hidden(schema: object) -> bool:
        """Tell whether a key is never in an answer."""
        return isinstance(schema, dict) and cast("Node", schema).get("writeOnly") is True


_WORDS = frozenset(
    "type const enum allOf anyOf oneOf not if minItems maxItems uniqueItems prefixItems items contains minProperties "
    "maxProperties properties required patternProperties additionalProperties unevaluatedProperties propertyNames "
    "dependentRequired dependentSchemas minLength maxLength pattern format minimum maximum exclusiveMinimum "
    "exclusiveMaximum multipleOf".split()
)


def _text(value: str, node: Node) -> Iterator[bool]:
    yield number(node, "minLength", 0) <= len(value) <= number(node, "maxLength", len(value))
    pattern, form = node.get("pattern"), node.get("format")
    if isinstance(pattern, str):
        yield matches(pattern, value)
    if isinstance(form, str) and form in _FORMATS:
        yield re.fullmatch(_FORMATS[form], value, re.ASCII) is not None
        if form in {"date", "date-time"}:
            yield _is_day(value[:10])
        if form == "ipv6":
            yield _is_ipv6(value)


def matches(pattern: str, value: str) -> bool:
    """Tell whether a pattern is in a text; one that cannot be read here is taken to be."""
    found = compiled(pattern)
    return found is None or found.search(value) is not None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_ipv6(text: str) -> bool:
    import ipaddress  # few documents have any

    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _number(value: float, node: Node) -> Iterator[bool]:
    yield abs(value) < _UNSAFE or not is_integer(value)
    low, high = bounds(node)
    for bound, is_open in (low, high):
        yield not (is_open and value == bound)
    yield (low[0] is None or value >= low[0]) and (high[0] is None or value <= high[0])
    step = node.get("multipleOf")
    if isinstance(step, int | float) and step > 0:
        yield abs(value / step - round(value / step)) < 1e-9 if abs(value / step) < 1e15 else False
    if isinstance(value, int) and node.get("format") in _RANGES:
        limit = _RANGES[cast("str", node["format"])]
        yield -limit <= value < limit


_UNSAFE = 2**53  # from here on JavaScript takes one number for another
_RANGES = {"int32": 2**31, "int64": 2**63}
Bound = tuple[float | None, bool]


def bounds(node: Node) -> tuple[Bound, Bound]:
    """Return the least and the greatest number, and whether each of them is left out; None where there is none."""
    return _bound(node, "Minimum", max), _bound(node, "Maximum", min)


def _bound(node: Node, word: str, narrower: Callable[[float, float], float]) -> Bound:
    plain, exclusive = node.get(word.lower()), node.get(f"exclusive{word}")
    inner = plain if isinstance(plain, int | float) and not isinstance(plain, bool) else None
    if exclusive is True:  # as OpenAPI 3.0 says it
        return inner, inner is not None
    if not isinstance(exclusive, int | float) or isinstance(exclusive, bool):
        return inner, False
    if inner is None or narrower(inner, exclusive) == exclusive:
        return exclusive, True
    return inner, False


def number(node: Node, word: str, otherwise: float) -> float:
    """Return a number that a schema says, such as `minLength`."""
    found = node.get(word)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else otherwise


def as_object(value: object) -> Node:
    return cast("Node", value) if isinstance(value, dict) else {}


def _names(value: object) -> Iterable[str]:
    return [each for each in cast("list[object]", value) if isinstance(each, str)] if isinstance(value, list) else []


def same(first: object, second: object) -> bool:
    """Tell whether two values are the same in JSON, where true is not 1."""
    if isinstance(first, bool) is not isinstance(second, bool):
        return False
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(each, second[name]) for name, each in first.items())
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second
