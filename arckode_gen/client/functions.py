"""One operation as TypeScript: the types of what goes in and comes out, and the function that makes the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arckode_gen.client import calls
from arckode_gen.client.calls import Read, Word
from arckode_gen.client.document import UnsupportedError
from arckode_gen.client.model import NO_DOC, STRING, UNKNOWN, Answer, Doc, ListOf, Named, ObjectOf, Parameter, Property
from arckode_gen.client.naming import Names, camel, pascal
from arckode_gen.client.typescript import WIDTH, Printer, width
from arckode_gen.client.typescript_text import comment, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_gen.client.model import Body, Direction, Operation, Type

# What generated functions call, so that no parameter may hide it.
HELPERS = tuple("send events at json nothing text file either multipart form deep joined asJson".split())
_INLINE = 40


class Function(NamedTuple):
    """An operation, written: its types, its function, and the names of helpers it needs."""

    types: tuple[str, ...]
    text: str
    helpers: frozenset[str]


class Own(NamedTuple):
    """The names that an operation's own types have."""

    function: str
    base: str


def reserve(names: Names, operation: Operation) -> Own:
    """Give an operation its names: what it is called, and what the names of its types start with."""
    return Own(names.free(camel(operation.id)), pascal(operation.id))


class Writer:
    """Writes the operations of one client; `declared` collects the types that get a name on the way."""

    def __init__(self, names: Names, request: Printer, response: Printer) -> None:
        self.declared: list[tuple[str, Type, Direction]] = []
        self._names = names
        self._request = request
        self._response = response

    def write(self, operation: Operation, own: Own) -> Function:
        """Return an operation's types and its function.

        Raises:
            UnsupportedError: a value in the path is an object.
        """
        types: list[str] = []
        helpers: set[str] = set()
        in_path = [each for each in operation.parameters if each.place == "path"]
        local = Names({*HELPERS, "options", "query", "headers", "body"})
        path_names = {each.name: local.free(camel(each.name)) for each in in_path}
        words = [
            Word(path_names[each.name], self._path_type(each, operation, own, types), required=True) for each in in_path
        ]
        if operation.body is not None:
            words.append(self._body(operation.body, own, types))
        for place in ("query", "headers"):
            word = self._group(operation, place, own, types)
            if word is not None:
                words.append(word)
        answer = self._answer(operation, own, types)
        errors = self._errors(operation, own, types)
        sent = self._sent(operation, words, helpers) + answer.sent
        helpers.update(answer.helpers)
        call = calls.call(answer, operation, path_names, sent, helpers)
        head = calls.head(own.function, words, answer.returns(errors))
        return Function(tuple(types), f"{comment(operation.doc, 0)}{head}{call}\n}}\n", frozenset(helpers))

    def _named(self, wanted: str, found: Type, printer: Printer, types: list[str], doc: Doc = NO_DOC) -> str:
        """Return a type for a signature: itself where it is short, else a name that is declared for it."""
        if isinstance(found, Named) or (isinstance(found, ListOf) and isinstance(found.item, Named)):
            return printer.flat(found) or ""
        flat = printer.flat(found)
        if flat is not None and len(flat) <= _INLINE:
            return flat
        name = self._names.free(wanted)
        types.append(declaration(name, found, printer, doc))
        self.declared.append((name, found, printer.direction))
        return name

    def _path_type(self, parameter: Parameter, operation: Operation, own: Own, types: list[str]) -> str:
        if isinstance(parameter.type, ObjectOf):
            reason = f"the path parameter {quoted(parameter.name)} is an object"
            raise UnsupportedError(operation.pointer, reason, "make it a text or a number")
        found = STRING if parameter.type == UNKNOWN else parameter.type
        return self._named(f"{own.base}{pascal(parameter.name)}", found, self._request, types)

    def _body(self, body: Body, own: Own, types: list[str]) -> Word:
        return Word("body", self._named(f"{own.base}Body", body.type, self._request, types, body.doc), body.required)

    def _group(self, operation: Operation, place: str, own: Own, types: list[str]) -> Word | None:
        """Return the parameters of the query, or the headers, as one object."""
        found = [each for each in operation.parameters if each.place == place.removesuffix("s")]
        if not found:
            return None
        properties = tuple(Property(each.name, each.type, each.required, doc=each.doc) for each in found)
        name = self._names.free(f"{own.base}{place.capitalize()}")
        types.append(declaration(name, ObjectOf(properties), self._request))
        self.declared.append((name, ObjectOf(properties), "request"))
        return Word(place, name, any(each.required for each in found))

    def _answer(self, operation: Operation, own: Own, types: list[str]) -> Read:
        answers = operation.answers
        kind = next((each.kind for each in answers if each.kind != "nothing"), "nothing")
        answers = tuple(each for each in answers if each.kind in {kind, "nothing"})
        if not answers:
            redirects = any(each.status[0] == "3" for each in operation.errors)
            return Read("file", "File", ("read: file",), frozenset({"file"})) if redirects else Read("json", "unknown")
        if kind == "events":
            found = next(each.type for each in answers if each.kind == "events")
            return Read(kind, self._named(f"{own.base}Event", found, self._response, types), is_text=found == STRING)
        shapes = list(dict.fromkeys((each.kind, each.type) for each in answers))
        sent, helpers = _reading(kind, answers)
        if len(shapes) == 1:
            return Read(kind, self._result(answers[0], f"{own.base}Result", types), sent, helpers)
        members = [
            f"Answer<{each.status}, {self._result(each, f'{own.base}Result{each.status}', types)}>"
            for each in answers
            if each.status.isdecimal()
        ]
        name = self._names.free(f"{own.base}Result")
        types.append(_alias(name, members))
        reader = kind if kind != "nothing" else "json"
        others = tuple(each for each in sent if not each.startswith("read: "))
        return Read(kind, name, (f"read: either({reader})", *others), helpers | {"Answer", "either", reader})

    def _result(self, answer: Answer, wanted: str, types: list[str]) -> str:
        if answer.kind == "nothing":
            return "undefined"
        if answer.kind == "file":
            return "File"
        return self._named(wanted, answer.type, self._response, types)

    def _errors(self, operation: Operation, own: Own, types: list[str]) -> str:
        """Return the name of the type that has each error's body by its status; empty when none is declared."""
        if not operation.errors:
            return ""
        found = [
            (_status(each.status), UNKNOWN if each.kind == "nothing" else each.type)
            for each in sorted(operation.errors, key=lambda error: error.status)
        ]
        name = self._names.free(f"{own.base}Errors")
        types.append(self._short_errors(name, found) or self._long_errors(name, found))
        return name

    def _short_errors(self, name: str, found: Sequence[tuple[str, Type]]) -> str:
        """Return errors whose bodies are alike, or few; empty when they need a line each."""
        bodies = [self._response.flat(each) for _, each in found]
        if None in bodies:
            return ""
        if len(set(bodies)) == 1:
            statuses = " | ".join('"default"' if status == "default" else status for status, _ in found)
            line = f"export type {name} = Record<{statuses}, {bodies[0]}>;\n"
            if width(line) - 1 > WIDTH and width(f"export type {name} = Record<") > WIDTH:
                return line.replace(" = ", " =\n  ")
            if width(line) - 1 > WIDTH:
                return f"export type {name} = Record<\n  {statuses},\n  {bodies[0]}\n>;\n"
        else:
            pairs = (f"{status}: {body}" for (status, _), body in zip(found, bodies, strict=True))
            line = f"export type {name} = {{ {'; '.join(pairs)} }};\n"
        return line if width(line) - 1 <= WIDTH else ""

    def _long_errors(self, name: str, found: Sequence[tuple[str, Type]]) -> str:
        lines = (self._response.after(f"  {status}: ", each, 2) + "\n" for status, each in found)
        return f"export interface {name} {{\n{''.join(lines)}}}\n"

    def _sent(self, operation: Operation, words: Sequence[Word], helpers: set[str]) -> tuple[str, ...]:
        sent: list[str] = []
        if operation.body is not None:
            sent += calls.sent_body(operation.body, helpers)
        for word in words:
            if word.name == "query":
                sent.append(calls.sent_query(operation, word, helpers))
            elif word.name == "headers":
                sent.append("headers")
        if operation.schemes is not None:
            sent.append(f"auth: [{', '.join(quoted(each) for each in operation.schemes)}]")
        return tuple(sent)


