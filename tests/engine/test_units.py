"""Manifests of units: the same bytes for the same unit, and damage is said."""

from __future__ import annotations

import pytest

from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import Memory
from arckode_gen.engine.units import Edit, Unit, digest, dump, load, unit_path
from arckode_gen.errors import UsageError

UNIT = Unit(
    "module", "orders", 1, {"name": "orders", "field": ["año:int"]}, {"b.py": digest(b"b"), "a.py": digest(b"a")},
    (Edit("root.py", "import", "import x"),),
)  # fmt: skip


def test_what_was_dumped_is_loaded() -> None:
    assert load(Memory({UNIT.path: dump(UNIT)}), "module", "orders") == UNIT


def test_the_bytes_do_not_depend_on_the_order_of_anything() -> None:
    again = Unit(
        "module",
        "orders",
        1,
        dict(sorted(UNIT.values.items(), reverse=True)),
        dict(sorted(UNIT.files.items())),
        UNIT.edits,
    )
    assert dump(again) == dump(UNIT)
    assert dump(UNIT).content.endswith(b"}\n")
    assert "año" in dump(UNIT).text


def test_what_was_never_generated_is_none() -> None:
    assert load(Memory(), "module", "orders") is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="it is cut off"),
        pytest.param(b"[]", id="it is a list"),
        pytest.param(b'{"kind": "module"}', id="keys are missing"),
        pytest.param(b"\xff\xfe", id="it is not text"),
    ],
)
def test_a_damaged_manifest_names_its_file(content: bytes) -> None:
    path = unit_path("module", "orders")
    with pytest.raises(UsageError) as refused:
        load(Memory({path: FileState(content)}), "module", "orders")
    assert path in refused.value.message
