"""Mocks of a client's operations for tests, and the examples that they answer with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from arckode_gen.client.conforming import Borrowed
from arckode_gen.client.examples import Examples, NoExampleError
from arckode_gen.client.literals import Writer as Literals
from arckode_gen.client.model import STRING, AllOf, Named, ObjectOf
from arckode_gen.client.naming import Names, pascal
from arckode_gen.client.paths import more_particular
from arckode_gen.client.typescript import WIDTH, visible, width
from arckode_gen.client.typescript_text import key, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arckode_gen.client.model import Answer, Api, Operation, Type

# What `runtime.mock.ts` exports and `index.mock.ts` adds to it.
_EXPORTED = frozenset({"mock", "mocks", "mockFetch", "mockHandlers", "nothing", "unknown"})
_PLAIN_JSON = frozenset({"", "application/json", "*/*"})


class Mocked(NamedTuple):
    """A module's mocks as text, and what they use of the examples and of `runtime.mock.ts`."""

    functions: tuple[str, ...]
    examples: frozenset[str]
    helpers: frozenset[str]


class Writer:
    """Writes the mocks and examples of one client; `types` has the names of the types that come out."""

    def __init__(self, api: Api, examples: Examples, types: Mapping[str, str], received: frozenset[str]) -> None:
        self._api = api
        self._examples = examples
        self._schemas = {each.pointer: each for each in api.schemas}
        self._types = types
        self._paths: dict[str, list[str]] = {}
        for each in api.operations:
            self._paths.setdefault(each.method, []).append(each.path)
        self._names = Names(_EXPORTED)
        wanted = sorted(received, key=lambda pointer: types[pointer])
        self._made = {pointer: made for pointer in wanted if (made := self._example(pointer)) is not _NONE}
        self._functions = {pointer: self._names.free(f"example{types[pointer]}") for pointer in self._made}

    def examples(self) -> Iterator[str]:
        """Yield a function for each type that comes out, and has an example."""
        literals = Literals(self._functions)
        for pointer, name in self._functions.items():
            made, schema = self._made[pointer], self._schemas[pointer]
            typed = f"schemas.{self._types[pointer]}"
            if isinstance(made, dict) and self._is_closed(schema.type):
                entries = "".join(literals.entry(each, value, 4) for each, value in made.items())
                head = _head(name, f"values: Partial<{typed}> = {{}}", typed)
                yield f"{head}  return {{\n{entries}    ...values,\n  }};\n}}\n"
            else:
                yield f"{_head(name, '', typed)}  return {literals.text(made, 2, 9, 1)};\n}}\n"

    def module(self, operations: Sequence[tuple[Operation, str]]) -> Mocked:
        """Return the mocks of one file's operations, each with the name of its function."""
        literals = Literals(self._functions)
        helpers: set[str] = set()
        functions = tuple(self._mock(each, name, literals, helpers) for each, name in operations)
        return Mocked(functions, frozenset(literals.used), frozenset(helpers))

    def _mock(self, operation: Operation, function: str, literals: Literals, helpers: set[str]) -> str:
        kind, answers, several = _shape(operation)
        statuses = [each.status for each in answers if each.status.isdecimal()] or ["200"]
        lines = [
            f"    method: {quoted(operation.method)},\n",
            f"    path: {quoted(operation.path)},\n",
            *self._except(operation),
            f"    status: {statuses[0]},\n",
        ]
        success = next((each.media_type for each in answers if each.kind == kind), "")
        if kind not in {"json", "nothing"} or success not in _PLAIN_JSON:
            lines.append(f"    type: {quoted(success if '*' not in success else 'application/octet-stream')},\n")
        errors = [each for each in operation.errors if each.kind != "nothing"]
        if errors and errors[0].media_type not in _PLAIN_JSON:
            lines.append(f"    errors: {quoted(errors[0].media_type)},\n")
        found = [(each.status if each.status.isdecimal() else statuses[0], each) for each in answers]
        found += [(each.status, each) for each in sorted(operation.errors, key=lambda error: error.status)]
        first: dict[str, Answer] = {}
        for status, each in found:
            first.setdefault(status, each)
        entries = [self._answer(status, each, literals, helpers) for status, each in first.items()]
        lines.append(f"    examples: {{\n{''.join(entries)}    }},\n" if entries else "    examples: {},\n")
        name = self._names.free(f"mock{pascal(function)}")
        typed = [f"typeof api.{function}", *([] if several else [" | ".join(dict.fromkeys(statuses))])]
        doc = f"/** Answers in the place of `{function}`. */\n"
        return f"{doc}{_mock_head(name, typed)}  return mock(answer, {{\n{''.join(lines)}  }});\n}}\n"

    def _except(self, operation: Operation) -> list[str]:
        """Return what else has this path's shape and is not meant by it, as `/orders/recent` is by `/orders/{id}`."""
        others = more_particular(operation.path, self._paths[operation.method])
        if not others:
            return []
        line = f"    except: [{', '.join(map(quoted, others))}],\n"
        if width(line) - 1 <= WIDTH:
            return [line]
        return ["    except: [\n" + "".join(f"      {quoted(each)},\n" for each in others) + "    ],\n"]

    def _answer(self, status: str, answer: Answer, literals: Literals, helpers: set[str]) -> str:
        """Return the line of one status: where its example comes from."""
        made = self._body(answer)
        if made is _NONE:
            helpers.add("unknown")
            code = "unknown"
        elif made is _NOTHING:
            helpers.add("nothing")
            code = "nothing"
        elif isinstance(made, Borrowed):
            code = literals.name(made)
        else:
            return _arrow(status, made, literals)
        spelled = status if status.isdecimal() else key(status)
        line = f"      {spelled}: {code},\n"
        return line if width(line) - 1 <= WIDTH else f"      {spelled}:\n        {code},\n"

    def _body(self, answer: Answer) -> object:
        if answer.kind == "nothing":
            return _NOTHING
        if answer.kind == "events":
            return self._events(answer.type)
        if answer.kind != "json":
            return "text"
        try:
            return self._examples.answer(answer)
        except NoExampleError:
            return _NONE

    def _events(self, found: Type) -> object:
        if found == STRING:
            return ["text"]
        is_named = isinstance(found, Named) and found.pointer in self._functions
        return [Borrowed(found.pointer)] if isinstance(found, Named) and is_named else []

    def _example(self, pointer: str) -> object:
        try:
            return self._examples.named(pointer)
        except NoExampleError:
            return _NONE

    def _is_closed(self, found: Type) -> bool:
        """Tell whether a type is one object whose keys are known, so that some of them may be given."""
        if isinstance(found, Named):
            return self._is_closed(self._schemas[found.pointer].type)
        if isinstance(found, AllOf):
            return all(map(self._is_closed, found.members))
        is_open = isinstance(found, ObjectOf) and found.others is not None
        return isinstance(found, ObjectOf) and not is_open and any(visible(p, "response") for p in found.properties)


