"""Fields that are added later make the same module as fields that were there from the start, but for its migrations."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings

from arckode_gen import resources
from arckode_gen.commands import _generate, make_field
from arckode_gen.engine import stubs, units
from arckode_gen.engine.field_files import field_to_json
from arckode_gen.engine.fields import parse_fields
from arckode_gen.engine.generate import How
from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import PROJECT_FILE, Memory
from arckode_gen.errors import UsageError
from tests.engine.strategies import field_lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.plan import Plan

MANIFEST = {"arckode": "0", "format": 1, "name": "shop", "package": "shop", "options": {}}
STUB = stubs.load(resources.folder("stubs") / "module")
TODAY = dt.date(2026, 11, 22)
OTHERS = ("customers", "order_lines", "pedidos", "users")


def applied(snapshot: Memory, plan: Plan) -> Memory:
    files = {**snapshot.files, **{change.path: change.after for change in plan.changes}}
    return Memory({path: state for path, state in files.items() if state is not None})


def project() -> Memory:
    root = FileState(b"def compose(settings):\n    kernel = Kernel(settings)\n    return kernel\n")
    start = Memory(
        {PROJECT_FILE: FileState(json.dumps(MANIFEST).encode()), "src/shop/composition_root.py": root},
    )
    for name in OTHERS:
        start = applied(start, _generate.plan(STUB, {"name": name, "field": ("total:int", "note:str")}, start, TODAY))
    return start


PROJECT = project()


def made(fields: tuple[Field, ...]) -> Memory:
    words = {"name": "things", "field": [field_to_json(field) for field in fields]}
    return applied(PROJECT, _generate.plan(STUB, words, PROJECT, TODAY))


def grown(snapshot: Memory, fields: tuple[Field, ...]) -> Memory:
    unit = units.load(snapshot, "module", "things")
    assert unit is not None
    return applied(snapshot, make_field.plan(STUB, unit, fields, snapshot, today=TODAY, how=How(grows=True)))


def code(snapshot: Memory) -> Mapping[str, str]:
    return {
        path: state.text
        for path, state in snapshot.files.items()
        if "/migrations/" not in path and not path.startswith(units.UNITS)
    }


def optional(field: Field) -> Field:
    """Let rows that are there do without a field."""
    is_free = not field.has_column or field.null or field.default is not None or field.tenant
    return field if is_free else replace(field, null=True)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(field_lists())
def test_the_code_is_the_same_whenever_a_field_came(words: list[str]) -> None:
    fields = tuple(optional(field) for field in parse_fields(words))
    half = len(fields) // 2
    try:
        once = made(fields)
        later = grown(made(fields[:half]), fields[half:])
    except UsageError:
        return
    assert code(later) == code(once)
    migrations = [path for path in later.files if path.startswith("src/shop/migrations/")]
    assert sum("_things" in path for path in migrations) == 1 + any(field.is_stored for field in fields[half:])
    again = grown(later, fields[half:])
    assert again.files == later.files
