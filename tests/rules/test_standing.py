"""After an edit the answer is the one of a cold run, byte for byte, also where nothing was judged again."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import engine, standing
from arckode_analyzers.cache import Cache
from arckode_analyzers.config import Config
from arckode_analyzers.registry import all_rules
from tests.rules.projects import LOOP, SERVICE, sorted_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from arckode_analyzers.engine import Verdict
    from arckode_analyzers.rule import Example

_SEED = int(os.environ.get("ARCKODE_STANDING_SEED", "1"))
_PROJECTS = int(os.environ.get("ARCKODE_STANDING", "24"))
_STEPS = 4
_KEY = b"k" * 32


def judged(files: Mapping[str, str], cache: Cache | None) -> Verdict:
    content, tests, _ = sorted_out(files)
    return engine.judge(content, Config(), cache, tests=tests)


def cold(files: Mapping[str, str]) -> object:
    return engine._freeze(judged(files, None))


def stands(files: Mapping[str, str], edited: Mapping[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Judge before and after an edit; tell whether the second verdict was carried over. It has to be right."""
    carried: list[bool] = []
    real = standing.carried_over

    def watched(*given: object) -> Verdict | None:
        found = real(*given)  # type: ignore[arg-type]  # whatever the engine hands over
        carried.append(found is not None)
        return found

    monkeypatch.setattr(standing, "carried_over", watched)
    cache = Cache(folder, key=_KEY)
    judged(files, cache)
    found = judged(edited, cache)
    assert engine._freeze(found) == cold(edited)
    assert engine._freeze(judged(edited, cache)) == engine._freeze(found)
    return carried == [True]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(lambda text: f"# a comment\n\n{text}", True, id="a comment above everything"),
        pytest.param(
            lambda text: text.replace("    async def", "    # why\n\n    async def"), True, id="a comment inside"
        ),
        pytest.param(lambda text: f"{text}# the end\n", True, id="a comment below"),
        pytest.param(
            lambda text: text.replace("(self, ids):", '(self, ids):\n        """Say what."""'), True, id="a docstring"
        ),
        pytest.param(lambda text: text.replace("names(", "other_names("), False, id="another name"),
        pytest.param(lambda text: text.replace("for key in ids", "for key in ids[:3]"), False, id="another loop"),
        pytest.param(lambda text: f"{text}\n\ndef more(): ...\n", False, id="a function more"),
        pytest.param(
            lambda text: text.replace("find_by_id(key)", "find_by_id(key)  # why"), False, id="beside a finding"
        ),
        pytest.param(
            lambda text: text.replace("find_by_id(key)", "find_by_id(key)  # arckode: ignore[ARC201] three rows"),
            False,
            id="a suppression",
        ),
        pytest.param(lambda text: f"{text}x = (\n", False, id="what cannot be parsed"),
        pytest.param(lambda text: f"# AKIA is how a key begins\n{text}", False, id="what a rule looks for in comments"),
    ],
)
def test_an_edit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit: Callable[[str], str], *, expected: bool
) -> None:
    files = {SERVICE: LOOP, "src/shop/other.py": "x = 1\n"}
    assert edit(LOOP) != LOOP
    assert stands(files, {**files, SERVICE: edit(LOOP)}, tmp_path, monkeypatch) is expected


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param({"src/shop/new.py": ""}, id="a new file"),
        pytest.param({"migrations/202601010000_a.py": "# moved\nUP = ['DROP TABLE a']\n"}, id="a migration"),
        pytest.param({f"src/shop/many{number}.py": "# a\nx = 1\n" for number in range(13)}, id="many files"),
    ],
)
def test_other_edits_are_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edited: Mapping[str, str]
) -> None:
    files = {SERVICE: LOOP, "migrations/202601010000_a.py": "UP = ['DROP TABLE a']\n"}
    files |= {f"src/shop/many{number}.py": "x = 1\n" for number in range(13)}
    assert not stands(files, {**files, **edited}, tmp_path, monkeypatch)


def test_a_line_that_a_message_names_is_never_out_of_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def examples() -> list[Example]:
        return [each for rule in all_rules() if rule.code in {"ARC204", "ARC306", "ARC607"} for each in rule.bad]

    for number, example in enumerate(examples()):
        edited = {path: f"# one line more\n{text}" for path, text in example.files.items()}
        stands(example.files, edited, tmp_path / str(number), monkeypatch)


def test_random_edits_of_every_kind_of_project(tmp_path: Path) -> None:
    """Comments and empty lines, moved, doubled and deleted lines, one after the other with one cache."""
    examples = [each for rule in all_rules() for each in (*rule.bad, *rule.good)]
    chance = random.Random(_SEED)
    for number, example in enumerate(chance.sample(examples, min(_PROJECTS, len(examples)))):
        cache = Cache(tmp_path / str(number), key=_KEY)
        files = {path: text for path, text in example.files.items() if not path.startswith("@base/")}
        judged(files, cache)
        for _ in range(_STEPS):
            path = chance.choice(sorted(files))
            files[path] = edited(files[path], chance)
            assert engine._freeze(judged(files, cache)) == cold(files), (_SEED, example.title, files)


def edited(text: str, chance: random.Random) -> str:
    lines = text.splitlines()
    at = chance.randint(0, len(lines))
    kind = chance.choice(("comment", "comment", "empty", "empty", "double", "delete", "beside"))
    if kind in {"comment", "empty"}:
        lines.insert(at, "    # said once more" if kind == "comment" else "")
    elif lines and kind == "beside":
        lines[at - 1] += "  # beside"
    elif lines and kind == "double":
        lines.insert(at, lines[at - 1])
    elif lines:
        del lines[at - 1]
    return "\n".join(lines) + "\n"
