"""The next migration sorts after every other."""

from __future__ import annotations

import datetime as dt

import pytest

from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import Memory
from arckode_gen.engine.stamps import next_stamp

CASES = [
    pytest.param([], "202611220001", id="the first of all"),
    pytest.param(["202611210004_a.py"], "202611220001", id="the first of the day"),
    pytest.param(["202611220001_a.py", "202611220002_b.sql"], "202611220003", id="the next of the day"),
    pytest.param(["202612010001_a.py"], "202612010002", id="after one from a clock that was ahead"),
    pytest.param(["202611229999_a.py"], "202611230000", id="after the last number of a day"),
    pytest.param(["20261122_a.py", "2026112200xx_b.py", "__init__.py"], "202611220001", id="other files do not count"),
]


@pytest.mark.parametrize(("names", "expected"), CASES)
def test_the_next_stamp(names: list[str], expected: str) -> None:
    snapshot = Memory({f"src/shop/migrations/{name}": FileState(b"") for name in names})
    stamp = next_stamp(snapshot, "src/shop/migrations", dt.date(2026, 11, 22))
    assert stamp == expected
    assert all(f"{stamp}_x.py" > name for name in names if name[:12].isdecimal() and len(name) > 12)
