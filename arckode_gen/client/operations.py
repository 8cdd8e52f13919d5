"""Paths and their methods, read as operations: what goes in, what comes out for which status, who may call."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, cast

from arckode_gen.client import model
from arckode_gen.client.document import Document, Node, UnsupportedError, as_list, as_node, escape, shown, text_of
from arckode_gen.client.model import Answer, Api, Body, Doc, Operation, Parameter, Scheme, Type, Webhook
from arckode_gen.client.naming import words
from arckode_gen.client.schemas import Schemas, doc_of

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_IGNORED_HEADERS = frozenset({"accept", "authorization", "content-type", "idempotency-key"})
_STATUS = re.compile(r"[1-5](?:\d\d|XX)|default")
_VERSION = re.compile(r"v?\d+(\.\d+)*|api|rest", re.IGNORECASE)
_TEXTS = ("text/plain", "text/xml", "application/xml", "text/markdown", "application/yaml", "application/javascript")


def read(root: Node, *, fine: bool = False) -> Api:
    """Read a whole document; `fine` tells more kinds of numbers and texts apart (see `Schemas`).

    Raises:
        UnsupportedError: it holds what no client can be made from; the message has the JSON pointer.
    """
    document = Document(root)
    reader = _Reader(document, Schemas(document, fine=fine))
    reader.schemas.components()
    operations = tuple(reader.operations())
    webhooks = tuple(reader.webhooks())
    info = as_node(root.get("info") or {}, "#/info")
    return Api(
        " ".join(text_of(info, "title").split()) or "an API",
        " ".join(str(info.get("version", "")).split()),
        _server(root),
        reader.schemas.all(),
        operations,
        tuple(reader.schemes()),
        webhooks,
    )


def _server(root: Node) -> str:
    """Return the first server's address, without the slash at its end; variables have their default values."""
    servers = root.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    if not isinstance(first, dict):
        return ""
    variables = first.get("variables")

    def value(match: re.Match[str]) -> str:
        found = variables.get(match[1]) if isinstance(variables, dict) else None
        return str(found.get("default", "")) if isinstance(found, dict) else ""

    return re.sub(r"\{([^}]*)\}", value, str(first.get("url", ""))).rstrip("/")


