"""Hypothesis strategies of what people may type: entity names and field words that the engine accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from hypothesis import assume
from hypothesis import strategies as st

from arckode_gen.engine.field_types import DECIMAL_DIGITS, ELEMENTS, TYPES
from arckode_gen.engine.fields import parse_field, parse_fields
from arckode_gen.engine.names import Name
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS = [
    *["order", "item", "customer", "invoice", "line", "box", "category", "city"],
    *["status", "person", "usuario", "pedido", "habitacion", "ciudad", "store"],
]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ALPHABET = "abcXYZ019_.-,"


def _is_accepted(parse: Callable[[str], object], word: str) -> bool:
    try:
        parse(word)
    except UsageError:
        return False
    return True


def words() -> st.SearchStrategy[str]:
    """Lower-case words of one entity or field: real ones and made-up ones."""
    return st.sampled_from(_WORDS) | st.text(_LETTERS, min_size=3, max_size=8)


def names() -> st.SearchStrategy[str]:
    """Entity names in the spellings that people use."""
    joined = st.lists(words(), min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from(
            ["_".join(parts), "-".join(parts), " ".join(parts), "".join(part.title() for part in parts)]
        )
    )
    return joined.filter(lambda word: _is_accepted(Name.parse, word))


@st.composite
def field_words(draw: st.DrawFn) -> str:
    """One field as a word of the command line, every type and modifier among them."""
    name = "_".join(draw(st.lists(words(), min_size=1, max_size=2)))
    kind = draw(st.sampled_from(sorted(TYPES)))
    parts = [name, draw(_type_words(kind))]
    for modifier in draw(st.lists(st.sampled_from(sorted(TYPES[kind].modifiers) or [""]), max_size=4, unique=True)):
        if modifier:
            parts.append(draw(_modifier_words(kind, modifier, parts[1])))
    word = ":".join(parts)
    if not _is_accepted(parse_field, word):
        word = f"{name}_value:{parts[1]}"
        assume(_is_accepted(parse_field, word))
    return word


def field_lists(max_size: int = 8) -> st.SearchStrategy[list[str]]:
    """The fields of one entity."""
    return st.lists(field_words(), max_size=max_size).filter(
        lambda found: _is_accepted(cast("Callable[[str], object]", parse_fields), cast("str", found))
    )


def _type_words(kind: str) -> st.SearchStrategy[str]:
    if kind == "decimal":
        digits = st.integers(1, DECIMAL_DIGITS)
        return digits.flatmap(lambda size: st.integers(0, size).map(lambda scale: f"decimal={size}.{scale}"))
    if kind == "enum":
        values = st.lists(st.text(_ALPHABET, min_size=1, max_size=6), min_size=1, max_size=4, unique=True)
        return values.map(lambda found: f"enum={'/'.join(found)}")
    if kind == "list":
        return st.sampled_from(ELEMENTS).map(lambda element: f"list={element}")
    if kind in {"belongs_to", "has_one", "has_many", "many_to_many"}:
        shown = st.just("") if kind == "belongs_to" else st.sampled_from(["", "/total", "/total/note"])
        names = st.sampled_from(["customers", "users", "order_lines", "pedidos"])
        return st.tuples(names, shown).map(lambda parts: f"{kind}={''.join(parts)}")
    return st.just(kind)


def _modifier_words(kind: str, modifier: str, type_word: str) -> st.SearchStrategy[str]:
    if modifier == "on_delete":
        return st.sampled_from(["on_delete=cascade", "on_delete=restrict", "on_delete=set_null"])
    if modifier == "via":
        return st.sampled_from(["via=customer", "via=seller"])
    if modifier in {"min", "max", "len"}:
        return st.integers(0, 400).map(lambda number: f"{modifier}={number}")
    if modifier == "default":
        return _defaults(kind, type_word).map(lambda value: f"default={value}")
    return st.just(modifier)


def _defaults(kind: str, type_word: str) -> st.SearchStrategy[str]:
    if kind == "enum":
        return st.sampled_from(type_word.removeprefix("enum=").split("/"))
    if kind in {"int", "bigint"}:
        return st.integers(-(2**31), 2**31 - 1).map(str)
    if kind in {"decimal", "float"}:
        return st.decimals(-100, 100, places=2).map(str)
    if kind == "bool":
        return st.sampled_from(["true", "false"])
    if kind == "date":
        return st.dates().map(str) | st.just("today")
    if kind == "time":
        return st.times().map(lambda moment: moment.strftime("%H%M%S"))
    if kind == "datetime":
        return st.datetimes().map(lambda moment: f"{moment.date().isoformat()}T{moment:%H%M%S}Z") | st.just("now")
    return st.text(_ALPHABET, min_size=1, max_size=6)
