"""Files in, findings out. Nothing here prints, and only the cache is written.

The heavy parts (the parser, the model, the rules) are imported when something changed: an unchanged tree is answered
from the verdict of the last run.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, cast

from arckode_analyzers import registry
from arckode_analyzers.cache import content_name, digest
from arckode_analyzers.config import Config
from arckode_analyzers.facts.records import Ignore
from arckode_analyzers.files import Files
from arckode_analyzers.rule import Finding, RuleCrash, packed, unpacked
from arckode_analyzers.suppressions import Suppression

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arckode_analyzers.cache import Cache
    from arckode_analyzers.facts.records import FileFacts
    from arckode_analyzers.model.calls import CallGraph
    from arckode_analyzers.model.project import Project
    from arckode_analyzers.rule import Packed, Rule

__all__ = ["RuleCrash", "Verdict", "digests_of", "judge", "judge_part", "remembered"]

_Comment: TypeAlias = "tuple[str, tuple[int, int, int, tuple[str, ...], str, str], str]"
_Frozen: TypeAlias = "tuple[tuple[Packed, ...], tuple[_Comment, ...], tuple[str, ...], tuple[int, int, int]]"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything rules said about a tree, before suppressions and baseline.

    `incomplete` says what was not judged: an analysis with such gaps is not a clean one.
    `parsed` counts the files no cache knew; it is not part of what is stored or reported.
    """

    findings: tuple[Finding, ...]
    suppressions: tuple[Suppression, ...]
    incomplete: tuple[str, ...]
    files: int
    calls: int
    unresolved: int
    parsed: int = 0


def judge(
    files: Mapping[str, bytes],
    config: Config | None = None,
    cache: Cache | None = None,
    rules: tuple[Rule, ...] | None = None,
    *,
    tests: Mapping[str, bytes] | None = None,
    base: Mapping[str, bytes] | None = None,
) -> Verdict:
    """Judge a tree.

    `tests` are the files that show what is tested; `base` is the tree that this one is compared with.

    Raises:
        RuleCrash: a rule failed.
    """
    config = config or Config()
    beside = (tests or {}, base or {})
    digests, *others = (digests_of(tree) for tree in (files, *beside))
    gaps = files.gaps if isinstance(files, Files) else ()
    key = _key(config, gaps, (digests, *others))
    remembers = cache is not None and rules is None
    stored = cache.verdict(key) if cache is not None and remembers else None
    if stored is not None:
        return _thaw(cast("_Frozen", stored))
    # Nobody here can know what a project's own rules read.
    described = (_key(config, gaps, ()), digests, others[0]) if base is None and config.own_rules is None else None
    verdict = _still(cache, described, ((files, digests), (beside[0], others[0])), config) if remembers else None
    if verdict is None:
        verdict = _without_collection(files, digests, config, cache, rules, beside=beside)
        verdict = replace(verdict, incomplete=(*gaps, *verdict.incomplete))
    if cache is not None and remembers:
        cache.keep_verdict(key, _freeze(verdict), described)
    return verdict


def remembered(files: Mapping[str, bytes], tests: Mapping[str, bytes], config: Config, cache: Cache) -> Verdict | None:
    """Return what was said of exactly this tree, if it was the last that was judged."""
    gaps = files.gaps if isinstance(files, Files) else ()
    stored = cache.verdict(_key(config, gaps, (digests_of(files), digests_of(tests), {})))
    return None if stored is None else _thaw(cast("_Frozen", stored))


def judge_part(
    files: Mapping[str, bytes],
    facts: tuple[Mapping[str, FileFacts], Mapping[str, FileFacts]],
    *,
    config: Config,
    cache: Cache,
    roots: tuple[str, ...],
    wanted: frozenset[str],
    idle: frozenset[str],
) -> Verdict:
    """Judge the wanted ones of some files of a tree, as far as all of these tell.

    `facts` are those of the program and of the tests; `roots` says where the whole tree's imports start. The `idle`
    rules would say what they said before.

    Raises:
        RuleCrash: a rule failed.
    """
    with _no_collection():
        project = _project(files, facts[0], config, facts[1], roots)
        rules = registry.rules_for(config, idle)
        found, graph = _run(project, None, rules, cache, wanted)
        silenced = tuple(row for row in _suppressions(project) if row.path in wanted)
        return Verdict(found, silenced, (), len(files), graph.total, graph.unresolved)