class _Reader:
    def __init__(self, document: Document, schemas: Schemas) -> None:
        self.document = document
        self.schemas = schemas
        root = document.root
        self._usual_security = root["security"] if "security" in root else _most_named(root)

    def operations(self) -> Iterator[Operation]:
        paths = as_node(self.document.root.get("paths") or {}, "#/paths")
        for path, raw in paths.items():
            if path.startswith("x-"):
                continue
            item, pointer = self.document.follow(raw, f"#/paths/{escape(path)}")
            if not path.startswith("/"):
                raise UnsupportedError(pointer, f"the path {shown(path)} does not start with a slash")
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method, item, pointer)

    def webhooks(self) -> Iterator[Webhook]:
        for name, raw in as_node(self.document.root.get("webhooks") or {}, "#/webhooks").items():
            item, pointer = self.document.follow(raw, f"#/webhooks/{escape(name)}")
            for method in METHODS:
                if method in item:
                    node = as_node(item[method], f"{pointer}/{method}")
                    body = self._body(node, f"{pointer}/{method}")
                    yield Webhook(name, body.type if body else model.UNKNOWN, doc_of(node))
                    break

    def schemes(self) -> Iterator[Scheme]:
        components = as_node(self.document.root.get("components") or {}, "#/components")
        for name, raw in as_node(components.get("securitySchemes") or {}, "#/components/securitySchemes").items():
            node, _ = self.document.follow(raw, f"#/components/securitySchemes/{escape(name)}")
            yield _scheme(name, node)

    def _operation(self, path: str, method: str, item: Node, where: str) -> Operation:
        pointer = f"{where}/{method}"
        node = as_node(item[method], pointer)
        parameters = self._parameters(path, item, where, node, pointer)
        answers, errors = self._answers(node, pointer)
        return Operation(
            text_of(node, "operationId") or f"{method} {path.replace('{', 'by-').replace('}', '')}",
            _module(path, node),
            method.upper(),
            path,
            pointer,
            parameters,
            self._body(node, pointer),
            answers,
            errors,
            self._schemes(node, pointer),
            _operation_doc(node),
        )

    def _parameters(self, path: str, item: Node, where: str, node: Node, pointer: str) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        for owner, place in ((item, where), (node, pointer)):
            for number, raw in enumerate(as_list(owner.get("parameters"), f"{place}/parameters")):
                target, at = self.document.follow(raw, f"{place}/parameters/{number}")
                parameter = self._parameter(target, at)
                if parameter is not None:
                    found[parameter.place, parameter.name] = parameter
        in_path = list(dict.fromkeys(re.findall(r"\{([^{}]+)\}", path)))
        others = [each for each in found.values() if each.place != "path"]
        implied = (
            found.get(("path", name)) or Parameter(name, "path", model.STRING, required=True) for name in in_path
        )
        return (*implied, *others)

    def _parameter(self, node: Node, pointer: str) -> Parameter | None:
        name, place = text_of(node, "name"), node.get("in")
        if place == "cookie" or (place == "header" and name.lower() in _IGNORED_HEADERS):
            return None  # a browser sends its cookies by itself, and the others are the client's own business
        if place not in ("path", "query", "header"):
            hint = "a parameter is in path, query, header or cookie"
            raise UnsupportedError(f"{pointer}/in", f"the parameter {shown(name)} is in {shown(place)}", hint)
        schema, at, style = _value(node, pointer)
        doc = doc_of(node)
        if isinstance(schema, dict) and not doc.default:
            doc = doc._replace(default=doc_of(cast("Node", schema)).default)
        required = place == "path" or node.get("required") is True
        return Parameter(name, place, self.schemas.read(schema, at), required, style, doc)

    def _body(self, node: Node, pointer: str) -> Body | None:
        if "requestBody" not in node:
            return None
        body, where = self.document.follow(node["requestBody"], f"{pointer}/requestBody")
        content = as_node(body.get("content") or {}, f"{where}/content")
        if not content:
            return None
        kinds = {media: _body_kind(media) for media in content}
        media = min(content, key=lambda each: _BODY_ORDER.index(kinds[each]))
        raw = as_node(content[media], f"{where}/content/{escape(media)}")
        at = f"{where}/content/{escape(media)}/schema"
        kind = kinds[media]
        found = model.BINARY if kind == "binary" else self.schemas.read(raw.get("schema", True), at)
        if kind == "text":
            found = model.STRING
        return Body(kind, media, found, body.get("required") is True, Doc(text_of(body, "description")))

    def _answers(self, node: Node, pointer: str) -> tuple[tuple[Answer, ...], tuple[Answer, ...]]:
        """Return what comes back when all is well, and the rest; `default` alone may be either."""
        answers: list[Answer] = []
        errors: list[Answer] = []
        responses = as_node(node.get("responses") or {}, f"{pointer}/responses")
        for status, raw in responses.items():
            if status.startswith("x-") or status == "304":  # what a client kept is between it and its cache
                continue
            response, where = self.document.follow(raw, f"{pointer}/responses/{escape(status)}")
            key = status.upper() if status != "default" else status
            if not _STATUS.fullmatch(key):
                raise UnsupportedError(where, f"{shown(status)} is no status", "write `200`, `4XX` or `default`")
            answer = self._answer(key, response, where)
            if key[0] == "2":
                answers.append(answer)
            elif key[0] != "1":
                errors.append(answer)
        if not answers:
            answers = [each._replace(status="200") for each in errors if each.status == "default"]
        return tuple(answers), tuple(each for each in errors if each.kind in {"json", "text", "nothing"})

    def _answer(self, status: str, response: Node, pointer: str) -> Answer:
        doc = Doc(text_of(response, "description"))
        content = as_node(response.get("content") or {}, f"{pointer}/content")
        if not content or status in {"204", "205", "304"}:
            return Answer(status, "nothing", "", model.Plain("unknown"), doc)
        kinds = {media: _answer_kind(media) for media in content}
        media = min(content, key=lambda each: _ANSWER_ORDER.index(kinds[each]))
        raw = as_node(content[media], f"{pointer}/content/{escape(media)}")
        at = f"{pointer}/content/{escape(media)}"
        kind = kinds[media]
        if kind == "events":
            return Answer(status, kind, media, self._event(raw, at), doc, at)
        found = self.schemas.read(raw.get("schema", True), f"{at}/schema")
        if kind == "json" and found == model.BINARY:
            kind = "file"
        return Answer(status, kind, media, {"text": model.STRING, "file": model.BINARY}.get(kind, found), doc, at)

    def _event(self, media: Node, pointer: str) -> Type:
        """Return the type of an event's data; a text when nothing says that it is more."""
        item, where = media.get("itemSchema"), f"{pointer}/itemSchema"
        if not isinstance(item, dict):
            schema = media.get("schema")
            named = isinstance(schema, dict) and any(word in schema for word in ("$ref", "oneOf", "anyOf"))
            return self.schemas.read(schema, f"{pointer}/schema") if named else model.STRING
        node, where = self.document.follow(item, where)
        properties = node.get("properties")
        data = properties.get("data") if isinstance(properties, dict) else None
        if not isinstance(data, dict):
            return self.schemas.read(node, where)
        if "contentSchema" in data:
            return self.schemas.read(data["contentSchema"], f"{where}/properties/data/contentSchema")
        return self.schemas.read(data, f"{where}/properties/data")

    def _schemes(self, node: Node, pointer: str) -> tuple[str, ...] | None:
        """Return the schemes that the operation asks for when others than usual; none when it is open."""
        if node.get("x-access") == "public":
            return ()
        security = node.get("security")
        if security is None or security == self._usual_security:
            return None
        demands = [as_node(each, f"{pointer}/security") for each in as_list(security, f"{pointer}/security")]
        names = tuple(dict.fromkeys(name for each in demands for name in each))
        optional = any(not each for each in demands)
        return None if optional and names else names


