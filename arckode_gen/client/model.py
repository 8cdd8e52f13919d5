"""What a client is made from: types and operations, free of OpenAPI's spellings and of any language's.

The values are named tuples: a large document makes a hundred thousand of them, and tuples are the quickest to make.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Word = Literal[
    "string", "number", "boolean", "null", "unknown", "never", "undefined", "binary", "decimal",
    "integer", "datetime", "date", "uuid",
]  # fmt: skip
Direction = Literal["request", "response"]


class Doc(NamedTuple):
    """What people say about a thing; `default` is JSON, empty when there is none."""

    text: str = ""
    deprecated: bool = False
    default: str = ""


NO_DOC = Doc()


class Plain(NamedTuple):
    """A type without parts; `binary` and `decimal` differ between a request and a response.

    The words from `integer` on are read only for a language that tells them from numbers and strings.
    """

    word: Word


class Exactly(NamedTuple):
    """One value, written as JSON; a string, a number, a boolean or null."""

    json: str


class ListOf(NamedTuple):
    item: Type


class TupleOf(NamedTuple):
    """Items by position; those from `required` on may be missing, `rest` are what may follow."""

    items: tuple[Type, ...]
    required: int
    rest: Type | None


class Property(NamedTuple):
    """A key of an object; `name` is as JSON spells it."""

    name: str
    type: Type
    required: bool
    read_only: bool = False
    write_only: bool = False
    has_default: bool = False
    doc: Doc = NO_DOC


class ObjectOf(NamedTuple):
    """Known keys, and the type of all others where others may be there."""

    properties: tuple[Property, ...]
    others: Type | None = None


class OneOf(NamedTuple):
    members: tuple[Type, ...]


class AllOf(NamedTuple):
    members: tuple[Type, ...]


class Named(NamedTuple):
    """A type that has a name of its own, by the JSON pointer to where it is."""

    pointer: str


Type = Plain | Exactly | ListOf | TupleOf | ObjectOf | OneOf | AllOf | Named

STRING, NUMBER, BOOLEAN, NULL = Plain("string"), Plain("number"), Plain("boolean"), Plain("null")
UNKNOWN, NEVER, UNDEFINED = Plain("unknown"), Plain("never"), Plain("undefined")
BINARY, DECIMAL = Plain("binary"), Plain("decimal")
INTEGER, DATETIME, DATE, UUID = Plain("integer"), Plain("datetime"), Plain("date"), Plain("uuid")
ANY_OBJECT = ObjectOf((), UNKNOWN)


class Schema(NamedTuple):
    """A type that the document gives a name to; `words` is that name as the document spells it."""

    pointer: str
    words: str
    type: Type
    doc: Doc = NO_DOC


Style = Literal["plain", "comma", "space", "pipe", "deep", "json", "spread"]


Place = Literal["path", "query", "header"]


class Parameter(NamedTuple):
    """One value outside of the body."""

    name: str
    place: Place
    type: Type
    required: bool
    style: Style = "plain"
    doc: Doc = NO_DOC


BodyKind = Literal["json", "form", "multipart", "text", "binary"]


class Body(NamedTuple):
    """What is sent; `media_type` is said where the kind alone does not say it."""

    kind: BodyKind
    media_type: str
    type: Type
    required: bool
    doc: Doc = NO_DOC


AnswerKind = Literal["json", "text", "file", "events", "nothing"]


class Answer(NamedTuple):
    """What one status brings; `status` is `200`, `4XX` or `default`, `pointer` leads to what the media type has."""

    status: str
    kind: AnswerKind
    media_type: str
    type: Type
    doc: Doc = NO_DOC
    pointer: str = ""


class Operation(NamedTuple):
    """One method of one path; `schemes` is None where the usual security holds, empty where none is needed."""

    id: str
    module: str
    method: str
    path: str
    pointer: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: tuple[Answer, ...]
    errors: tuple[Answer, ...]
    schemes: tuple[str, ...] | None
    doc: Doc = NO_DOC


SchemeKind = Literal["bearer", "basic", "header", "query", "cookie", "other"]


class Scheme(NamedTuple):
    """A way to prove who is calling; `name` is the header's, query parameter's or cookie's."""

    id: str
    kind: SchemeKind
    name: str
    doc: Doc = NO_DOC


class Webhook(NamedTuple):
    """What the API calls at the other side; `name` is as the document spells it."""

    name: str
    type: Type
    doc: Doc = NO_DOC


class Api(NamedTuple):
    """Everything a client needs to know, in the document's order."""

    title: str
    version: str
    server: str
    schemas: tuple[Schema, ...]
    operations: tuple[Operation, ...]
    schemes: tuple[Scheme, ...]
    webhooks: tuple[Webhook, ...]
