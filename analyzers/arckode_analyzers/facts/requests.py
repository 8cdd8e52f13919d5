"""Requests that a front end sends: the path that is written, the method, and who sends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.facts.records import Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from tree_sitter import Node

_LIBRARIES = frozenset({"axios", "ky", "ofetch"})
_VERBS = frozenset({"delete", "get", "head", "options", "patch", "post", "put"})
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
        yield from (self._mark("client", node, name) for name, node in self._made.items())
        calls = {call.id: call for call in map(_call_with, paths) if call is not None}
        for call in calls.values():
            found = self._request(call)
            if found is not None:
                path, method, sender = found
                yield Mark("request", call.start_point.row + 1, call.start_point.column, path, f"{method} {sender}")

    def _mark(self, what: str, node: Node, name: str) -> Mark:
        return Mark(what, node.start_point.row + 1, node.start_point.column, name)

    def _instances(self) -> Iterator[tuple[str, Node]]:
        """Yield the constants of the file that are `axios.create(...)` and the like."""
        for statement in self._root.named_children:
            declaration = statement.child_by_field_name("declaration") or statement
            for each in declaration.named_children if declaration.type == "lexical_declaration" else ():
                name, value = each.child_by_field_name("name"), each.child_by_field_name("value")
                if name is None or value is None or value.type != "call_expression":
                    continue
                function = value.child_by_field_name("function")
                if function is not None and function.type == "member_expression" and self._library(function):
                    yield self._text(name), name

    def _library(self, member: Node) -> str:
        found = member.child_by_field_name("object")
        module, _ = self._imports.get(self._text(found) if found is not None else "", ("", ""))
        return module if module in _LIBRARIES else ""

    def _request(self, call: Node) -> tuple[str, str, str] | None:
        function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        if function is None or arguments is None or arguments.type != "arguments":
            return None
        given = [each for each in arguments.named_children if each.type != "comment"]
        paths = [self._path(each) for each in given[:3]]
        if not any(path.startswith("/") for path in paths):
            return None
        if function.id in self._fetches:
            return (paths[0], self._option(given, "method") or "GET", "fetch") if paths[0].startswith("/") else None
        name = self._text(function)
        module, original = self._imports.get(name, ("", ""))
        if original == "send" and module.endswith("/runtime") and len(given) >= 3:
            return paths[2], self._text(given[1]).strip("\"'`"), "client"
        sender = self._sender(function)
        if sender and paths[0].startswith("/"):
            verb = self._text(_last(function)) if function.type == "member_expression" else ""
            method = verb if verb in _VERBS else self._option(given, "method") or "GET"
            return paths[0], method.upper(), sender
        return None

    def _sender(self, function: Node) -> str:
        """Return the library, or the constant of a file, whose method or which itself is called."""
        if function.type == "member_expression":
            found = function.child_by_field_name("object")
            if found is None or self._text(_last(function)) not in _VERBS | {"request"}:
                return ""
            name = self._text(found)
        else:
            name = self._text(function)
        if name in self._made:
            return "instance"
        module, original = self._imports.get(name, ("", ""))
        if module in _LIBRARIES:
            return module
        return f"{module}:{original}" if module and function.type == "member_expression" else ""

    def _option(self, given: list[Node], name: str) -> str:
        for each in given[1:]:
            for pair in each.named_children if each.type == "object" else ():
                key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
                if key is not None and value is not None and self._text(key).strip("\"'") == name:
                    return self._text(value).strip("\"'`").upper() if value.type == "string" else "*"
        return ""

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
        for node in _descendants(statement) if source is not None else ():
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


def _last(function: Node) -> Node:
    return function.child_by_field_name("property") or function


def _descendants(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        at = pending.pop()
        yield at
        pending.extend(at.named_children)
