"""Laid-out code is what `ruff format` would leave alone, whatever the lengths."""

from __future__ import annotations

import subprocess
import sys

from arckode_gen.engine.layout import LINE_LENGTH, call, comprehension, display


def formatted(source: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", str(LINE_LENGTH), "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


def test_calls_of_every_length_are_formatted() -> None:
    arguments = [[f"argument_{number}" for number in range(count)] for count in range(1, 16)]
    heads = ("f(", "value = some_function_with_a_name(", "self.a_long_attribute = another.function(")
    lines = [call(head, items) for head in heads for items in arguments]
    lines += ["def nested() -> None:"] + [f"    {call(head, items, indent=4)}" for head in heads for items in arguments]
    source = "\n".join(lines[:45]) + "\n\n\n" + "\n".join(lines[45:]) + "\n"
    assert formatted(source) == source


def test_displays_of_every_length_are_formatted() -> None:
    items = [[f'"item_{number:05}"' for number in range(count)] for count in range(16)]
    brackets = (("names = (", ")"), ("names = [", "]"), ("AFTER: tuple[str, ...] = (", ")"))
    source = "\n".join(display(head, some, tail) for head, tail in brackets for some in items) + "\n"
    assert formatted(source) == source


def test_comprehensions_of_every_length_are_formatted() -> None:
    arguments = [", ".join(f"argument_{number}=row.value" for number in range(count)) for count in range(1, 9)]
    clauses = (["for row in page.data"], ["for key in wanted", "if key not in known_keys_of_the_other_side"])
    heads = (("rows = tuple(", ")"), ("rows = [", "]"))
    shapes = [(head, tail, items, some) for head, tail in heads for items in arguments for some in clauses]
    lines = [comprehension(head, f"Row({items})", some, tail) for head, tail, items, some in shapes]
    source = "\n".join(lines) + "\n"
    assert formatted(source) == source


def test_the_edge_of_the_line_is_where_ruff_sees_it() -> None:
    for length in range(LINE_LENGTH - 4, LINE_LENGTH + 3):
        source = call("value = f(", ["a" * (length - len("value = f(") - len(", b)")), "b"]) + "\n"
        assert formatted(source) == source, length
