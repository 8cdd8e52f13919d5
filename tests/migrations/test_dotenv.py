"""`.env` means the same here as to the project's settings: python-dotenv is the oracle."""

from __future__ import annotations

from io import StringIO

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from arckode_gen.migrations.dotenv import parse

LINES = [
    "A=1",
    "export A=1",
    "A = 1",
    "  A=1",
    "A='one two' # three",
    'A="one two" # three',
    "A=one two # three",
    "A=one#two",
    "A=#two",
    "A=",
    "A",
    "# A=1",
    "",
    r'A="a\nb\"c"',
    r"A='a\nb\'c'",
    "A='one\ntwo'\nB=2",
    'A="one\ntwo"\nB=2',
    "A=1\nB=${A}/x",
    "B=${A:-none}/x",
    "B=${A}",
    "A=1\nA=2",
    "A='${B}'",
    "A=a=b=c",
    "DATABASE_URL=postgresql://u:p#x@h/d?ssl=require",
    "A=1\r\nB=2\r\n",
    'A=""',
    "A='x'y\nB=2",
]


@pytest.mark.parametrize("text", LINES)
def test_a_line_means_what_it_means_to_the_settings(text: str) -> None:
    expected = {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value is not None}
    assert parse(text, {}) == expected


@given(st.lists(st.sampled_from(LINES), max_size=6).map("\n".join))
def test_any_file_of_such_lines_does_too(text: str) -> None:
    expected = {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value is not None}
    assert parse(text, {}) == expected
