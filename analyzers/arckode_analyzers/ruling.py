"""Every rule on every file; where there are many files, by several processes that each take a share of them.

What a rule says of a file depends on the project and on nothing that was said of another file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from arckode_analyzers import children, signed
from arckode_analyzers.model.project import grouped
from arckode_analyzers.rule import RuleCrash, finding, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.rule import Finding, Packed, Rule

_Statements: TypeAlias = "dict[str, tuple[tuple[object, ...], ...]]"
_Said: TypeAlias = "tuple[list[Packed], _Statements]"
_WORTH_FORKING = 300
# Rules by the view of the whole project that they alone ask for, and what building it weighs as files are weighed.
_VIEWS: tuple[tuple[frozenset[str], Callable[[Analysis, int], int]], ...] = (
    (frozenset({"ARC302", "ARC303"}), lambda analysis, _: 25 * len(analysis.routes.all)),
    (frozenset({"ARC109", "ARC304", "ARC503", "ARC603", "ARC606"}), lambda _, total: total // 8),
)
_OF_THE_WHOLE = frozenset[str]().union(*(codes for codes, _ in _VIEWS))


class _Task(NamedTuple):
    """Some rules on some files, and how long that takes beside other tasks."""

    rules: Sequence[Rule]
    sources: Sequence[Source]
    weight: int


def judged(analysis: Analysis, rules: Sequence[Rule], sources: Sequence[Source]) -> set[Finding]:
    """Return what some rules say of some files.

    Raises:
        RuleCrash: a rule failed; of several that do, the one that comes first.
    """
    shares = children.processes() if len(sources) >= _WORTH_FORKING and not signed.is_kept() else 1
    if shares == 1:
        return _found(analysis, rules, sources)
    try:
        return _shared(analysis, rules, sources, shares)
    except RuleCrash:
        return _found(analysis, rules, sources)  # in order, so that which crash is reported is no matter of chance


def _shared(analysis: Analysis, rules: Sequence[Rule], sources: Sequence[Source], shares: int) -> set[Finding]:
    others = [rule for rule in rules if rule.code not in _OF_THE_WHOLE]
    first, rest = _samples(sources)
    found = _found(analysis, others, first)  # builds here what every process needs
    _ = analysis.arguments  # and this, which not every kind of file asks for
    known = dict(_statements(analysis))
    tasks = [*_whole(analysis, rules, sources), *_folders(others, rest)]

    def work(share: Sequence[_Task]) -> _Said:
        said = [packed(each) for task in share for each in _found(analysis, task.rules, task.sources)]
        return said, {text: read for text, read in _statements(analysis).items() if text not in known}

    for said, statements in children.done(work, _dealt(tasks, shares)):
        found.update(map(unpacked, said))
        if statements:
            analysis.sql_reader.used.update(statements)
    return found


def _found(analysis: Analysis, rules: Sequence[Rule], sources: Iterable[Source]) -> set[Finding]:
    found: set[Finding] = set()
    is_for = analysis.project.is_for
    for source in sources:
        for rule in rules:
            if not is_for(rule.layers, source):
                continue
            try:
                found.update(finding(rule, spot) for spot in rule.check(analysis, source))
            except Exception as error:
                raise RuleCrash(rule.code, source.path, error) from error
        source.forget()
        analysis.resolver.forget_places((source,))
    return found


def _statements(analysis: Analysis) -> _Statements:
    return analysis.sql_reader.used if analysis.has_read_sql else {}


def _samples(sources: Iterable[Source]) -> tuple[list[Source], list[Source]]:
    """Return one file of every kind, and the others."""
    seen: set[tuple[frozenset[str], bool]] = set()
    first: list[Source] = []
    rest: list[Source] = []
    for source in sources:
        kind = (source.layers, bool(source.facts.calls))
        (rest if kind in seen else first).append(source)
        seen.add(kind)
    return first, rest


def _whole(analysis: Analysis, rules: Sequence[Rule], sources: Sequence[Source]) -> Iterator[_Task]:
    """Yield the rules that ask for a view of the whole project which no other rule asks for: one process builds it."""
    total = sum(map(_weight, sources))
    for codes, weigh in _VIEWS:
        mine = [rule for rule in rules if rule.code in codes]
        if mine:
            yield _Task(mine, sources, weigh(analysis, total))


def _folders(rules: Sequence[Rule], sources: Iterable[Source]) -> Iterator[_Task]:
    """Yield whole folders, whose files ask for the same things."""
    inside = grouped((source.path.rpartition("/")[0], source) for source in sources)
    return (_Task(rules, each, sum(map(_weight, each))) for each in inside.values())


def _dealt(tasks: Iterable[_Task], shares: int) -> list[list[_Task]]:
    """Share out the tasks, the heaviest first to whoever has least."""
    dealt: list[list[_Task]] = [[] for _ in range(shares)]
    loads = [0] * shares
    for task in sorted(tasks, key=lambda each: -each.weight):
        least = loads.index(min(loads))
        dealt[least].append(task)
        loads[least] += task.weight
    return dealt


def _weight(source: Source) -> int:
    return 20 + len(source.facts.calls) + len(source.facts.bindings)
