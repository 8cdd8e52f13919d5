"""Whether two versions of a file say the same, and where the lines of the old one are in the new one.

Comments, empty lines, docstrings and line breaks between statements are no facts. Rules may compare places within a
file, so the order of what a file says must be the same; where a rule looks at a distance, that is compared too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.facts.records import FileFacts

# How many lines below a `return` its own conditions, and below `__table_args__` its own constraints, are looked for.
OWN_CONDITIONS, OWN_CONSTRAINTS = 5, 60
_TOP = 1
_PLACES = frozenset({"line", "column", "first", "last"})


def same_meaning(old: FileFacts, new: FileFacts) -> Mapping[int, int] | None:
    """Return the new line of every old line that a fact is about; None when the two mean different things."""
    if old == new:
        return _identity(old)
    moved: dict[tuple[int, int], tuple[int, int]] = {}
    for place, where in _moves(old, new):
        if where is None or moved.setdefault(place, where) != where:
            return None
    lines = _lines(moved)
    if lines is None or _named_by_line(old) or _windows(old) != _windows(new):
        return None
    if lines.get(_TOP, _TOP) != _TOP:
        del lines[_TOP]  # what is said about the whole file stays there, and looks the same as what moved
    return lines


def _moves(old: FileFacts, new: FileFacts) -> Iterator[tuple[tuple[int, int], tuple[int, int] | None]]:
    """Yield where each place was and is; a place that is nowhere stands for a fact that changed."""
    if old.functions[:1] != new.functions[:1]:  # the module itself, which is always in the first line
        yield (0, 0), None
    for before, after in zip(
        old._replace(functions=old.functions[1:]), new._replace(functions=new.functions[1:]), strict=True
    ):
        if len(before) != len(after):
            yield (0, 0), None
            return
        for one, other in zip(before, after, strict=True):
            if not _agree(one, other):
                yield (0, 0), None
                return
            yield from zip(_places(one), _places(other), strict=True)


def _identity(facts: FileFacts) -> Mapping[int, int]:
    return {line: line for group in facts for row in group for line, _ in _places(row)}


def _agree(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    names = one._fields  # type: ignore[attr-defined]  # every record is a named tuple
    return all(name in _PLACES or before == after for name, before, after in zip(names, one, other, strict=True))


def _places(row: tuple[object, ...]) -> Iterator[tuple[int, int]]:
    column = getattr(row, "column", 0)
    for name in ("line", "first", "last"):
        line = getattr(row, name, 0)
        if line:
            yield line, column


def _lines(moved: Mapping[tuple[int, int], tuple[int, int]]) -> dict[int, int] | None:
    """Return where lines went, when what stood before, on the same line or behind still does."""
    lines: dict[int, int] = {}
    last = (0, -1)
    for place in sorted(moved):
        where = moved[place]
        if where <= last or lines.setdefault(place[0], where[0]) != where[0]:
            return None
        last = where
    return lines if len(set(lines.values())) == len(lines) else None


def _named_by_line(facts: FileFacts) -> bool:
    """Tell whether a function is called after its line: a lambda, or one of several that have one name."""
    named = [(row.parent, row.owner, row.name) for row in facts.functions]
    return len(set(named)) != len(named) or any(row.name == "<lambda>" for row in facts.functions)


def _windows(facts: FileFacts) -> tuple[tuple[bool, ...], ...]:
    """Return what rules make of distances between lines."""
    inside = (block for block in facts.blocks if block.kind == "then")
    conditions = tuple(
        0 <= block.line - row.line <= OWN_CONDITIONS
        for block in inside
        for row in facts.results
        if row.function == block.function
    )
    declared = (row for row in facts.bindings if row.target == ("name", "__table_args__"))
    constraints = tuple(0 <= call.line - row.line <= OWN_CONSTRAINTS for row in declared for call in facts.calls)
    return conditions, constraints
