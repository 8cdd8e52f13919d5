"""What the rules of the front end know about TypeScript, found by queries of tree-sitter."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import tree_sitter_typescript
from tree_sitter import Language, Parser, Query, QueryCursor

from arckode_analyzers.facts.reading import UnreadError
from arckode_analyzers.facts.records import Mark
from arckode_analyzers.facts.requests import Requests, descendants, imported_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Range

GLOBALS: Final = frozenset({"XMLHttpRequest", "fetch", "indexedDB", "localStorage", "sessionStorage"})
_WINDOWS = frozenset({"globalThis", "self", "window"})
_NAMES = " ".join(f'"{name}"' for name in sorted(GLOBALS | _WINDOWS | {"document"}))
_QUERY = f"""
(import_statement source: (string) @import)
(export_statement source: (string) @import)
(call_expression function: (import) arguments: (arguments . (string) @import))
((predefined_type) @any (#eq? @any "any"))
([(identifier) (shorthand_property_identifier) (shorthand_property_identifier_pattern)] @name (#any-of? @name {_NAMES}))
((class_declaration name: (type_identifier) @name) (#any-of? @name {_NAMES}))
([
  (assignment_expression left: (member_expression property: (property_identifier) @html))
  (assignment_expression left: (subscript_expression index: (string (string_fragment) @html)))
  (augmented_assignment_expression left: (member_expression property: (property_identifier) @html))
  (augmented_assignment_expression left: (subscript_expression index: (string (string_fragment) @html)))
] (#any-of? @html "innerHTML" "outerHTML"))
((call_expression function: (member_expression property: (property_identifier) @html))
  (#eq? @html "insertAdjacentHTML"))
(export_statement value: (_) @default)
(comment) @comment
((call_expression function: (identifier) arguments: (arguments . (_) . (object))) @store)
((call_expression function: (identifier) arguments: (arguments . (object))) @store)
([(string) (template_string)] @path (#match? @path "^.[/]"))
"""
_SCOPES = frozenset(
    {
        *("arrow_function", "catch_clause", "for_in_statement", "for_statement", "function_declaration"),
        *("function_expression", "generator_function", "generator_function_declaration", "method_definition"),
        *("program", "statement_block"),
        # What these name is theirs alone, though nothing happens in them.
        *("abstract_method_signature", "call_signature", "construct_signature", "constructor_type"),
        *("function_signature", "function_type", "method_signature"),
    }
)
_BINDS = frozenset(
    {
        *("array_pattern", "import_clause", "import_require_clause", "namespace_import", "pair_pattern"),
        "rest_pattern",
    }
)
_BINDING_FIELDS = {
    "arrow_function": "parameter",
    "assignment_pattern": "left",
    "catch_clause": "parameter",
    "for_in_statement": "left",
    "optional_parameter": "pattern",
    "required_parameter": "pattern",
    "variable_declarator": "name",
}
_NAMED = frozenset(
    {"class_declaration", "function_declaration", "function_signature", "generator_function_declaration"}
)
# What the grammar does not know yet: `export type * from`, `import defer * as`, `<in out T>`, `static accessor x`.
_NEWER = re.compile(
    rb"(?<=\bexport)\s+type(?=\s*\*)|(?<=\bimport)\s+defer(?=\s*\*)|(?<=[<,])\s*in\s+out(?=\s)"
    rb"|(?<=\bstatic)\s+accessor\b"
)
_TYPES = re.compile(rb"(?:import|export)\s+type\b(?!\s*(?:,|from\b))")
_CLAUSES = frozenset({"export_clause", "import_clause"})


class Comment(NamedTuple):
    """A comment, with its first and last line and the last line of the tag that follows it."""

    text: str
    line: int
    column: int
    last: int
    covers: int = 0


@cache
def language(kind: str) -> Language:
    """Return the grammar: TSX reads what TypeScript reads, but for casts in angle brackets."""
    found = tree_sitter_typescript.language_tsx() if kind == "tsx" else tree_sitter_typescript.language_typescript()
    return Language(found)


@cache
def _query(kind: str) -> Query:
    return Query(language(kind), _QUERY)


class Script:
    """TypeScript, or the part of a file in a range; lines and columns are those of the file.

    Raises:
        UnreadError: it cannot be parsed; not for an `expression`, of which a template has forms of its own.
    """

    def __init__(
        self, content: bytes, kind: str = "ts", within: Range | None = None, *, expression: bool = False
    ) -> None:
        self._content = content
        parser = Parser(language(kind), included_ranges=[within]) if within else Parser(language(kind))
        self._root = parser.parse(content).root_node
        if self._root.has_error:
            self._root = parser.parse(_NEWER.sub(_spaced, content)).root_node
        if self._root.has_error and not expression:
            line = first_error(self._root).start_point.row + 1
            raise UnreadError(f"the grammar of TypeScript cannot read it (line {line})")
        self._found = QueryCursor(_query(kind)).captures(self._root)

    def comments(self) -> list[Comment]:
        return [
            Comment(self.text(node), node.start_point.row + 1, node.start_point.column, node.end_point.row + 1)
            for node in self._found.get("comment", ())
        ]

    def marks(self) -> Iterator[Mark]:
        """Yield what a rule may look at, in no order."""
        yield from self.anys()
        for node in self._found.get("import", ()):
            yield _mark("import", node, self.text(node)[1:-1], "type" if self._only_types(node) else "")
        free = list(self._free())
        yield from (_mark("global", node, name) for node, name in free)
        yield from self.htmls()
        yield from self._stores()
        fetches = {self._whole(node).id for node, name in free if name == "fetch"}
        yield from Requests(self._root, self.text, fetches).marks(self._found.get("path", ()))

    def anys(self) -> Iterator[Mark]:
        for node in self._found.get("any", ()):
            yield _mark("any", node)

    def htmls(self) -> Iterator[Mark]:
        for node in self._found.get("html", ()):
            yield _mark("html", node, self.text(node))

    def options(self) -> Iterator[Mark]:
        """Yield the default export of a component that is written with the options API."""
        for node in map(_bare, self._found.get("default", ())):
            if node.type == "object" or (node.type == "call_expression" and self._begins_with_object(node)):
                yield _mark("options", node, "export default")

    def _stores(self) -> Iterator[Mark]:
        """Yield the stores of Pinia that are written as an object."""
        calls = self._found.get("store", ())
        imports = imported_names(self._root, self.text) if calls else {}
        for call in calls:
            function = call.child_by_field_name("function")
            if function is not None and imports.get(self.text(function)) == ("pinia", "defineStore"):
                yield _mark("options", call, "defineStore")

    def text(self, node: Node) -> str:
        return self._content[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _begins_with_object(self, call: Node) -> bool:
        arguments = call.child_by_field_name("arguments")
        given = arguments.named_children if arguments is not None else []
        return bool(given) and given[0].type == "object"

    def _only_types(self, source: Node) -> bool:
        """Tell whether an import or a re-export brings types only, which are gone at run time."""
        statement = source.parent
        if statement is None or statement.type not in {"import_statement", "export_statement"}:
            return False
        if _TYPES.match(self._content, statement.start_byte):
            return True
        clause = next((child for child in statement.named_children if child.type in _CLAUSES), None)
        if clause is None or any(child.type in {"identifier", "namespace_import"} for child in clause.named_children):
            return False
        specifiers = [node for node in descendants(clause) if node.type in {"export_specifier", "import_specifier"}]
        return bool(specifiers) and all(any(part.type == "type" for part in each.children) for each in specifiers)

    def _free(self) -> Iterator[tuple[Node, str]]:
        """Yield the uses of what the browser gives, and nothing in the file has the name of."""
        nodes = self._found.get("name", ())
        bound = {(scope.id, self.text(node)) for node in nodes if (scope := _scope_of_binding(node)) is not None}
        for node in nodes:
            name = self.text(node)
            if _is_reference(node) and not any((scope.id, name) in bound for scope in _ancestors(node)):
                used = self._used(node, name)
                if used:
                    yield node, used
                elif name in _WINDOWS:
                    yield from self._taken_out(node)

    def _taken_out(self, window: Node) -> Iterator[tuple[Node, str]]:
        """Yield what a pattern takes out of the window: `const { fetch: send } = window`."""
        taking = window.parent
        is_whole = taking is not None and window in (
            taking.child_by_field_name("value"),
            taking.child_by_field_name("right"),
        )
        pattern = taking and (taking.child_by_field_name("name") or taking.child_by_field_name("left"))
        if not is_whole or pattern is None or pattern.type != "object_pattern":
            return
        for each in pattern.named_children:
            key = each.child_by_field_name("key") or each.child_by_field_name("left") or each
            if self.text(key) in GLOBALS:
                yield key, self.text(key)

    def _whole(self, node: Node) -> Node:
        """Return the member of the window that a name is the beginning of, or the name."""
        return node.parent if node.parent is not None and self.text(node) in _WINDOWS else node

    def _used(self, node: Node, name: str) -> str:
        """Return what is used: the name itself, or the member of the window that is read."""
        if name in GLOBALS:
            return name
        parent = node.parent
        if parent is None or parent.child_by_field_name("object") != node:
            return ""
        key = parent.child_by_field_name("property") or parent.child_by_field_name("index")
        member = self.text(key).strip("\"'`") if key is not None else ""
        if name == "document":
            return "document.cookie" if member == "cookie" else ""
        return member if member in GLOBALS else ""


def first_error(node: Node) -> Node:
    """Return the deepest first node that holds an error."""
    for child in node.children:
        if child.is_error or child.is_missing:
            return child
        if child.has_error:
            return first_error(child)
    return node


def _mark(what: str, node: Node, name: str = "", detail: str = "") -> Mark:
    return Mark(what, node.start_point.row + 1, node.start_point.column, name, detail)


def _ancestors(node: Node) -> Iterator[Node]:
    at = node.parent
    while at is not None:
        yield at
        at = at.parent


def _is_reference(node: Node) -> bool:
    """Tell whether a name stands for a value: it is not bound here, not a type's, and not merely asked about."""
    parent = node.parent
    if parent is None or node.type == "shorthand_property_identifier_pattern" or _scope_of_binding(node) is not None:
        return False
    while parent.type == "member_expression" and parent.parent is not None:
        parent = parent.parent
    if parent.type == "unary_expression":
        return not any(child.type in {"!", "typeof"} for child in parent.children)
    if parent.type == "parenthesized_expression" and parent.parent is not None:
        return parent.parent.type != "if_statement"
    return parent.type not in {"export_specifier", "import_specifier", "type_query"}


def _scope_of_binding(node: Node) -> Node | None:
    """Return the block or function in which this occurrence of a name gives it a meaning, if it does."""
    parent = node.parent
    if parent is None:
        return None
    start: Node | None = None
    if node.type == "shorthand_property_identifier_pattern" or parent.type in _BINDS:
        start = parent
    elif parent.type in _BINDING_FIELDS:
        start = parent if parent.child_by_field_name(_BINDING_FIELDS[parent.type]) == node else None
    elif parent.type == "import_specifier":
        alias = parent.child_by_field_name("alias")
        start = parent if alias is None or alias == node else None
    elif parent.type in _NAMED and parent.child_by_field_name("name") == node:
        start = parent.parent
    while start is not None and start.type not in _SCOPES:
        start = start.parent
    return start


def _bare(node: Node) -> Node:
    """Return a value without what only the type checker reads: `{} satisfies Options` is an object."""
    while node.type in {"as_expression", "parenthesized_expression", "satisfies_expression"} and node.named_children:
        node = node.named_children[0]
    return node


def _spaced(match: re.Match[bytes]) -> bytes:
    return re.sub(rb"\S", b" ", match[0])
