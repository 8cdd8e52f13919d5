"""Values as TypeScript, laid out as prettier does it; what they borrow is a call of the function that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from arckode_gen.client.conforming import Borrowed
from arckode_gen.client.typescript import WIDTH, width
from arckode_gen.client.typescript_text import key, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.client.document import Node

_SHORT_KEY = 5


class Writer:
    """Writes values; `functions` has the name of the function that gives the example of each named schema."""

    def __init__(self, functions: Mapping[str, str]) -> None:
        self.used: set[str] = set()
        self._functions = functions

    def text(self, value: object, indent: int, column: int, after: int) -> str:
        """Return a value that begins at a column, with `after` characters behind it in its last line."""
        if isinstance(value, dict):
            return self._object(cast("Node", value), indent)
        if isinstance(value, list):
            return self._list(cast("list[object]", value), indent, column, after)
        return self._flat(value)

    def entry(self, name: str, value: object, indent: int) -> str:
        """Return one line or more of an object, its end included."""
        spelled = '["__proto__"]' if name == "__proto__" else key(name)
        lead = f"{' ' * indent}{spelled}:"
        text = self.text(value, indent, width(lead) + 1, 1)
        goes_below = not isinstance(value, dict | list) and width(spelled) >= _SHORT_KEY
        if goes_below and isinstance(value, str | Borrowed) and width(lead) + width(text) + 2 > WIDTH:
            return f"{lead}\n{' ' * (indent + 2)}{text},\n"
        return f"{lead} {text},\n"

    def name(self, value: Borrowed) -> str:
        """Return the function that gives what is borrowed."""
        found = self._functions[value.pointer]
        self.used.add(found)
        return found

    def _flat(self, value: object) -> str:
        if isinstance(value, Borrowed):
            return f"{self.name(value)}()"
        if isinstance(value, bool) or value is None:
            return {True: "true", False: "false", None: "null"}[value]
        return quoted(value) if isinstance(value, str) else _number(cast("float", value))

    def _object(self, value: Node, indent: int) -> str:
        if not value:
            return "{}"
        lines = (self.entry(name, each, indent + 2) for name, each in value.items())
        return f"{{\n{''.join(lines)}{' ' * indent}}}"

    def _list(self, value: Sequence[object], indent: int, column: int, after: int) -> str:
        texts = [self.text(each, indent + 2, indent + 2, 1) for each in value]
        flat = f"[{', '.join(texts)}]"
        if "\n" not in flat and not _must_break(value) and column + width(flat) + after <= WIDTH:
            return flat
        pad = " " * indent
        if len(value) > 1 and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value):
            return f"[\n{_filled(texts, indent + 2)}{pad}]"
        return "[\n" + "".join(f"{pad}  {each},\n" for each in texts) + f"{pad}]"


def _must_break(value: Sequence[object]) -> bool:
    """Tell whether a list has a line for each item however short: several lists that have several items each."""
    return len(value) > 1 and all(isinstance(each, list) and len(each) > 1 for each in value)


def _filled(texts: Sequence[str], indent: int) -> str:
    """Return numbers, as many on a line as there is room for."""
    pad = " " * (indent - 1)
    lines = [pad]
    for each in texts:
        if len(lines[-1]) + len(each) + 2 > WIDTH:
            lines.append(pad)
        lines[-1] += f" {each},"
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    digits, has_exponent, exponent = repr(value).partition("e")
    return f"{digits}e{int(exponent)}" if has_exponent else digits
