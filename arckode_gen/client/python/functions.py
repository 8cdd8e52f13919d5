"""One operation as Python: what goes in and comes out, its errors, and the function that makes the call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from arckode_gen.client.document import UnsupportedError
from arckode_gen.client.model import NULL, STRING, UNKNOWN, Answer, ObjectOf, OneOf, Parameter
from arckode_gen.client.naming import Names
from arckode_gen.client.python.naming import FUNCTIONS, pascal, snake
from arckode_gen.client.python.text import WIDTH, docstring, listed, opened, prose, quoted, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arckode_gen.client.model import Body, Operation, Place, Type
    from arckode_gen.client.python.types import Printer, Types

_LONGEST = 40
_SEPARATORS = {"comma": ",", "space": " ", "pipe": "|"}


class _Word(NamedTuple):
    """A parameter of a function: its name, its type and how it is declared."""

    name: str
    declared: str


class _Reading(NamedTuple):
    """What a call gives back, as a type, and the expression that makes the call, with the lines before it."""

    type: str
    call: str
    before: str = ""
    accept: str = ""
    is_lasting: bool = False


class Writer:
    """Writes the operations of one module; `used` collects what the file has to import from the client's own files."""

    def __init__(self, names: Names, types: Types, request: Printer, response: Printer) -> None:
        self.used: set[str] = {"Client", "Options", "Sent"}
        self.errors: dict[str, str] = {}
        self._names = names
        self._types = types
        self._request = request
        self._response = response
        self._error_names: dict[tuple[str, Type], str] = {}

    def write(self, operation: Operation) -> str:
        """Return an operation's function; what it needs beside is declared on the way.

        Raises:
            UnsupportedError: a value in the path is an object.
        """
        name = self._names.free(snake(operation.id))
        base = pascal(operation.id)
        local = Names(FUNCTIONS | {"body"})
        names = {(each.place, each.name): local.free(snake(each.name)) for each in operation.parameters}
        positional = [
            _Word(names["path", each.name], f": {self._path_type(each, operation, base)}")
            for each in operation.parameters
            if each.place == "path"
        ]
        if operation.body is not None:
            positional.append(_Word("body", self._body_type(operation.body, base)))
        keywords = [
            _Word(names[each.place, each.name], self._keyword_type(each, base))
            for each in operation.parameters
            if each.place != "path"
        ]
        errors = self._errors(operation)
        reading = self._reading(operation, base)
        sent = listed("    sent = Sent(", list(self._sent(operation, names, reading, errors)), ")", 4)
        head = self._head(name, positional, keywords, reading)
        return f"{head}{_doc(operation, errors)}{sent}\n{reading.before}    return {reading.call}\n"

    def _head(self, name: str, positional: list[_Word], keywords: list[_Word], reading: _Reading) -> str:
        words = ["client: Client", *(f"{each.name}{each.declared}" for each in positional)]
        words += ["*", *(f"{each.name}{each.declared}" for each in keywords), "options: Options | None = None"]
        kind = "def" if reading.type.startswith("AsyncGenerator[") else "async def"
        line = f"{kind} {name}({', '.join(words)}) -> {reading.type}:"
        if len(line) <= WIDTH:
            return f"{line}\n"
        fits = len(", ".join(words)) + 4 <= WIDTH
        inner = f"    {', '.join(words)}\n" if fits else "".join(f"    {each},\n" for each in words)
        return f"{kind} {name}(\n{inner}) -> {reading.type}:\n"

    def _path_type(self, parameter: Parameter, operation: Operation, base: str) -> str:
        if isinstance(parameter.type, ObjectOf):
            reason = f"the path parameter {quoted(parameter.name)} is an object"
            raise UnsupportedError(operation.pointer, reason, "make it a text or a number")
        found = STRING if parameter.type == UNKNOWN else parameter.type
        return self._request.text(found, f"{base}{pascal(parameter.name)}")

    def _body_type(self, body: Body, base: str) -> str:
        return self._declared(body.type, f"{base}Body", required=body.required)

    def _keyword_type(self, parameter: Parameter, base: str) -> str:
        return self._declared(parameter.type, f"{base}{pascal(parameter.name)}", required=parameter.required)

    def _declared(self, found: Type, hint: str, *, required: bool) -> str:
        if required:
            return f": {self._request.text(found, hint)}"
        members = found.members if isinstance(found, OneOf) else (found,)
        either = found if found == UNKNOWN or NULL in members else OneOf((*members, NULL))
        return f": {self._request.text(either, hint)} = None"

    def _errors(self, operation: Operation) -> list[tuple[str, str]]:
        """Return the classes of an operation's errors, each with what it means."""
        return [
            (self._error(each.status, UNKNOWN if each.kind == "nothing" else each.type), each.doc.text)
            for each in sorted(operation.errors, key=lambda error: error.status)
        ]

    def _error(self, status: str, kind: Type) -> str:
        """Return the class of an error, which is the same for all operations of a module that answer the same."""
        if (status, kind) not in self._error_names:
            self.used.add("HttpError")
            spelled = f"Http{status.capitalize() if status == 'default' else status}"
            name = self._names.free(f"{spelled}Error", "N")
            self._error_names[status, kind] = name
            text = self._short(kind, f"{spelled}Body")
            head = opened(f"class {name}(", [f"HttpError[{text}]"], "):")
            about = docstring(_meaning(status), 4)
            self.errors[name] = f"{head}\n{about}\n    key = {quoted(status)}\n    kind = {text}\n"
        return self._error_names[status, kind]

    def _reading(self, operation: Operation, base: str) -> _Reading:
        answers = operation.answers
        kind = next((each.kind for each in answers if each.kind != "nothing"), "nothing")
        answers = tuple(each for each in answers if each.kind in {kind, "nothing"})
        if not answers:
            redirects = any(each.status[0] == "3" for each in operation.errors)
            return self._file() if redirects else _Reading("object", "await client.read(sent, object, options)")
        if kind == "events":
            return self._events(next(each.type for each in answers if each.kind == "events"), base)
        if len({(each.kind, each.type) for each in answers}) > 1:
            return self._several(kind, answers, base)
        if kind == "nothing":
            return _Reading("None", "await client.nothing(sent, options)")
        if kind == "file":
            return self._file(answers[0].media_type)
        if kind == "text":
            return _Reading("str", "await client.text(sent, options)", accept=answers[0].media_type)
        text = self._short(answers[0].type, f"{base}Result")
        before, kind_of = self._kind(text)
        call = opened("    return await client.read(", ["sent", kind_of, "options"], ")", 4)
        return _Reading(text, call.removeprefix("    return "), before)

    def _file(self, media: str = "") -> _Reading:
        self.used.add("File")
        return _Reading("File", "await client.file(sent, options)", accept=media or "*/*", is_lasting=True)

    def _events(self, found: Type, base: str) -> _Reading:
        self.used |= {"events", "ServerEvent", "AsyncGenerator"}
        text = self._short(found, f"{base}Event")
        plain = ", text=True" if found == STRING else ""
        before, kind = self._kind(text)
        return _Reading(f"AsyncGenerator[ServerEvent[{text}]]", f"events(client, sent, {kind}, options{plain})", before)

    def _several(self, kind: str, answers: tuple[Answer, ...], base: str) -> _Reading:
        """Return what reads one of several answers, which say by their status what they are."""
        self.used |= {"Answer", "cast", "Literal"}
        kinds = {
            each.status: "None" if each.kind == "nothing" else self._several_type(each, base)
            for each in answers
            if each.status.isdecimal()
        }
        members = [f"Answer[Literal[{status}], {text}]" for status, text in kinds.items()]
        name = self._names.free(f"{base}Result", "N")
        self._response.alias(name, members)
        given = listed("    kinds = {", [f"{status}: {text}" for status, text in kinds.items()], "}", 4)
        text = ", text=True" if kind == "text" else ""
        media = next(each.media_type for each in answers if each.kind == kind) if kind in {"text", "file"} else ""
        call = f'cast("{name}", await client.either(sent, kinds, options{text}))'
        return _Reading(name, call, f"{given}\n", media, is_lasting=kind == "file")

    def _several_type(self, answer: Answer, base: str) -> str:
        if answer.kind == "file":
            self.used.add("File")
            return "File"
        return "str" if answer.kind == "text" else self._response.text(answer.type, f"{base}Result{answer.status}")

    def _short(self, found: Type, wanted: str) -> str:
        """Return a type for several places of a function: a long union gets a name."""
        parts = self._response.parts(found, wanted)
        if len(parts) == 1 or len(" | ".join(parts)) <= _LONGEST:
            return " | ".join(parts)
        name = self._names.free(wanted, "N")
        self._response.alias(name, parts)
        return name

    def _kind(self, text: str) -> tuple[str, str]:
        """Return a type as a value, and the line before it: a checker takes no union for a type as it is."""
        if not self._response.is_union(text):
            return "", text
        self.used.add("cast")
        return f"    kind = cast({quoted(f'type[{text}]')}, {text})\n", "kind"

    def _sent(
        self,
        operation: Operation,
        names: Mapping[tuple[Place, str], str],
        reading: _Reading,
        errors: list[tuple[str, str]],
    ) -> Iterable[str]:
        yield quoted(operation.method)
        yield self._path(operation, names)
        if operation.body is not None:
            yield from self._content(operation.body)
        query = [self._query(each, names["query", each.name]) for each in operation.parameters if each.place == "query"]
        if query:
            yield listed("query={", query, "}", 4, WIDTH - 5)
        headers = [each for each in operation.parameters if each.place == "header"]
        if headers:
            pairs = [f"{quoted(each.name)}: {names['header', each.name]}" for each in headers]
            yield listed("headers={", pairs, "}", 4, WIDTH - 5)
        if reading.accept:
            yield f"accept={quoted(reading.accept)}"
        if reading.is_lasting:
            yield "lasting=True"
        if operation.schemes is not None:
            schemes = ", ".join(map(quoted, operation.schemes))
            yield f"auth=({schemes},)" if len(operation.schemes) == 1 else f"auth=({schemes})"
        if errors:
            classes = list(dict.fromkeys(name for name, _ in errors))
            yield f"errors=({classes[0]},)" if len(classes) == 1 else listed("errors=(", classes, ")", 4, WIDTH - 5)

    def _path(self, operation: Operation, names: Mapping[tuple[Place, str], str]) -> str:
        parts = re.split(r"\{([^{}]+)\}", operation.path)
        if len(parts) == 1:
            return quoted(operation.path)
        self.used.add("part")
        text = "".join(
            f"{{part({names['path', each]})}}" if place % 2 else _fixed(each) for place, each in enumerate(parts)
        )
        return f'f"{text}"'

    def _content(self, body: Body) -> Iterable[str]:
        if body.kind == "json":
            if body.required:
                yield "json=body"
            else:
                self.used.add("NOTHING")
                yield "json=NOTHING if body is None else body"
            if body.media_type not in {"application/json", "*/*"}:
                yield f"media={quoted(body.media_type)}"
        elif body.kind == "multipart":
            self.used.add("multipart")
            yield "files=multipart(body)"
        elif body.kind == "form":
            self.used.add("form")
            yield "content=form(body)"
            yield 'media="application/x-www-form-urlencoded"'
        else:
            yield "content=body"
            yield f"media={quoted(body.media_type)}"

    def _query(self, parameter: Parameter, name: str) -> str:
        """Return an entry of the query: most as they are, some put together as their style wants it."""
        key = quoted(parameter.name)
        if parameter.style == "spread":
            self.used.add("spread")
            return f"**spread({name})"
        if parameter.style == "deep":
            self.used.add("deep")
            return f"**deep({key}, {name})"
        if parameter.style == "json":
            self.used.add("as_json")
            return f"{key}: as_json({name})"
        if parameter.style in _SEPARATORS:
            self.used.add("joined")
            return f"{key}: joined({name}, {quoted(_SEPARATORS[parameter.style])})"
        return f"{key}: {name}"


def _fixed(text: str) -> str:
    """Return the fixed part of a path, as it stands between the double quotes of an f-string."""
    inner = quoted(text.replace('"', "%22"))[1:-1]
    return inner.replace("{", "{{").replace("}", "}}")


def _doc(operation: Operation, errors: list[tuple[str, str]]) -> str:
    text = said(operation.doc) or f"Call {operation.method} {operation.path}."
    if errors:
        lines = [f"    {name}: {' '.join(prose(meaning)[:1]) or 'the call failed'}" for name, meaning in errors]
        text = "\n".join([text, "", "Raises:", *lines])
    return docstring(text, 4)


def _meaning(status: str) -> str:
    if status == "default":
        return "Any other error."
    return f"Any other status {status[0]}00 to {status[0]}99." if "X" in status else f"Status {status}."
