"""Whatever names and fields are accepted, the project passes its own checks.

One project holds several random modules, because the tools cost more to start than to run. `ARCKODE_FUZZ=N` makes N
projects of a dozen from fresh randomness (`make soak`); otherwise a smaller one that is the same on every run.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from arckode_gen.engine.names import Name
from tests.engine.strategies import field_lists, names
from tests.generated import arckode, must, new_project, tool

ROUNDS = int(os.environ.get("ARCKODE_FUZZ", "1"))
SIZE = 12 if "ARCKODE_FUZZ" in os.environ else 6
RELATIONS = {"has_one", "has_many"}  # a new module has nothing that refers to it yet
MODULES = st.lists(
    st.tuples(names(), field_lists(), st.sampled_from([(), ("--soft-delete",), ("--no-timestamps",)])),
    min_size=SIZE,
    max_size=SIZE,
    unique_by=lambda module: Name.parse(module[0]).plural,
)


@pytest.mark.generates
@settings(
    max_examples=ROUNDS,
    deadline=None,
    derandomize="ARCKODE_FUZZ" not in os.environ,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(MODULES)
def test_whatever_is_accepted_passes_the_projects_own_checks(
    modules: list[tuple[str, list[str], tuple[str, ...]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = new_project(Path(folder))
        for parent in ("customers", "users", "order_lines", "pedidos"):
            must(arckode(root, "make:module", parent, "name", "total:int", "note:text:null"))
        made = 0
        for name, words, flags in modules:
            kept = [word for word in words if not RELATIONS & set(word.replace("=", ":").split(":"))]
            outcome = arckode(root, "make:module", name, *kept, *flags)
            note(f"make:module {name} {' '.join(kept)} {' '.join(flags)} -> {outcome.code} {outcome.stderr[:200]}")
            assert outcome.code in {0, 2, 3}, outcome.text
            assert "Traceback" not in outcome.text
            made += outcome.code == 0
        note(f"{made} of {len(modules)} were made")
        must(tool(root, "ruff", "check"))
        must(tool(root, "ruff", "format", "--check", "--diff"))
        must(tool(root, "mypy"))
        must(tool(root, "pytest", "-q", "-x"))
        assert made
