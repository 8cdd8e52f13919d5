"""An OpenAPI document as text, read with care: JSON or YAML, 3.0 or 3.1, and references that lead somewhere."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast

from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

Node = dict[str, object]

DEEPEST = 100


class UnsupportedError(UsageError):
    """The document holds what no client can be made from; the message starts with the JSON pointer to it."""

    def __init__(self, pointer: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{pointer or '#'}: {reason}", hint)
        self.pointer = pointer


def parse(text: str, name: str) -> Node:
    """Read a document; `name` is what errors call it.

    Raises:
        UsageError: it is neither JSON nor YAML, or no OpenAPI 3 document.
    """
    loaded = _json(text, name) if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} else _yaml(text, name)
    if not isinstance(loaded, dict):
        raise UsageError(
            f"{name} is not an OpenAPI document: it is not an object", "name the file that describes an API"
        )
    return checked(cast("Node", loaded), name)


def checked(document: Mapping[str, object], name: str) -> Node:
    """Return a document whose version is understood.

    Raises:
        UsageError: it says another version, or none.
    """
    version = document.get("openapi")
    if isinstance(version, str) and re.match(r"3\.[012](\.|$)", version):
        return dict(document)
    if "swagger" in document:
        said = f"{name} is Swagger {document['swagger']}"
        raise UsageError(said, "convert it to OpenAPI 3 first; editor.swagger.io does")
    said = f"says openapi: {version}" if version is not None else "does not say `openapi: 3.x`"
    raise UsageError(f"{name} {said}", "a client is made from OpenAPI 3.0, 3.1 or 3.2")


def _json(text: str, name: str) -> object:
    try:
        return json.loads(text.lstrip("\ufeff"), parse_constant=_no_number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"{name} is not JSON: {error.msg} at {where}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not JSON: {error}") from error


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is not a number in JSON")


def _yaml(text: str, name: str) -> object:
    import yaml  # JSON is what most documents are

    from arckode_gen.client import yaml_text

    try:
        return yaml_text.load(text.lstrip("\ufeff"))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UsageError(f"{name} is not YAML: {getattr(error, 'problem', None) or error}{where}") from error


def escape(key: str) -> str:
    """Spell a key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def as_node(value: object, pointer: str) -> Node:
    """Return an object of the document.

    Raises:
        UnsupportedError: something else is there.
    """
    if isinstance(value, dict):
        return cast("Node", value)
    raise UnsupportedError(pointer, f"an object belongs here, not {shown(value)}")


def as_list(value: object, pointer: str) -> list[object]:
    """Return a list of the document; nothing is an empty one.

    Raises:
        UnsupportedError: something else is there.
    """
    if value is None:
        return []
    if isinstance(value, list):
        return cast("list[object]", value)
    raise UnsupportedError(pointer, f"a list belongs here, not {shown(value)}")


def text_of(node: Node, key: str) -> str:
    """Return a text of an object, empty when it is missing or no text."""
    value = node.get(key)
    return value if isinstance(value, str) else ""


def shown(value: object) -> str:
    """Return a value for a message, in short."""
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 40 else f"{text[:37]}..."


class Document:
    """A document and what its references lead to."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self._found: dict[str, object] = {}

    def at(self, pointer: str, asked_from: str) -> object:
        """Return what is at a pointer such as `#/components/schemas/Order`.

        Raises:
            UnsupportedError: it leads out of the document, or to nothing.
        """
        if pointer in self._found:
            return self._found[pointer]
        if not pointer.startswith("#/"):
            reason = f"the reference {shown(pointer)} leads out of the document"
            hint = "bundle the document into one file first, for instance with `redocly bundle`"
            raise UnsupportedError(asked_from, reason, hint)
        value: object = self.root
        for part in pointer[2:].split("/"):
            value = self._step(value, part, pointer, asked_from)
        self._found[pointer] = value
        return value

    def follow(self, value: object, pointer: str) -> tuple[Node, str]:
        """Return an object that may be a reference, such as a parameter or a response, and where it really is.

        Raises:
            UnsupportedError: the references go round in a circle, or there is no object at their end.
        """
        seen: set[str] = set()
        node = as_node(value, pointer)
        while isinstance(reference := node.get("$ref"), str):
            if reference in seen:
                raise UnsupportedError(pointer, f"the reference {shown(reference)} leads back to itself")
            seen.add(reference)
            node = as_node(self.at(reference, pointer), reference)
            pointer = reference
        return node, pointer

    @staticmethod
    def _step(value: object, part: str, pointer: str, asked_from: str) -> object:
        key = unescape(part)
        if isinstance(value, dict):
            if key in value:
                return cast("Node", value)[key]
            if "%" in key:
                from urllib.parse import unquote  # a pointer in a URL may be percent-encoded

                if (plain := unescape(unquote(part))) in value:
                    return cast("Node", value)[plain]
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            return cast("list[object]", value)[int(key)]
        raise UnsupportedError(asked_from, f"the reference {shown(pointer)} leads to nothing")
