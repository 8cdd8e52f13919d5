"""Print precision and recall of every labelled rule: `python -m tests.bench.precision [--held-out] [--sites]`."""

from __future__ import annotations

import sys

from tests.bench.precision.benchmark import HALVES, codes, score


def main(words: list[str]) -> None:
    halves = HALVES[1:] if "--held-out" in words else HALVES[:1] if "--development" in words else HALVES
    for code in codes():
        for half in halves:
            result = score(half, code)
            figures = f"precision {result.precision:.2f}  recall {result.recall:.2f}"
            print(f"{code} {half:<12} {result.sites:>4} sites  {figures}")
            if "--sites" in words:
                for kind, sites in (("missed", result.missed), ("wrong", result.wrong)):
                    for site in sites:
                        print(f"  {kind} {site.project}/{site.path}:{site.line} {site.reason}")


main(sys.argv[1:])