_Missing = Literal["none", "nothing"]
_NONE: tuple[_Missing] = ("none",)
_NOTHING: tuple[_Missing] = ("nothing",)


def _shape(operation: Operation) -> tuple[str, tuple[Answer, ...], bool]:
    """Return the kind of an operation's answers, those that are of it, and whether the caller is told which came."""
    kind = next((each.kind for each in operation.answers if each.kind != "nothing"), "nothing")
    answers = tuple(each for each in operation.answers if each.kind in {kind, "nothing"})
    if kind == "events":
        return kind, tuple(each for each in answers if each.kind == "events")[:1], False
    return kind if answers else "json", answers, len({(each.kind, each.type) for each in answers}) > 1


def _head(name: str, parameter: str, returns: str) -> str:
    line = f"export function {name}({parameter}): {returns} {{"
    if width(line) <= WIDTH or not parameter:
        return f"{line}\n"
    return f"export function {name}(\n  {parameter},\n): {returns} {{\n"


def _mock_head(name: str, typed: Sequence[str]) -> str:
    parameter = f"answer: MockOf<{', '.join(typed)}> = {{}}"
    line = f"export function {name}({parameter}): Mock {{"
    if width(line) <= WIDTH:
        return f"{line}\n"
    if width(parameter) + 3 > WIDTH:
        parameter = "answer: MockOf<\n" + ",\n".join(f"    {each}" for each in typed) + "\n  > = {}"
    return f"export function {name}(\n  {parameter},\n): Mock {{\n"


def _arrow(status: str, made: object, literals: Literals) -> str:
    spelled = status if status.isdecimal() else key(status)
    lead = f"      {spelled}: () =>"
    if isinstance(made, dict):
        return f"{lead} ({literals.text(made, 6, 0, 2)}),\n"
    text = literals.text(made, 6, width(lead) + 1, 1)
    if isinstance(made, str) and width(lead) + width(text) + 2 > WIDTH:
        return f"{lead}\n        {text},\n"
    return f"{lead} {text},\n"
