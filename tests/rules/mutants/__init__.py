"""Ways to break a clean generated project, rule by rule: data for `tests/rules/test_mutants.py`."""
