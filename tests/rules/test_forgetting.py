"""What a run drops on its way is worked out again when it is asked for: less memory, the same answer."""

from __future__ import annotations

import gc
import random
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from arckode_analyzers import engine, links, registry
from arckode_analyzers.cache import Cache
from arckode_analyzers.config import Config
from arckode_analyzers.model import mounts, resolver
from arckode_analyzers.model.frame import Frame
from arckode_analyzers.registry import all_rules
from arckode_analyzers.rules import arc306_route_conflict as conflicts
from tests.rules.projects import LOOP, SERVICE, sorted_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_analyzers.model.mounts import Mounted
    from arckode_analyzers.rule import Rule

_SEGMENTS = ("orders", "users", "{id}", "{id:int}", "{key:uuid}", "{rest:path}", "x-{id}", "{id}.json", "7", "")


def judged(files: Mapping[str, str], cache: Cache | None = None) -> object:
    content, tests, _ = sorted_out(files)
    return engine._freeze(engine.judge(content, Config(), cache, tests=tests))


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_values_that_were_forgotten_are_found_again(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    for example in (rule.bad[0], rule.good[0]):
        expected = judged(example.files)
        with monkeypatch.context() as patched:
            patched.setattr(resolver.Resolver, "forget_places", _forget_all)
            assert judged(example.files) == expected


def _forget_all(of: resolver.Resolver, _: object) -> None:
    of._places.clear()
    of._certain.clear()
    of._doubtful.clear()


def test_nothing_that_only_the_collector_could_free_is_left() -> None:
    rule = next(each for each in all_rules() if each.code == "ARC302")
    gc.collect()
    gc.disable()
    try:
        judged(rule.bad[0].files)
        assert not [each for each in gc.get_objects() if isinstance(each, Frame)]
    finally:
        gc.enable()


def test_the_rivals_of_a_route_are_all_that_can_take_its_requests() -> None:
    chance = random.Random(7)
    paths = ["/" + "/".join(chance.choices(_SEGMENTS, k=chance.randint(1, 4))) for _ in range(300)]
    index = mounts._Index(tuple(cast("Mounted", SimpleNamespace(path=path)) for path in paths))
    for later in paths:
        request = conflicts._sample(later)
        found = index.rivals(later, request)
        assert found == sorted(found)
        takers = [
            at
            for at, path in enumerate(paths)
            if path == later or ("{" in path and conflicts._matcher(path).fullmatch(request))
        ]
        assert set(takers) <= set(found)


def test_links_are_made_again_once_several_files_changed(tmp_path: Path) -> None:
    others = {f"src/shop/other{number}.py": f"from shop import other{number + 1}\n" for number in range(6)}
    files = {SERVICE: LOOP, **others}
    cache = Cache(tmp_path, key=b"k" * 32)
    stamp = registry.fingerprint()
    judged(files, cache)
    first = links.restored(cache.links(stamp))
    files[SERVICE] += "\n\ndef more(): ...\n"
    judged(files, cache)
    assert links.restored(cache.links(stamp)) == first
    judged({**files, "src/shop/new.py": ""}, cache)
    assert "src/shop/new.py" in getattr(links.restored(cache.links(stamp)), "paths", ())
    judged({path: f"{text}x = 1\n" for path, text in files.items()}, cache)
    assert links.restored(cache.links(stamp)) != first