def judge_certainly(
    trees: tuple[Mapping[str, bytes], Mapping[str, bytes]],
    config: Config,
    cache: Cache,
    *,
    codes: frozenset[str],
    wanted: frozenset[str],
) -> tuple[Finding, ...]:
    """Return what some rules find in the wanted files, as all files of a program and of its tests tell.

    Raises:
        RuleCrash: a rule failed.
    """
    with _no_collection():
        (facts, tests), _, _ = _read([(tree, digests_of(tree)) for tree in trees], cache)
        project = _project(trees[0], facts, config, tests)
        rules = registry.rules_for(config, frozenset(registry.codes()) - codes)
        return _run(project, None, rules, cache, wanted)[0]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Leave the garbage collector off: everything built inside lives until the end anyway."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _still(
    cache: Cache | None,
    described: tuple[str, Mapping[str, str], Mapping[str, str]] | None,
    trees: Sequence[tuple[Mapping[str, bytes], Mapping[str, str]]],
    config: Config,
) -> Verdict | None:
    """Return the last verdict if the edits since then changed nothing that a rule could see."""
    if cache is None or described is None:
        return None
    before, stored = cache.last_verdict()
    if not isinstance(before, tuple) or before[0] != described[0]:
        return None
    from arckode_analyzers.standing import carried_over  # not needed on a warm run

    return carried_over(cache, _thaw(cast("_Frozen", stored)), before[1:], trees, config)


def digests_of(files: Mapping[str, bytes]) -> Mapping[str, str]:
    """Return what each file holds, by name of the content."""
    if isinstance(files, Files):
        return files.digests
    return {path: content_name(content, path) for path, content in sorted(files.items())}


def _key(config: Config, gaps: tuple[str, ...], trees: tuple[Mapping[str, str], ...]) -> str:
    """Name everything that a verdict depends on."""
    said = [config.digest, registry.fingerprint(), *gaps]
    for tree in trees:
        said += [str(len(tree)), *tree, *tree.values()]
    return digest("\n".join(said).encode())


def _without_collection(
    files: Mapping[str, bytes],
    digests: Mapping[str, str],
    config: Config,
    cache: Cache | None,
    rules: tuple[Rule, ...] | None,
    *,
    beside: tuple[Mapping[str, bytes], Mapping[str, bytes]],
) -> Verdict:
    with _no_collection():
        (facts, tests), incomplete, parsed = _read([(files, digests), (beside[0], digests_of(beside[0]))], cache)
        incomplete += config.empty_layers(files)
        project = _project(files, facts, config, tests)
        incomplete += _missing(files, project)
        before = _before(beside[1], config) if beside[1] else None
        chosen = registry.rules_for(config) if rules is None else rules
        found, graph = _run(project, before, chosen, cache if rules is None else None)
        if cache is not None and cache.keeps and rules is None and not beside[1] and config.own_rules is None:
            from arckode_analyzers import links  # not needed on a warm run

            trees = ((files, digests), (beside[0], digests_of(beside[0])))
            stamp = registry.fingerprint()
            if not links.serves(links.restored(cache.links(stamp)), trees, project.roots):
                found_links = links.build(trees, {**tests, **facts}, project.roots, config)
                cache.keep_links(stamp, found_links.stored())
        counts = (len(files), graph.total, graph.unresolved, parsed)
        return Verdict(found, _suppressions(project), tuple(incomplete), *counts)


