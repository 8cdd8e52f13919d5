"""Requests that a front end sends: the path that is written, the method, and who sends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.facts.records import Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from tree_sitter import Node

LIBRARIES = frozenset({"axios", "ky", "ofetch"})
_VERBS = frozenset({"delete", "get", "head", "options", "patch", "post", "put"})
_BASES = frozenset({"baseURL", "prefixUrl"})
_MAKERS = frozenset({"create", "extend"})
_CLIENT_PATH = 2  # in the generated `send(options, method, path, ...)`
_END = re.compile(r"[?#].*", re.DOTALL)


class Requests:
    """Finds them in a tree; `fetches` are the ids of the nodes that are the browser's own `fetch`.

    Who sends is `fetch`, a library, `client` for a generated one, or `module:name` for a constant of another file.
    """

    def __init__(self, root: Node, text: Callable[[Node], str], fetches: Collection[int]) -> None:
        self._root = root
        self._text = text
        self._fetches = fetches
        self._imports = imported_names(root, text)
        self._made = dict(self._instances())

    def marks(self, paths: Iterable[Node]) -> Iterator[Mark]:
        """Yield the constants that send, and the requests that the texts that begin with a slash are part of."""
        for name, node in self._made.items():
            yield Mark("client", node.start_point.row + 1, node.start_point.column, name)
        calls = {call.id: call for call in map(_call_with, paths) if call is not None}
        for call in calls.values():
            path, said = self._request(call)
            if path.startswith("/") and not path.startswith("//"):
                yield Mark("request", call.start_point.row + 1, call.start_point.column, path, said)

    def _instances(self) -> Iterator[tuple[str, Node]]:
        """Yield the constants of the file that are `axios.create(...)` and the like."""
        for statement in self._root.named_children:
            declaration = statement.child_by_field_name("declaration") or statement
            for each in declaration.named_children if declaration.type == "lexical_declaration" else ():
                name, value = each.child_by_field_name("name"), each.child_by_field_name("value")
                if name is None or value is None or value.type != "call_expression":
                    continue
                function = value.child_by_field_name("function")
                is_made = function is not None and self._verb(function) in _MAKERS and self._is_library(function)
                if is_made and not self._is_elsewhere(value):
                    yield self._text(name), name

    def _is_elsewhere(self, made: Node) -> bool:
        """Tell whether an instance is for another host, or for one that is computed."""
        given = made.child_by_field_name("arguments")
        options = [pair for each in given.named_children for pair in each.named_children] if given is not None else []
        for pair in options:
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if key is not None and value is not None and self._text(key).strip("\"'") in _BASES:
                base = self._written(value)
                return not base.startswith("/") or base.startswith("//")
        return False

    def _is_library(self, member: Node) -> bool:
        found = member.child_by_field_name("object")
        return found is not None and self._imports.get(self._text(found), ("", ""))[0] in LIBRARIES

    def _request(self, call: Node) -> tuple[str, str]:
        """Return a path, and method and sender; two empty texts for what sends nothing that is known."""
        function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        if function is None or arguments is None:
            return "", ""
        given = [each for each in arguments.named_children if each.type != "comment"]
        module, original = self._imports.get(self._text(function), ("", ""))
        if original == "send" and module.endswith("/runtime") and len(given) > _CLIENT_PATH:
            method = self._text(given[1]).strip("\"'`")
            return self._path(given[_CLIENT_PATH]), f"{method} client"
        sender = "fetch" if function.id in self._fetches else self._sender(function)
        if not sender:
            return "", ""
        verb = self._verb(function)
        method = verb if verb in _VERBS else self._method(given)
        return self._path(given[0]), f"{method.upper()} {sender}"

    def _verb(self, function: Node) -> str:
        """Return the method that is called, or nothing for a function."""
        name = function.child_by_field_name("property")
        return self._text(name) if name is not None else ""

    def _sender(self, function: Node) -> str:
        """Return the library, or the constant of a file, whose method or which itself is called."""
        found: Node | None = function
        if function.type == "member_expression":
            found = function.child_by_field_name("object") if self._verb(function) in _VERBS | {"request"} else None
        name = self._text(found) if found is not None else ""
        if name in self._made:
            return "instance"
        module, original = self._imports.get(name, ("", ""))
        if module in LIBRARIES:
            return module
        return f"{module}:{original}" if module and function.type == "member_expression" else ""

    def _method(self, given: list[Node]) -> str:
        """Return the method that the options say: GET where they say none, `*` where it cannot be read."""
        found = "GET"
        for each in given[1:]:
            if each.type != "object":
                return "*"
            for pair in each.named_children:
                key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
                if key is not None and value is not None and self._text(key).strip("\"'") == "method":
                    found = self._text(value).strip("\"'`").upper() if value.type == "string" else "*"
                elif pair.type == "spread_element" or self._text(pair) == "method":
                    found = "*"
        return found

    def _path(self, node: Node) -> str:
        """Return a path with `{}` for what is computed in it, and without what follows it."""
        return _END.sub("", self._written(node))

    def _written(self, node: Node) -> str:
        if node.type == "string":
            return self._text(node)[1:-1]
        if node.type == "template_string":
            parts = (
                "{}" if each.type == "template_substitution" else self._text(each)
                for each in node.children
                if each.type in {"string_fragment", "template_substitution"}
            )
            return "".join(parts)
        if node.type == "call_expression":
            tagged = node.child_by_field_name("arguments")
            return self._written(tagged) if tagged is not None and tagged.type == "template_string" else ""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if node.type == "binary_expression" and left is not None and right is not None:
            ahead = self._written(left)
            return ahead and ahead + (self._written(right) or "{}")
        return ""


def imported_names(root: Node, text: Callable[[Node], str]) -> dict[str, tuple[str, str]]:
    """Return for each imported name the module that it comes from and what it is called there."""
    found: dict[str, tuple[str, str]] = {}
    for statement in root.named_children:
        source = statement.child_by_field_name("source") if statement.type == "import_statement" else None
        for node in descendants(statement) if source is not None else ():
            module = text(source)[1:-1] if source is not None else ""
            if node.type == "import_specifier":
                name = node.child_by_field_name("name")
                local = node.child_by_field_name("alias") or name
                if name is not None and local is not None:
                    found[text(local)] = (module, text(name))
            elif node.type == "import_clause":
                found |= {text(each): (module, "default") for each in node.children if each.type == "identifier"}
    return found


def _call_with(text: Node) -> Node | None:
    """Return the call that a text is an argument of: itself, as the start of a sum, or under a tag."""
    at = text.parent
    while at is not None and at.type in {"binary_expression", "call_expression"}:
        at = at.parent
    if at is None or at.type != "arguments":
        return None
    return at.parent


def descendants(node: Node) -> Iterator[Node]:
    """Yield a node and all that have names in it, in no order."""
    pending = [node]
    while pending:
        at = pending.pop()
        yield at
        pending.extend(at.named_children)
