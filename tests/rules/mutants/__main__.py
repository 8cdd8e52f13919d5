"""Print how many ways to break each rule were tried in a generated project, and how many were found."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from arckode_analyzers.registry import all_rules
from tests.generated import MODULES, arckode, must, new_project
from tests.rules.mutants.seeded import Clean
from tests.rules.mutants.table import MUTANTS


def main(words: list[str]) -> int:
    """Judge every mutant of the project in a folder, or of a new one."""
    root = Path(words[0]) if words else _everything()
    clean, rules = Clean(root), {rule.code: rule for rule in all_rules()}
    wanted = set(words[1:]) or {mutant.code for mutant in MUTANTS}
    missed = 0
    print("rule    decidable  found   undecidable  found")
    for code in sorted(wanted):
        told = [
            (each, {found.path for found in clean.findings(rules[code], each.edits)})
            for each in MUTANTS
            if each.code == code
        ]
        sure = [(each, paths) for each, paths in told if each.decidable]
        rest = [(each, paths) for each, paths in told if not each.decidable]
        found = sum(paths == {each.path} for each, paths in sure)
        missed += len(sure) - found
        print(f"{code}  {len(sure):9}  {found:5}  {len(rest):12}  {sum(bool(paths) for _, paths in rest):5}")
        for each, paths in told:
            if paths != {each.path}:
                print(f"    {'' if each.decidable else '(undecidable) '}{each.way}: {sorted(paths) or 'not found'}")
    return 1 if missed else 0


def _everything() -> Path:
    root = new_project(Path(tempfile.mkdtemp()))
    for module in MODULES:
        must(arckode(root, "make:module", *module))
    must(arckode(root, "make:frontend", "orders"))
    return root


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