def _read(
    trees: Sequence[tuple[Mapping[str, bytes], Mapping[str, str]]], cache: Cache | None
) -> tuple[list[dict[str, FileFacts]], list[str], int]:
    """Return the facts of each tree, what the first one lacks, and how many of its files no cache knew."""
    from arckode_analyzers.facts.reading import facts_of, read_facts  # the parser is not needed on a warm run

    wanted = {name for _, digests in trees for name in digests.values()}
    known = {} if cache is None else cache.facts(wanted)
    packed = {name: known[name] for name in sorted(wanted & known.keys())}
    incomplete: list[str] = []
    parsed = 0
    for index, (files, digests) in enumerate(trees):
        unknown = {name: path for path, name in digests.items() if name not in packed}
        problems = dict[str, str]()
        for path, (name, fresh, problem) in read_facts(files, sorted(unknown.values()), content_name).items():
            if name != digests[path]:
                problems[digests[path]] = "it was changed while it was read"
            elif problem:
                problems[name] = problem
            else:
                packed[name] = fresh
        if not index:
            parsed = len(unknown)
            incomplete = [f"{path}: {problems[name]}" for path, name in digests.items() if name in problems]
    if cache is not None and packed.keys() != known.keys():
        cache.keep_facts(packed, packed.keys() ^ known.keys())
    del known
    unpacked = {name: facts_of(packed.pop(name)) for name in list(packed)}  # both at once weigh a quarter more
    facts = [{path: unpacked[name] for path, name in digests.items() if name in unpacked} for _, digests in trees]
    return facts, incomplete, parsed


def _project(
    files: Mapping[str, bytes],
    facts: Mapping[str, FileFacts],
    config: Config,
    tests: Mapping[str, FileFacts] | None = None,
    roots: tuple[str, ...] | None = None,
) -> Project:
    from arckode_analyzers.model.project import Project  # not needed on a warm run

    known = ((path, facts[path], files[path]) for path in sorted(facts))
    return Project(known, config, tests, sorted(files.keys() - facts.keys()), roots)


def _before(base: Mapping[str, bytes], config: Config) -> Project:
    """Read the branch to compare with: what cannot be parsed there says nothing."""
    (facts,), _, _ = _read([(base, digests_of(base))], None)
    return _project(base, facts, config)


def _missing(files: Mapping[str, bytes], project: Project) -> list[str]:
    """Say which modules are imported and not there; files that are not on a disk are no whole project."""
    if not isinstance(files, Files):
        return []
    from arckode_analyzers.model.missing import missing_modules  # not needed on a warm run

    return [*missing_modules(project, tuple(files), files.has_kind_of)]


def _run(
    project: Project,
    base: Project | None,
    rules: tuple[Rule, ...],
    cache: Cache | None,
    wanted: frozenset[str] | None = None,
) -> tuple[tuple[Finding, ...], CallGraph]:
    from arckode_analyzers.model.analysis import Analysis  # not needed on a warm run
    from arckode_analyzers.ruling import judged

    stamp = registry.fingerprint()
    analysis = Analysis(project, base, dict if cache is None else lambda: cache.statements(stamp))
    sources = [each for each in project.sources.values() if wanted is None or each.path in wanted]
    found = judged(analysis, rules, sources)
    if cache is not None and analysis.has_read_sql and analysis.sql_reader.learnt:
        cache.keep_statements(stamp, analysis.sql_reader.used)
    said: dict[tuple[object, ...], Finding] = {}
    for each in sorted(found, key=lambda each: each.order):
        said.setdefault(each.order[:-1], each)  # one thing to mend is said once, whatever number of ways lead there
    return tuple(said.values()), analysis.graph


def _suppressions(project: Project) -> tuple[Suppression, ...]:
    return tuple(
        Suppression(source.path, row, source.line(row.line))
        for source in project.sources.values()
        for row in source.facts.ignores
    )


def _freeze(verdict: Verdict) -> object:
    """Return the verdict as plain tuples, which is all that a cache holds."""
    findings = tuple(map(packed, verdict.findings))
    suppressions = tuple((row.path, tuple(row.ignore), row.text) for row in verdict.suppressions)
    return (findings, suppressions, verdict.incomplete, (verdict.files, verdict.calls, verdict.unresolved))


def _thaw(stored: _Frozen) -> Verdict:
    findings, suppressions, incomplete, counts = stored
    return Verdict(
        tuple(map(unpacked, findings)),
        tuple(Suppression(path, Ignore(*ignore), text) for path, ignore, text in suppressions),
        incomplete,
        *counts,
    )
