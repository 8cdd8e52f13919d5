"""What a JSON column and a moment accept is what every engine keeps."""

from __future__ import annotations

import pytest

from kernel.columns import Json, UtcDateTime
from kernel.http.names import json_name
from kernel.values import reader_for


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"a": [1, 2.5, "x", None, True]}, id="everything that JSON has"),
        pytest.param(2**63 - 1, id="the largest whole number"),
        pytest.param([], id="nothing at all"),
    ],
)
def test_json_is_kept_as_it_is(value: object) -> None:
    assert reader_for(Json)(value) is value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param({"a": "\x00"}, "NUL", id="a NUL that PostgreSQL refuses"),
        pytest.param({"\x00": 1}, "NUL", id="a NUL in a key"),
        pytest.param(["\ud800"], "surrogate", id="half a character"),
        pytest.param([[float("inf")]], "finite", id="a number that JSON does not have"),
        pytest.param(2**63, "must be between", id="a whole number that SQLite makes a float"),
        pytest.param([object()], "must be what JSON can hold", id="what is no JSON"),
    ],
)
def test_json_that_some_engine_would_change_is_refused(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        reader_for(Json)(value)


def test_a_moment_before_the_first_year_is_refused() -> None:
    with pytest.raises(ValueError, match="between the years 1 and 9999"):
        reader_for(UtcDateTime())("0001-01-01T00:00:00+14:00")


@pytest.mark.parametrize(
    ("name", "written"),
    [("customer_id", "customerId"), ("metadata_", "metadata"), ("dt__gte", "dtGte"), ("address2line", "address2Line")],
)
def test_a_json_name_is_camel_case_without_the_underscores_that_dodge_python(name: str, written: str) -> None:
    assert json_name(name) == written