def _status(status: str) -> str:
    return status if status.isdecimal() or status == "default" else quoted(status)


def declaration(name: str, found: Type, printer: Printer, doc: Doc = NO_DOC) -> str:
    """Return the declaration of a type: an interface where it is an object with keys."""
    said = comment(doc, 0)
    if isinstance(found, ObjectOf) and not printer.is_empty(found):
        return f"{said}export interface {name} {{\n{printer.keys(found, 2)}}}\n"
    return f"{said}{printer.after(f'export type {name} = ', found, 0)}\n"


def _alias(name: str, members: Sequence[str]) -> str:
    line = f"export type {name} = {' | '.join(members)};"
    if len(line) <= WIDTH:
        return f"{line}\n"
    if len(line) - len(f"export type {name} =") + 1 <= WIDTH:
        return f"export type {name} =\n  {' | '.join(members)};\n"
    return f"export type {name} =" + "".join(f"\n  | {each}" for each in members) + ";\n"


def _reading(kind: str, answers: Sequence[Answer]) -> tuple[tuple[str, ...], frozenset[str]]:
    if kind == "json":
        return (), frozenset()
    if kind == "nothing":
        return ("read: nothing",), frozenset({"nothing"})
    media = next(each.media_type for each in answers if each.kind == kind)
    ends = ("lasting: true",) if kind == "file" else ()
    return (f"read: {kind}", f"accept: {quoted(media)}", *ends), frozenset({kind})