def _most_named(root: Node) -> object:
    """Return the security that more than half of what is secured names, where the document has no word for all."""
    paths = root.get("paths")
    items = [item for item in paths.values() if isinstance(item, dict)] if isinstance(paths, dict) else []
    nodes = [item[method] for item in items for method in METHODS if isinstance(item.get(method), dict)]
    named = [node["security"] for node in nodes if node.get("security")]
    counts = Counter(map(repr, named))
    text, count = counts.most_common(1)[0] if counts else ("", 0)
    return next((each for each in named if repr(each) == text), None) if 2 * count > len(named) else None


def _operation_doc(node: Node) -> Doc:
    """Return what an operation says of itself; a summary that its id or its text says as well is left out."""
    summary, text = text_of(node, "summary"), text_of(node, "description")
    new = _stems(summary) - _stems(text.partition("\n")[0]) - _stems(text_of(node, "operationId"))
    parts = [summary, text] if new or not text else [text]
    return Doc("\n\n".join(part for part in parts if part), node.get("deprecated") is True)


def _stems(text: str) -> set[str]:
    """Return the words of a text, one and many alike; short ones, such as articles, say nothing."""
    return {word.lower().removesuffix("s") for word in words(text) if len(word) > 3}


def _module(path: str, node: Node) -> str:
    tags = node.get("tags")
    if isinstance(tags, list) and tags and isinstance(tags[0], str) and tags[0].strip():
        return tags[0]
    parts = [part for part in path.split("/") if part and "{" not in part and not _VERSION.fullmatch(part)]
    return parts[0] if parts else "root"


def _value(node: Node, pointer: str) -> tuple[object, str, model.Style]:
    """Return a parameter's schema, where it is, and how its value is put into a request."""
    content = node.get("content")
    if not isinstance(content, dict) or not content:
        schema = node.get("schema", True)
        return schema, f"{pointer}/schema", _style(node, schema, pointer)
    media, raw = next(iter(cast("Node", content).items()))
    inner = f"{pointer}/content/{escape(media)}"
    if node.get("in") != "query":
        raise UnsupportedError(inner, f"a {node.get('in')} parameter with content is not supported")
    return as_node(raw, inner).get("schema", True), f"{inner}/schema", "json"


def _style(node: Node, schema: object, pointer: str) -> model.Style:
    """Return how a value is put into the address. Raises UnsupportedError for `label` and `matrix`."""
    place = node.get("in")
    default = "form" if place == "query" else "simple"
    style = node.get("style", default)
    if place in ("path", "header"):
        if style != "simple":
            raise UnsupportedError(f"{pointer}/style", f"the style {shown(style)} is not supported", "use `simple`")
        return "comma"
    if style == "form":
        is_object = isinstance(schema, dict) and schema.get("type") == "object"
        if node.get("explode", True) is False:
            return "comma"
        return "spread" if is_object else "plain"
    styles: dict[object, model.Style] = {"spaceDelimited": "space", "pipeDelimited": "pipe", "deepObject": "deep"}
    if style not in styles:
        raise UnsupportedError(f"{pointer}/style", f"the style {shown(style)} is not supported")
    return styles[style]


_BODY_ORDER: tuple[model.BodyKind, ...] = ("json", "multipart", "form", "text", "binary")
_ANSWER_ORDER: tuple[model.AnswerKind, ...] = ("json", "events", "text", "file", "nothing")


def _is_json(media: str) -> bool:
    plain = media.partition(";")[0].strip().lower()
    return plain in {"application/json", "*/*", "text/json"} or plain.endswith("+json")


def _body_kind(media: str) -> model.BodyKind:
    plain = media.partition(";")[0].strip().lower()
    if _is_json(media):
        return "json"
    if plain.startswith("multipart/"):
        return "multipart"
    if plain == "application/x-www-form-urlencoded":
        return "form"
    return "text" if plain in _TEXTS or (plain.startswith("text/") and plain != "text/csv") else "binary"


def _answer_kind(media: str) -> model.AnswerKind:
    plain = media.partition(";")[0].strip().lower()
    if _is_json(media):
        return "json"
    if plain == "text/event-stream":
        return "events"
    return "text" if plain in _TEXTS or plain == "text/html" else "file"


def _scheme(name: str, node: Node) -> Scheme:
    kind, doc = node.get("type"), Doc(text_of(node, "description"))
    if kind == "apiKey" and node.get("in") in ("header", "query", "cookie"):
        place = cast("model.SchemeKind", node["in"])
        return Scheme(name, place, text_of(node, "name"), doc)
    if kind == "http":
        scheme = text_of(node, "scheme").lower()
        return Scheme(name, "bearer" if scheme == "bearer" else "basic" if scheme == "basic" else "other", "", doc)
    return Scheme(name, "bearer" if kind in ("oauth2", "openIdConnect") else "other", "", doc)
