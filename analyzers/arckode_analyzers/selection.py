"""Which rules count where: codes and prefixes chosen or left out, for the whole tree or for some paths.

The longer word decides (`select ARC2`, `ignore ARC201`); of two equally long ones, the one that leaves out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.config import ConfigurationError, Globs, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_analyzers.rule import Finding

PerPath = tuple[tuple[str, tuple[str, ...]], ...]
_WORD = re.compile(r"[A-Z]+\d*")


@dataclass(frozen=True, slots=True)
class Selection:
    """Empty `select` means every rule; `per_path` pairs a pattern with what is left out under it.

    `inapplicable` is what the preset leaves out: rules about a layout that the project does not have.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_path: PerPath = ()
    inapplicable: tuple[str, ...] = ()

    def runs(self, code: str) -> bool:
        """Tell whether a rule counts anywhere in this run."""
        chosen = _longest(code, self.select) if self.select else 0
        return chosen > _longest(code, (*self.ignore, *self.inapplicable))

    def kept(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the findings that count."""
        left_out = [(Globs((pattern,)), codes) for pattern, codes in self.per_path]
        return tuple(
            each
            for each in findings
            if self.runs(each.code)
            and not any(_longest(each.code, codes) >= 0 and glob.match(each.path) for glob, codes in left_out)
        )

    def words(self) -> tuple[str, ...]:
        """Return every code and prefix that a person wrote, for checking that there is such a rule."""
        return (*self.select, *self.ignore, *(code for _, codes in self.per_path for code in codes))

    def unmatched(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return the patterns that no file matches."""
        known = tuple(paths) if self.per_path else ()
        return tuple(pattern for pattern, _ in self.per_path if not any(map(Globs((pattern,)).match, known)))


def combined(configured: Selection, named: Selection) -> Selection:
    """Put the command line's words over the configuration's: `--select` replaces, the others add."""
    left_out = Selection() if named.select else configured
    return Selection(
        named.select or configured.select,
        (*left_out.ignore, *named.ignore),
        (*configured.per_path, *named.per_path),
        left_out.inapplicable,
    )


def codes_in(words: Iterable[str]) -> tuple[str, ...]:
    """Read codes and prefixes in capitals; several in one word are parted by commas."""
    return tuple(code.strip().upper() for word in words for code in word.split(",") if code.strip())


def parse_per_path(words: Iterable[str]) -> PerPath:
    """Read `GLOB:CODE` words; several codes are parted by commas.

    Raises:
        ConfigurationError: a word has no pattern or no code.
    """
    pairs = []
    for word in words:
        pattern, colon, codes = word.rpartition(":")
        listed = codes_in((codes,))
        if not colon or not pattern or not listed:
            raise ConfigurationError(f"'{word}' is no PATTERN:CODE", "write it like 'src/legacy/**:ARC201'")
        pairs.append((pattern, listed))
    return tuple(pairs)


def refuse_unknown(words: Iterable[str], codes: Iterable[str]) -> None:
    """Check that every word is a rule or the beginning of one.

    Raises:
        ConfigurationError: one is not; the hint names the nearest.
    """
    known = tuple(codes)
    for word in words:
        if not _WORD.fullmatch(word) or not any(code.startswith(word) for code in known):
            hint = nearest(word.upper(), known) or "run `arckode explain` for the list"
            raise ConfigurationError(f"there is no rule '{word}'", hint)


def _longest(code: str, words: Iterable[str]) -> int:
    """Return how much of a code the best word names; -1 when none does, 0 when none had to."""
    return max((len(word) for word in words if code.startswith(word)), default=-1)
