"""What tells the members of a union apart, and where an object's keys are when it is put together from others."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from arckode_gen.client.combining import either, exactly
from arckode_gen.client.document import Document, Node, as_list, escape, text_of
from arckode_gen.client.model import AllOf, Named, ObjectOf, Property, Type

if TYPE_CHECKING:
    from collections.abc import Iterator


def tagged(document: Document, member: Type, discriminator: Node) -> Type:
    """Give a member of a union the tag that tells it from the others, where its own schema has none."""
    name = text_of(discriminator, "propertyName")
    if not isinstance(member, Named):
        return member
    mapping = discriminator.get("mapping")
    pairs = cast("Node", mapping).items() if isinstance(mapping, dict) else ()
    own = member.pointer.rpartition("/")[2]
    tags = [key for key, target in pairs if target in (member.pointer, own)] or [own]
    if _has_tag(document, member.pointer, name, tags):
        return member
    tag = Property(name, either(exactly(each) for each in tags), required=True)
    return AllOf((member, ObjectOf((tag,))))


def _has_tag(document: Document, pointer: str, name: str, tags: list[str]) -> bool:
    """Tell whether a schema says by itself which values its tag has: one, or none of those it should have."""
    for raw, where in schemas_of_key(document, name, document.at(pointer, pointer), pointer):
        if not isinstance(raw, dict):
            continue
        node, _ = document.follow(raw, where)
        values = [node["const"]] if "const" in node else as_list(node.get("enum"), f"{where}/enum")
        if len(values) == 1 or (values and not set(tags) <= {each for each in values if isinstance(each, str)}):
            return True
    return False


def schemas_of_key(document: Document, name: str, value: object, pointer: str) -> Iterator[tuple[object, str]]:
    """Yield every schema of a key in an object and among the members of its `allOf`, each place once."""
    waiting, seen = [(value, pointer)], set[str]()
    while waiting:
        found, where = waiting.pop()
        if not isinstance(found, dict):
            continue
        node, place = document.follow(found, where)
        if place in seen:
            continue
        seen.add(place)
        properties = node.get("properties")
        if isinstance(properties, dict) and name in properties:
            yield properties[name], f"{place}/properties/{escape(name)}"
        members = as_list(node.get("allOf"), f"{place}/allOf")
        waiting += [(each, f"{place}/allOf/{number}") for number, each in enumerate(members)][::-1]
