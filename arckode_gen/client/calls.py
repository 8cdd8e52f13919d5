"""The function of one operation as text: its head, and the call that it makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from arckode_gen.client.typescript import WIDTH, width
from arckode_gen.client.typescript_text import key, member, quoted, template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_gen.client.model import Body, Operation, Parameter


class Word(NamedTuple):
    """A parameter of a function."""

    name: str
    type: str
    required: bool


class Read(NamedTuple):
    """What a call gives back, and how it is read."""

    kind: str
    type: str
    sent: tuple[str, ...] = ()
    helpers: frozenset[str] = frozenset()
    is_text: bool = False

    def returns(self, errors: str) -> tuple[str, tuple[str, ...]]:
        if self.kind == "events":
            return "AsyncGenerator", (f"ServerEvent<{self.type}>", "void")
        result = "void" if self.kind == "nothing" and self.type == "undefined" else self.type
        return "Call", (result, errors) if errors else (result,)


def head(name: str, words: Sequence[Word], returns: tuple[str, tuple[str, ...]]) -> str:
    """Return the first lines of a function, up to its body."""
    parameters: list[str] = []
    for place, word in enumerate(words):
        needed = word.required or any(later.required for later in words[place + 1 :])
        either_or = "" if word.required or not needed else " | undefined"
        parameters.append(f"{word.name}{'' if needed else '?'}: {word.type}{either_or}")
    parameters.append("options?: Options")
    generic, arguments = returns
    result = f"{generic}<{', '.join(arguments)}>"
    line = f"export function {name}({', '.join(parameters)}): {result} {{"
    if width(line) <= WIDTH:
        return f"{line}\n"
    listed = "".join(f"  {each},\n" for each in parameters)
    if width(f"): {result} {{") > WIDTH and (len(arguments) > 1 or not arguments[0].isidentifier()):
        result = f"{generic}<\n  " + ",\n  ".join(arguments) + "\n>"
    return f"export function {name}(\n{listed}): {result} {{\n"


def call(answer: Read, operation: Operation, path_names: dict[str, str], sent: Sequence[str], helpers: set[str]) -> str:
    helper = "events" if answer.kind == "events" else "send"
    helpers.add(helper)
    parts = re.split(r"\{([^{}]+)\}", operation.path)
    if len(parts) > 1:
        helpers.add("at")
        filled = (f"${{{path_names[each]}}}" if place % 2 else template(each) for place, each in enumerate(parts))
        path = f"at`{''.join(filled)}`"
    else:
        path = quoted(operation.path)
    arguments = ["options", quoted(operation.method), path]
    if helper == "send":
        return _arguments(helper, arguments, sent)
    listed = f"{{ {', '.join(sent)} }}" if sent else "{}"
    if "\n" in listed:
        listed = "{\n" + "".join(f"      {_deeper(each)},\n" for each in sent) + "    }"
    return _arguments(helper, [*arguments, listed, "String" if answer.is_text else "JSON.parse"], ())


def _arguments(helper: str, arguments: Sequence[str], sent: Sequence[str]) -> str:
    """Return the call: in one line, with its last object opened, or one argument a line."""
    last = f"{{ {', '.join(sent)} }}" if sent else ""
    line = f"  return {helper}({', '.join([*arguments, *([last] if last else [])])});"
    if width(line) <= WIDTH and "\n" not in line:
        return line
    opening = f"  return {helper}({', '.join(arguments)}, {{"
    if sent and width(opening) <= WIDTH:
        return f"{opening}\n" + "".join(f"    {each},\n" for each in sent) + "  });"
    listed = [*arguments]
    if last:
        fits = "\n" not in last and 4 + width(last) + 1 <= WIDTH
        inner = "".join(f"      {_deeper(each)},\n" for each in sent)
        listed.append(last if fits else f"{{\n{inner}    }}")
    return f"  return {helper}(\n" + "".join(f"    {each},\n" for each in listed) + "  );"


def _deeper(text: str) -> str:
    return text.replace("\n", "\n  ")


def sent_body(body: Body, helpers: set[str]) -> list[str]:
    if body.kind == "json":
        typed = body.media_type not in {"application/json", "*/*"}
        return ["json: body", *([f"type: {quoted(body.media_type)}"] if typed else [])]
    if body.kind in {"multipart", "form"}:
        helpers.add(body.kind)
        return [f"body: {body.kind}(body)"]
    return ["body", f"type: {quoted(body.media_type)}"]


def sent_query(operation: Operation, word: Word, helpers: set[str]) -> str:
    """Return the query as it is sent: most as it is, some put together as their style wants it."""
    lines: list[str] = []
    for each in operation.parameters:
        if each.place == "query" and each.style != "plain":
            lines += _styled(each, optional=not word.required, helpers=helpers)
    if not lines:
        return "query"
    inner = "".join(f"      {line},\n" for line in ("...query", *lines))
    return f"query: {{\n{inner}    }}"


def _styled(parameter: Parameter, *, optional: bool, helpers: set[str]) -> list[str]:
    name = parameter.name
    reached = member(name)
    value = f"query{'?' if optional else ''}{'.' if optional and reached[0] == '[' else ''}{reached}"
    spelled = key(name)
    if parameter.style == "spread":
        return [f"{spelled}: undefined", f"...{value}"]
    if parameter.style == "deep":
        helpers.add("deep")
        return [f"{spelled}: undefined", f"...deep({quoted(name)}, {value})"]
    if parameter.style == "json":
        helpers.add("asJson")
        return [f"{spelled}: asJson({value})"]
    helpers.add("joined")
    separator = {"comma": ",", "space": " ", "pipe": "|"}[parameter.style]
    return [f"{spelled}: joined({value}, {quoted(separator)})"]
