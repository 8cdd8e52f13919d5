"""Example values fit their fields, and differ where they must."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AnyHttpUrl

from arckode_gen.engine.examples import example_of
from arckode_gen.engine.fields import parse_fields
from arckode_gen.engine.pattern_examples import matching
from arckode_gen.errors import UsageError

PATTERNS = [
    "^[A-Z]{3}-[0-9]{2}$", "^(red|green)$", r"^\d{4}-\d{2}$", r"^\w+@\w+$", "^a?b*c+$", "^[^a-z]+$", "^.x$",
    r"^\S\s\S$",
    "^(?:ab){2,3}$", "^[a-f0-9]{8,}$", "^(?i:abc)$", "^x{0}y$", "",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_text_for_a_pattern(pattern: str) -> None:
    text = matching(pattern)
    assert text is not None
    assert re.search(pattern, text)


@pytest.mark.parametrize("pattern", [r"^(?=x)y$", r"^(a)\1$", "^[", r"^(?!a)b(?<=c)$", "^a{99999999999}$"])
def test_none_where_none_can_be_made(pattern: str) -> None:
    assert matching(pattern) is None


@settings(max_examples=200, deadline=None)
@given(st.text("ab01[](){}*+?|^$.\\dwsS-,", max_size=12))
def test_a_pattern_never_crashes_and_never_lies(pattern: str) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what `re` thinks of odd patterns is not what is tested
        text = matching(pattern)
        assert text is None or re.search(pattern, text)


def values(word: str, count: int = 20) -> list[object]:
    """Evaluate the example's expression for the first numbers."""
    (field,) = parse_fields((word,))
    names = {"dt": dt, "Decimal": Decimal, "UUID": UUID}
    return [eval(example_of(field).value, {**names, "number": number}) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    "word",
    "a:str:unique a:str:max=3:unique a:slug:unique a:int:min=5:unique a:int:max=5:unique "
    "a:decimal=12.2:unique a:decimal=6.4:min=1:max=2:unique a:uuid:unique a:email:unique a:url:unique:max=700 "
    "a:date:unique a:datetime:unique a:time:unique a:str:len=8:unique".split(),
)
def test_unique_fields_have_twenty_different_values(word: str) -> None:
    made = values(word)
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("word", ["a:enum=x/y:unique", "a:int:min=1:max=9:unique", "a:str:max=1:unique"])
def test_too_few_values_for_unique_are_refused(word: str) -> None:
    with pytest.raises(UsageError, match="'a' is unique"):
        values(word)


@pytest.mark.parametrize(("low", "high"), [(0, 3), (-5, 5), (100, None), (None, -3), (None, None), (7, 7)])
def test_numbers_stay_within_their_bounds(low: int | None, high: int | None) -> None:
    bounds = "".join(f":{name}={value}" for name, value in (("min", low), ("max", high)) if value is not None)
    for kind in ("int", "bigint", "decimal=12.2", "float"):
        for made in values(f"a:{kind}{bounds}"):
            assert isinstance(made, int | float | Decimal)
            assert low is None or made >= low
            assert high is None or made <= high


@pytest.mark.parametrize(("least", "most"), [(0, 1), (1, 2), (3, 3), (10, 12), (40, 60), (2, 200)])
def test_texts_keep_their_lengths(least: int, most: int) -> None:
    for made in values(f"a:str:min={least}:max={most}"):
        assert isinstance(made, str)
        assert least <= len(made) <= most


@pytest.mark.parametrize("most", [13, 18, 23, 24, 700])
def test_urls_keep_their_length_and_stay_urls(most: int) -> None:
    made = [str(value) for value in values(f"a:url:unique:max={most}", 9999)]
    assert max(map(len, made)) <= most
    assert len(set(made)) == len(made)
    assert all(str(AnyHttpUrl(value)) == value for value in made[:20])
