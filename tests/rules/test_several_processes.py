"""A large tree is judged by several processes: the answer is that of one, whatever becomes of the others."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import children, engine, ruling
from arckode_analyzers.cache import Cache
from arckode_analyzers.config import Config
from arckode_analyzers.facts import reading
from arckode_analyzers.registry import all_rules, fingerprint
from tests.rules.projects import LOOP, SERVICE, sorted_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.rule import Spot

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # the runner's own threads
_SERVICES = {SERVICE.replace("orders", f"orders{number}"): LOOP for number in range(6)}
_MIGRATIONS = {
    f"src/shop/migrations/20260101000{number}_{name}.py": f'UP = {{"*": ["CREATE TABLE {name} (id INTEGER)"]}}\n'
    for number, name in enumerate(("orders", "rows", "parts"))
}


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three processes share whatever there is."""
    monkeypatch.setattr(children, "processes", lambda: 3)
    monkeypatch.setattr(ruling, "_WORTH_FORKING", 1)
    monkeypatch.setattr(reading, "_WORTH_FORKING", 1)


def alone(files: Mapping[str, str]) -> object:
    content, tests, base = sorted_out(files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(children, "processes", lambda: 1)
        return engine._freeze(engine.judge(content, Config(), tests=tests, base=base))


def test_parts_come_back_in_their_order(several: None) -> None:
    found = children.done(lambda part: (part * 2, os.getpid()), [1, 2, 3])
    assert [twice for twice, _ in found] == [2, 4, 6]
    assert len({process for _, process in found}) == 3
    assert found[0][1] == os.getpid()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, None])
def test_what_a_child_does_not_answer_is_done_here(end: signal.Signals | None) -> None:
    here = os.getpid()

    def work(part: int) -> int:
        if part == 2 and os.getpid() != here:
            if end is None:
                raise ZeroDivisionError
            os.kill(os.getpid(), end)
        return part

    assert children.done(work, [1, 2, 3]) == [1, 2, 3]


def test_no_child_is_left_behind_by_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    fork = os.fork

    def watched() -> int:
        started.append(fork())
        return started[-1]

    def work(part: int) -> int:
        if part:
            signal.pause()
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fork", watched)
    with pytest.raises(KeyboardInterrupt):
        children.done(work, [0, 1, 2])
    assert len(started) == 2
    for each in started:
        with pytest.raises(ProcessLookupError):
            os.kill(each, 0)


def test_nothing_is_forked_beside_threads() -> None:
    waiting = threading.Event()
    beside = threading.Thread(target=waiting.wait)
    beside.start()
    try:
        assert children.processes() == 1
    finally:
        waiting.set()
        beside.join()


@pytest.mark.parametrize(
    ("meminfo", "most", "used", "stat", "expected"),
    [
        pytest.param("MemFree: 1 kB\nMemAvailable:  900000 kB\n", "max\n", "5\n", "", 4, id="enough"),
        pytest.param("MemAvailable:  250000 kB\n", "", "", "", 3, id="a small machine"),
        pytest.param("MemAvailable:  900000 kB\n", "150000000\n", "100000000\n", "", 1, id="a small container"),
        pytest.param("", "150000000\n", "150000000\n", "anon 5\ninactive_file 120000000\n", 2, id="files in memory"),
        pytest.param("", "100\n", "200\n", "", 1, id="a container that holds too much"),
        pytest.param("", "", "", "", 4, id="nobody says"),
    ],
)
def test_no_more_is_forked_than_there_is_memory_for(
    monkeypatch: pytest.MonkeyPatch, meminfo: str, most: str, used: str, stat: str, expected: int
) -> None:
    said = {"/proc/meminfo": meminfo, "max": most, "current": used, "stat": stat}
    monkeypatch.setattr(children, "_read", lambda file: said[file.removeprefix("/sys/fs/cgroup/memory.")])
    monkeypatch.setattr(children, "_held", lambda: 120_000_000)
    monkeypatch.setattr(children, "_processors", lambda: 4)
    monkeypatch.setattr(children, "_has_threads", lambda: False)
    assert children.processes() == expected


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody says")
def test_what_this_process_holds_is_known() -> None:
    assert children._held() > 5_000_000


def test_a_system_that_starts_no_process_is_worked_on_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    assert children.done(lambda part: part, [1, 2]) == [1, 2]


def test_examples_of_every_rule_are_judged_alike(several: None) -> None:
    examples = [each for rule in all_rules() for each in rule.bad]
    for example in random.Random(1).sample(examples, 60):
        content, tests, base = sorted_out(example.files)
        judged = engine._freeze(engine.judge(content, Config(), tests=tests, base=base))
        assert judged == alone(example.files), example.title


def test_a_killed_child_makes_nothing_green(several: None) -> None:
    here = os.getpid()

    def kill(_: Analysis, source: Source) -> Iterator[Spot]:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        yield from loop.check(_, source)

    loop = next(rule for rule in all_rules() if rule.code == "ARC201")
    content = {path: text.encode() for path, text in _SERVICES.items()}
    judged = engine.judge(content, Config(), rules=(replace(loop, check=kill),))
    assert [each.path for each in judged.findings] == sorted(_SERVICES)


def test_of_several_crashes_the_first_is_told(several: None) -> None:
    def crash(_: object, source: Source) -> tuple[()]:
        if source.path != min(_SERVICES):
            raise ZeroDivisionError(source.path)
        return ()

    content = {path: text.encode() for path, text in _SERVICES.items()}
    with pytest.raises(engine.RuleCrash, match=sorted(_SERVICES)[1]) as caught:
        engine.judge(content, Config(), rules=(replace(all_rules()[0], check=crash),))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_statements_that_children_read_are_kept(several: None, tmp_path: Path) -> None:
    files = {path: text.encode() for path, text in (_MIGRATIONS | _SERVICES).items()}
    caches = [Cache(tmp_path / name, key=b"k" * 32) for name in ("alone", "shared")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(children, "processes", lambda: 1)
        engine.judge(files, Config(), caches[0])
    engine.judge(files, Config(), caches[1])
    one, other = (cache.statements(fingerprint()) for cache in caches)
    assert one == other
    assert one
