"""JSON Schema, as OpenAPI 3.0 and 3.1 write it, read as types.

What only narrows values and has no place in a type (lengths, patterns, `not`, `if`, dependencies) is left out: the type
is then wider than the schema and never wrong.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from arckode_gen.client import circles, model, tags
from arckode_gen.client.combining import both, either, exactly
from arckode_gen.client.document import (
    DEEPEST,
    Document,
    Node,
    UnsupportedError,
    as_list,
    as_node,
    escape,
    shown,
    text_of,
    unescape,
)
from arckode_gen.client.model import (
    ANY_OBJECT,
    NEVER,
    NO_DOC,
    NULL,
    UNKNOWN,
    Doc,
    ListOf,
    Named,
    ObjectOf,
    Property,
    Schema,
    TupleOf,
    Type,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMPONENTS = "#/components/schemas/"
_SIMPLE = {
    "string": model.STRING,
    "number": model.NUMBER,
    "integer": model.NUMBER,
    "boolean": model.BOOLEAN,
    "null": NULL,
}
_FINE = {"date-time": model.DATETIME, "date": model.DATE, "uuid": model.UUID}
_OBJECT_WORDS = ("properties", "additionalProperties", "patternProperties", "propertyNames", "required")
_LONGEST_DEFAULT = 60
_LIST_WORDS = ("items", "prefixItems")


class Schemas:
    """Reads schemas, and gives a name to every one that something refers to.

    `fine` tells integers from numbers, and dates and UUIDs from other texts.
    """

    def __init__(self, document: Document, *, fine: bool = False) -> None:
        self._document = document
        self._fine = fine
        self._named: dict[str, Schema | None] = {}
        self._waiting: list[str] = []

    def components(self) -> None:
        """Read every schema that the document names."""
        components = as_node(self._document.root.get("components") or {}, "#/components")
        for name in as_node(components.get("schemas") or {}, "#/components/schemas"):
            self._name(_COMPONENTS + escape(name), "#/components/schemas")

    def all(self) -> tuple[Schema, ...]:
        """Return every named schema, in the order in which they were met.

        Raises:
            UnsupportedError: a schema is nothing but itself.
        """
        while self._waiting:
            pointer = self._waiting.pop()
            raw = self._document.at(pointer, pointer)
            found = self.read(raw, pointer)
            doc = doc_of(cast("Node", raw)) if isinstance(raw, dict) else NO_DOC
            self._named[pointer] = Schema(pointer, _words(pointer), found, doc)
        schemas = tuple(schema for schema in self._named.values() if schema is not None)
        circles.refuse(schemas)
        return schemas

    def read(self, schema: object, pointer: str, depth: int = 0) -> Type:
        """Return the type of a schema.

        Raises:
            UnsupportedError: it is none, or uses what cannot be read from one document.
        """
        if schema is True:
            return UNKNOWN
        if schema is False:
            return NEVER
        if depth > DEEPEST:
            raise UnsupportedError(pointer, f"schemas are nested more than {DEEPEST} deep")
        node = as_node(schema, pointer)
        if "$dynamicRef" in node:
            raise UnsupportedError(f"{pointer}/$dynamicRef", "`$dynamicRef` is not supported", "write a plain `$ref`")
        found = both(self._parts(node, pointer, depth))
        return either((found, NULL)) if node.get("nullable") is True else found

    def _parts(self, node: Node, pointer: str, depth: int) -> Iterable[Type]:
        """Yield what a value must be, all of it at once."""
        if "$ref" in node:
            yield self._reference(node["$ref"], pointer)
        if "$recursiveRef" in node:
            yield self._reference(_enclosing(pointer), pointer)
        if "const" in node:
            yield exactly(node["const"])
        elif "enum" in node:
            yield self._enum(node, pointer)
        elif (own := self._own(node, pointer, depth)) is not None:
            yield own
        for word in ("oneOf", "anyOf"):
            if word in node:
                yield self._choice(node, word, pointer, depth)
        if "allOf" in node:
            yield from self._members(node, "allOf", pointer, depth)
            yield from self._demanded(node, pointer, depth)

    def _reference(self, reference: object, pointer: str) -> Type:
        if not isinstance(reference, str):
            raise UnsupportedError(f"{pointer}/$ref", f"a reference is a text, not {shown(reference)}")
        self._name(reference, pointer)
        return Named(reference)

    def _name(self, pointer: str, asked_from: str) -> None:
        if pointer not in self._named:
            target = self._document.at(pointer, asked_from)
            if not isinstance(target, dict | bool):
                raise UnsupportedError(
                    asked_from, f"the reference {shown(pointer)} leads to {shown(target)}, no schema"
                )
            self._named[pointer] = None
            self._waiting.append(pointer)

    def _enum(self, node: Node, pointer: str) -> Type:
        values = as_list(node["enum"], f"{pointer}/enum")
        members = [exactly(value) for value in values]
        types = node.get("type")
        if isinstance(types, list) and "null" in types:
            members.append(NULL)
        return either(members)

    def _own(self, node: Node, pointer: str, depth: int) -> Type | None:
        """Return what the schema says by itself, without its references and combinations."""
        kind = node.get("type")
        if isinstance(kind, list):
            return either(self._of_kind(each, node, pointer, depth) for each in cast("list[object]", kind))
        if kind is not None:
            return self._of_kind(kind, node, pointer, depth)
        combined = "allOf" in node or "$ref" in node
        if any(word in node for word in (_OBJECT_WORDS[:4] if combined else _OBJECT_WORDS)):
            return self._object(node, pointer, depth)
        if any(word in node for word in _LIST_WORDS):
            return self._list(node, pointer, depth)
        return None

    def _of_kind(self, kind: object, node: Node, pointer: str, depth: int) -> Type:
        if kind == "string":
            return self._string(node)
        if kind == "object":
            return self._object(node, pointer, depth)
        if kind == "array":
            return self._list(node, pointer, depth)
        if kind == "integer" and self._fine:
            return model.INTEGER
        if isinstance(kind, str) and kind in _SIMPLE:
            return _SIMPLE[kind]
        raise UnsupportedError(
            f"{pointer}/type", f"{shown(kind)} is not a type", f"a type is one of {', '.join(_KINDS)}"
        )

    def _string(self, node: Node) -> Type:
        encoding, media, form = (text_of(node, word) for word in ("contentEncoding", "contentMediaType", "format"))
        if form == "binary" or (media == "application/octet-stream" and not encoding):
            return model.BINARY
        return _FINE.get(form, model.STRING) if self._fine else model.STRING

    def _list(self, node: Node, pointer: str, depth: int) -> Type:
        fixed, items = node.get("prefixItems"), node.get("items", True)
        where = f"{pointer}/prefixItems"
        if isinstance(items, list):
            fixed, items, where = items, node.get("additionalItems", True), f"{pointer}/items"
        if not isinstance(fixed, list):
            return ListOf(self.read(items, f"{pointer}/items", depth + 1))
        members = tuple(
            self.read(each, f"{where}/{place}", depth + 1) for place, each in enumerate(cast("list[object]", fixed))
        )
        least, most = node.get("minItems"), node.get("maxItems")
        ends = isinstance(most, int) and most <= len(members)
        rest = None if ends or items is False else self.read(items, f"{pointer}/items", depth + 1)
        return TupleOf(members, min(least, len(members)) if isinstance(least, int) else 0, rest)

    def _object(self, node: Node, pointer: str, depth: int) -> Type:
        required = {name for name in as_list(node.get("required"), f"{pointer}/required") if isinstance(name, str)}
        raw = as_node(node.get("properties") or {}, f"{pointer}/properties")
        properties = [
            self._property(name, each, f"{pointer}/properties/{escape(name)}", name in required, depth)
            for name, each in raw.items()
        ]
        combined = "allOf" in node or "$ref" in node
        if not combined:
            properties += [Property(name, UNKNOWN, required=True) for name in sorted(required - raw.keys())]
        others = self._others(node, pointer, depth)
        keys = self._keys(node, pointer)
        if keys and others is not None:
            known = {each.name for each in properties}
            properties += [Property(key, others, required=False) for key in keys if key not in known]
            others = None
        if not properties and others is None and not combined:
            closed = node.get("additionalProperties") is False
            return ObjectOf((), NEVER) if closed else ANY_OBJECT
        return ObjectOf(tuple(properties), others)

    def _property(self, name: str, raw: object, pointer: str, required: bool, depth: int) -> Property:
        found = self.read(raw, pointer, depth + 1)
        if not isinstance(raw, dict):
            return Property(name, found, required)
        node = cast("Node", raw)
        return Property(
            name,
            found,
            required,
            node.get("readOnly") is True,
            node.get("writeOnly") is True,
            "default" in node,
            doc_of(node),
        )

    def _others(self, node: Node, pointer: str, depth: int) -> Type | None:
        """Return the type of the keys that are not named; None when nobody said that there are any."""
        words = ("additionalProperties", "unevaluatedProperties")
        said = [word for word in words if node.get(word) not in (None, False)]
        found = [self.read(node[word], f"{pointer}/{word}", depth + 1) for word in said]
        patterns = as_node(node.get("patternProperties") or {}, f"{pointer}/patternProperties")
        for pattern, each in patterns.items():
            found.append(self.read(each, f"{pointer}/patternProperties/{escape(pattern)}", depth + 1))
        if not found and "propertyNames" in node and node.get("additionalProperties") is None:
            found.append(UNKNOWN)
        return either(found) if found else None

    def _keys(self, node: Node, pointer: str) -> tuple[str, ...]:
        """Return the only keys there may be, where `propertyNames` lists them."""
        names = node.get("propertyNames")
        if not isinstance(names, dict):
            return ()
        target, where = self._document.follow(names, f"{pointer}/propertyNames")
        listed = as_list(target.get("enum"), f"{where}/enum")
        return tuple(dict.fromkeys(name for name in listed if isinstance(name, str)))

    def _members(self, node: Node, word: str, pointer: str, depth: int) -> list[Type]:
        raw = as_list(node[word], f"{pointer}/{word}")
        return [
            self.read(each, f"{pointer}/{word}/{place}", depth + 1)
            for place, each in enumerate(raw)
            if not _only_narrows(each)
        ]

    def _choice(self, node: Node, word: str, pointer: str, depth: int) -> Type:
        members = self._members(node, word, pointer, depth)
        if not members:
            return UNKNOWN
        discriminator = node.get("discriminator")
        if isinstance(discriminator, dict) and text_of(cast("Node", discriminator), "propertyName"):
            members = [tags.tagged(self._document, each, cast("Node", discriminator)) for each in members]
        return model.DECIMAL if _is_decimal(node.get(word)) else either(members)

    def _demanded(self, node: Node, pointer: str, depth: int) -> Iterable[Type]:
        """Yield the keys that an `allOf` makes required and whose types are in another of its members."""
        members = as_list(node["allOf"], f"{pointer}/allOf")
        sources = [each for each in (node, *members) if isinstance(each, dict)]
        wanted = dict.fromkeys(
            name for each in sources for name in as_list(each.get("required"), pointer) if isinstance(name, str)
        )
        own = {
            name
            for each in sources
            for name in cast("Node", each.get("properties") or {})
            if name in as_list(each.get("required"), pointer)
        }
        found = []
        for name in wanted:
            place = None if name in own else next(tags.schemas_of_key(self._document, name, node, pointer), None)
            if place is not None:
                raw, where = place
                found.append(self._property(name, raw, where, True, depth))  # noqa: FBT003
        if found:
            yield ObjectOf(tuple(found))


_KINDS = ("string", "number", "integer", "boolean", "object", "array", "null")
_NARROWING = frozenset({"required", "not", "title", "description", "minProperties", "maxProperties", "$comment"})


def _only_narrows(schema: object) -> bool:
    """Tell whether a member of a combination says nothing that a type could say, as `required: [a]` alone does."""
    return isinstance(schema, dict) and bool(schema) and schema.keys() <= _NARROWING


def _is_decimal(members: object) -> bool:
    """Recognise how pydantic describes a decimal in a request: a number, or a text that holds one."""
    if not isinstance(members, list) or len(members) != 2:
        return False
    first, second = members
    if not isinstance(first, dict) or not isinstance(second, dict):
        return False
    bounds = {"type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    is_number = first.get("type") == "number" and first.keys() <= bounds
    return is_number and second.get("type") == "string" and second.keys() <= {"type", "pattern"}


def doc_of(node: Node) -> Doc:
    """Return what a schema, parameter or operation says for people."""
    text = text_of(node, "description") or text_of(node, "summary")
    default = node.get("default")
    said = json.dumps(default, ensure_ascii=False) if default is not None else ""
    said = said if len(said) <= _LONGEST_DEFAULT else ""
    deprecated = node.get("deprecated") is True
    if not text and not deprecated and not said:
        return NO_DOC
    return Doc(text, deprecated, said)


def _words(pointer: str) -> str:
    """Return what a name is made of: a component's own, else the last words of the pointer."""
    if pointer.startswith(_COMPONENTS) and "/" not in pointer[len(_COMPONENTS) :]:
        return unescape(pointer[len(_COMPONENTS) :])
    dull = {"properties", "schema", "content", "components", "schemas", "responses", "paths", "#"}
    parts = [unescape(part) for part in pointer.split("/") if part not in dull]
    return " ".join(parts[-4:])


def _enclosing(pointer: str) -> str:
    """Return the component that a place is in, which `$recursiveRef` means.

    Raises:
        UnsupportedError: it is in none.
    """
    if not pointer.startswith(_COMPONENTS):
        raise UnsupportedError(f"{pointer}/$recursiveRef", "`$recursiveRef` is used outside of a component")
    return _COMPONENTS + pointer[len(_COMPONENTS) :].partition("/")[0]
