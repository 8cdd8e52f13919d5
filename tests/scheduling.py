"""Which tests one worker takes together, because what they stand on is dear to make.

pytest-xdist's own `loadgroup` writes a group to the end of an id, which pytest 9.2 takes no notice of any more; so the
tests of a file are grouped here, by the public hook for schedulers.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

GROUPS = {
    "tests/client/test_circles.py": "client",
    "tests/client/test_constructs.py": "client",
    "tests/client/test_files.py": "client",
    "tests/client/test_fuzz.py": "client",
    "tests/client/test_guide.py": "client",
    "tests/client/test_live.py": "client",
    "tests/client/test_real_documents.py": "client",
    "tests/commands/test_demo.py": "demo",
    "tests/e2e/test_adapters.py": "everything",
    "tests/e2e/test_databases.py": "everything",
    "tests/e2e/test_make_field.py": "fields",
    "tests/e2e/test_relations.py": "fields",
    "tests/e2e/test_schemathesis.py": "everything",
    "tests/frontend/test_pages.py": "frontend",
    "tests/keeping/test_inverse_and_dry_run.py": "keeping",
    "tests/keeping/test_mutilated_roots.py": "mutilated",
    "tests/keeping/test_same_bytes.py": "same bytes",
    "tests/keeping/test_walks.py": "walks",
    "tests/packaging/test_distributions.py": "packaging",
    "tests/rules/test_generated_project.py": "everything",
    "tests/rules/test_mutants.py": "mutants",
    "tests/rules/test_schema_drift.py": "everything",
    "tests/stubs/test_auth.py": "auth",
    "tests/stubs/test_generators.py": "generators",
    "tests/stubs/test_joined.py": "everything",
    "tests/stubs/test_module.py": "everything",
}


class GroupedScheduling(LoadScopeScheduling):
    """Hands out the groups first, the largest before the others, and then test by test."""

    def _split_scope(self, nodeid: str) -> str:
        return GROUPS.get(nodeid.partition("::")[0], nodeid)
