"""Files in, findings out. Nothing here prints, and only the cache is written.

The heavy parts (the parser, the model, the rules) are imported when something changed: an unchanged tree is answered
from the verdict of the last run.
"""

from __future__ import annotations

import gc
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers import registry
from arckode_analyzers.cache import digest
from arckode_analyzers.config import Config, Globs
from arckode_analyzers.facts.records import Ignore
from arckode_analyzers.rule import Finding, Step, finding
from arckode_analyzers.suppressions import Suppression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_analyzers.cache import Cache, Packed
    from arckode_analyzers.facts.records import FileFacts
    from arckode_analyzers.model.calls import CallGraph
    from arckode_analyzers.model.project import Project
    from arckode_analyzers.rule import Rule


class RuleCrash(Exception):  # noqa: N818  # it is our bug, not an error of the user's
    """A rule failed on a file; the message names both."""

    def __init__(self, code: str, path: str, error: Exception) -> None:
        super().__init__(f"rule {code} failed on {path}: {type(error).__name__}: {error}")
        self.code = code
        self.path = path


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
) -> Verdict:
    """Judge a tree.

    Raises:
        RuleCrash: a rule failed.
    """
    config = config or Config()
    digests = {path: digest(content) for path, content in sorted(files.items())}
    key = digest(config.digest.encode(), registry.fingerprint().encode(), repr(list(digests.items())).encode())
    stored = cache.verdict(key) if cache is not None and rules is None else None
    if stored is not None:
        return _thaw(stored)
    verdict = _without_collection(files, digests, config, cache, rules)
    if cache is not None and rules is None:
        cache.keep_verdict(key, _freeze(verdict))
    return verdict


def _without_collection(
    files: Mapping[str, bytes],
    digests: Mapping[str, str],
    config: Config,
    cache: Cache | None,
    rules: tuple[Rule, ...] | None,
) -> Verdict:
    """Run with the garbage collector off: everything built here lives until the end anyway."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        facts, incomplete, parsed = _facts(files, digests, cache)
        incomplete += _empty_layers(config, files)
        project = _project(files, facts, config)
        found, graph = _run(project, registry.all_rules() if rules is None else rules)
        counts = (len(files), graph.total, graph.unresolved, parsed)
        return Verdict(found, _suppressions(project), tuple(incomplete), *counts)
    finally:
        if was_on:
            gc.enable()


def _facts(
    files: Mapping[str, bytes], digests: Mapping[str, str], cache: Cache | None
) -> tuple[dict[str, FileFacts], list[str], int]:
    from arckode_analyzers.facts.extract import extract  # the parser is not needed on a warm run
    from arckode_analyzers.facts.records import pack, unpack

    known = {} if cache is None else cache.facts()
    kept: dict[str, Packed] = {}
    facts: dict[str, FileFacts] = {}
    incomplete: list[str] = []
    for path in sorted(files):
        packed = known.get(digests[path])
        if packed is not None:
            facts[path], kept[digests[path]] = unpack(packed), packed
            continue
        try:
            facts[path] = extract(files[path])
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            incomplete.append(f"{path}: this Python cannot parse it: {_reason(error)}")
            continue
        kept[digests[path]] = pack(facts[path])
    parsed = len(kept.keys() - known.keys())
    if cache is not None and kept.keys() != known.keys():
        cache.keep_facts(kept)
    return facts, incomplete, parsed


def _reason(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.msg} (line {error.lineno})"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _empty_layers(config: Config, files: Mapping[str, bytes]) -> list[str]:
    """Say which layers somebody configured that no file belongs to."""
    return [
        f"[tool.arckode.layers] {name} matches no file"
        for name in config.configured
        if name != "tests" and not any(map(Globs(config.layers[name]).match, files))
    ]


def _project(files: Mapping[str, bytes], facts: Mapping[str, FileFacts], config: Config) -> Project:
    from arckode_analyzers.model.project import Project  # not needed on a warm run

    return Project(((path, facts[path], files[path]) for path in sorted(facts)), config)


def _run(project: Project, rules: tuple[Rule, ...]) -> tuple[tuple[Finding, ...], CallGraph]:
    from arckode_analyzers.model.analysis import Analysis  # not needed on a warm run

    analysis = Analysis(project)
    found: set[Finding] = set()
    for rule in rules:
        for source in project.judged():
            try:
                found.update(finding(rule, spot) for spot in rule.check(analysis, source))
            except Exception as error:
                raise RuleCrash(rule.code, source.path, error) from error
    return tuple(sorted(found, key=lambda each: each.order)), analysis.graph


def _suppressions(project: Project) -> tuple[Suppression, ...]:
    return tuple(
        Suppression(source.path, row, source.line(row.line))
        for source in project.sources.values()
        for row in source.facts.ignores
    )


def _freeze(verdict: Verdict) -> bytes:
    document = {
        "findings": [
            {name: getattr(each, name) for name in Finding.__slots__ if name != "chain"}
            | {"chain": [[step.path, step.line, step.text] for step in each.chain]}
            for each in verdict.findings
        ],
        "suppressions": [[row.path, list(row.ignore), row.text] for row in verdict.suppressions],
        "incomplete": verdict.incomplete,
        "counts": [verdict.files, verdict.calls, verdict.unresolved],
    }
    return json.dumps(document).encode()


def _thaw(stored: bytes) -> Verdict:
    document = json.loads(stored)
    findings = tuple(
        Finding(**{**row, "chain": tuple(Step(*step) for step in row["chain"])}) for row in document["findings"]
    )
    suppressions = tuple(
        Suppression(path, Ignore(line, first, last, tuple(codes), until, reason), text)
        for path, (line, first, last, codes, until, reason), text in document["suppressions"]
    )
    return Verdict(findings, suppressions, tuple(document["incomplete"]), *document["counts"])
