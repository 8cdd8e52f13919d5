"""A Vue component: its scripts, and what its template and styles hold, by the grammar of HTML.

What stands in mustaches is blanked for that grammar, which would read `a < b` as the beginning of a tag.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import tree_sitter_html
from tree_sitter import Language, Parser, Point, Query, QueryCursor, Range

from arckode_analyzers.facts.records import Mark
from arckode_analyzers.facts.script import Comment, Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_QUERY = r"""
((attribute (attribute_name) @name)
  (#match? @name "^(v-html|v-bind:|:|\\.|href$)"))
(comment) @comment
"""
# A text such as "{{" in a script is none: mustaches reach over no tag that a part begins or ends with.
_MUSTACHES = re.compile(rb"\{\{(?:(?!</?(?:script|style|template)\b).)*?\}\}", re.DOTALL)
# Its text is in another file; the grammar would take what follows for it.
_EMPTY = re.compile(rb"^<(?:script|style)\b[^<>]*/>", re.MULTILINE)
_SAID = re.compile(rb"\bany\b|(?:inner|outer|insertAdjacent)HTML\b")
_LINK = re.compile(r"(?:v-bind:|:)?href")
_HTML = re.compile(r"v-html(?:\..*)?|(?:v-bind:|:|\.)(?:inner|outer)-?html(?:\..*)?", re.IGNORECASE)
_DIRECTIVES = (":", "@", "#", "v-")
_TEXTS = ("script_element", "style_element")
_OPENING = ("start_tag", "self_closing_tag")


@cache
def _language() -> Language:
    return Language(tree_sitter_html.language())


@cache
def _query() -> Query:
    return Query(_language(), _QUERY)


class Component:
    """The parts of one file.

    Raises:
        UnreadError: a script of it is no TypeScript.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        blanked = _EMPTY.sub(_blank, _MUSTACHES.sub(_blank, content))
        self._root = Parser(_language()).parse(blanked).root_node
        texts = [(node.start_byte, node.end_byte) for kind in _TEXTS for node in self._parts(kind)]
        found = [match.span() for match in _MUSTACHES.finditer(content)]
        self._mustaches = [span for span in found if not any(first <= span[0] < last for first, last in texts)]
        self._found = QueryCursor(_query()).captures(self._root)
        self._scripts = [(node, script) for node in self._parts("script_element") if (script := self._script(node))]

    def comments(self) -> list[Comment]:
        found = [comment for _, script in self._scripts for comment in script.comments()]
        for node in self._found.get("comment", ()):
            after = node.next_named_sibling
            tag = after.named_children[0] if after is not None and after.named_children else after
            covers = tag.end_point.row + 1 if tag is not None and tag.type in _OPENING else 0
            place = (node.start_point.row + 1, node.start_point.column, node.end_point.row + 1)
            found.append(Comment(self._text(node), *place, covers))
        return found

    def marks(self) -> Iterator[Mark]:
        """Yield what a rule may look at, in no order."""
        for node, script in self._scripts:
            yield from script.marks()
            if "setup" not in self._attributes(node):
                yield from script.options()
        for node in self._parts("style_element"):
            if not {"scoped", "module"} & self._attributes(node).keys():
                yield Mark("style", node.start_point.row + 1, node.start_point.column)
        yield from self._in_template()

    def _parts(self, kind: str) -> list[Node]:
        """Return the elements at the top of the file, where alone scripts and styles count."""
        return [node for node in self._root.named_children if node.type == kind]

    def _script(self, element: Node) -> Script | None:
        text = next((child for child in element.named_children if child.type == "raw_text"), None)
        if text is None:
            return None
        within = Range(text.start_point, text.end_point, text.start_byte, text.end_byte)
        kind = "tsx" if self._attributes(element).get("lang") in {"jsx", "tsx"} else "ts"
        return Script(self._content, kind, within)

    def _attributes(self, element: Node) -> dict[str, str]:
        tag = next((child for child in element.named_children if child.type in _OPENING), None)
        found = {}
        for attribute in tag.named_children if tag is not None else ():
            if attribute.type == "attribute":
                name, *rest = attribute.named_children
                value = self._text(rest[0]) if rest else ""
                found[self._text(name)] = value[1:-1] if value[:1] in {'"', "'"} else value
        return found

    def _in_template(self) -> Iterator[Mark]:
        for name in self._found.get("name", ()):
            said, attribute = self._text(name), name.parent
            element = attribute.parent.parent if attribute is not None and attribute.parent is not None else None
            if element is None or attribute is None:
                continue
            place = (attribute.start_point.row + 1, attribute.start_point.column)
            if _HTML.fullmatch(said):
                yield Mark("html", *place, said.lstrip(":.").partition(".")[0])
            elif _LINK.fullmatch(said):
                yield from self._link(element, said, place)
        yield from self._said()

    def _link(self, element: Node, said: str, place: tuple[int, int]) -> Iterator[Mark]:
        tag = next((child for child in element.named_children if child.type == "tag_name"), None)
        opening = next((child for child in element.named_children if child.type in _OPENING), None)
        named = tag or (opening.named_children[0] if opening is not None else None)
        attributes = self._attributes(element)
        if named is None or self._text(named) != "a" or {"download", "target"} & attributes.keys():
            return
        address = attributes.get(said, "")
        if said != "href":  # an expression: only one that begins with a text is known to begin so
            address = address[1:] if address[:1] in {"'", '"', "`"} else ""
        if address.startswith("/") and not address.startswith("//"):
            yield Mark("link", *place, re.sub(r"\$\{.*?\}", "{}", address.split("'")[0].rstrip("`")))

    def _said(self) -> Iterator[Mark]:
        """Yield each `any` and each assignment of markup in the expressions of the template."""
        for first, last in self._expressions():
            if _SAID.search(self._content, first, last):
                within = Range(self._point(first), self._point(last), first, last)
                script = Script(self._content, "ts", within, expression=True)
                yield from script.anys()
                yield from script.htmls()

    def _expressions(self) -> Iterator[tuple[int, int]]:
        yield from ((first + 2, last - 2) for first, last in self._mustaches)
        pending = [node for node in self._root.named_children if node.type == "element"]
        while pending:
            node = pending.pop()
            if node.type == "attribute" and len(node.named_children) > 1:
                if self._text(node.named_children[0]).startswith(_DIRECTIVES):
                    value = node.named_children[1]
                    yield value.start_byte + 1, value.end_byte - 1
            elif _SAID.search(self._content, node.start_byte, node.end_byte):
                pending.extend(node.named_children)

    def _point(self, at: int) -> Point:
        line = self._content.count(b"\n", 0, at)
        return Point(line, at - (self._content.rfind(b"\n", 0, at) + 1))

    def _text(self, node: Node) -> str:
        return self._content[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _blank(match: re.Match[bytes]) -> bytes:
    """Return as many spaces, on as many lines."""
    return re.sub(rb"[^\n]", b" ", match[0])
