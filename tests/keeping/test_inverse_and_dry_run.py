"""What a generator announces is what it does, and what its inverse does is the inverse: for each that there is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from arckode_gen.errors import ArckodeError, RefusedError
from arckode_gen.shell.journal import ids
from tests.commands.calls import arckode, call
from tests.keeping.makers import Maker, Words, destroying, has_inverse, makers, unstamped
from tests.shell.trees import tree

if TYPE_CHECKING:
    from collections.abc import Callable

    Copy = Callable[[Path, str], Path]

ROUNDS = int(os.environ.get("ARCKODE_INVERSES", "4"))
MAKERS = makers()
INVERTIBLE = [maker for maker in MAKERS if has_inverse(maker.words)]


def git_apply(root: Path, diff: str) -> None:
    """Have git do what a dry run printed; it knows nothing of this folder."""
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    environ = {**os.environ, "GIT_CEILING_DIRECTORIES": str(root.parent)}
    done = subprocess.run(command, cwd=root, env=environ, input=diff.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def same(root: Path, twin: Path, line: Words) -> None:
    """Have one project carry a command out, and git apply its dry run's diff to the other; both must be one tree."""
    before = tree(root)
    announced = call(root, *line, "--dry-run", "--diff", "--json")
    assert tree(root) == before == tree(twin)
    diff = json.loads(announced.out)["diff"]
    assert diff.startswith("diff --git "), announced.out
    git_apply(twin, f"{diff}\n")
    assert call(root, *line).code == announced.code == 0
    assert tree(root) == tree(twin) != before, line


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.name)
def test_it_does_what_a_dry_run_announces_and_is_taken_back_whole(maker: Maker, fresh: Path, copied: Copy) -> None:
    root = copied(fresh, "ours")
    maker.prepare(root)
    before = tree(root)
    twin = copied(root, "theirs")
    same(root, twin, maker.words)
    same(root, twin, ("undo",))
    assert tree(root) == before
    if has_inverse(maker.words):
        assert maker.make(root).code == 0
        assert maker.make(root).out.endswith("nothing to do, everything is there already")
        same(root, copied(root, "made"), destroying(maker.words))
        assert tree(root) == before


def test_a_dry_run_announces_what_keeping_commands_do(fresh: Path, copied: Copy) -> None:
    root = copied(fresh, "ours")
    call(root, "make:module", "orders", "total:int")
    for file in root.glob(".arckode/units/*.json"):  # as if other templates had made them
        file.write_text(file.read_text().replace('"templates": "', '"templates": "0'))
    for base in ("src/shop/kernel/ids.py", "src/shop/modules/orders/service.py"):
        for place in (root / base, root / ".arckode/base" / base):
            place.write_text(f"OLDER = 1\n{place.read_text()}")
    twin = copied(root, "theirs")
    same(root, twin, ("stub:publish", "module"))
    same(root, twin, ("upgrade",))


def test_a_shell_pipes_the_diff_into_git(fresh: Path, copied: Copy) -> None:
    root, twin = copied(fresh, "ours"), copied(fresh, "theirs")
    git_apply(twin, arckode(root, "make:module", "orders", "total:int", "--dry-run", "--diff").out)
    arckode(root, "make:module", "orders", "total:int")
    assert tree(twin) == tree(root)


PLAIN = tuple(
    Maker(" ".join(line), (), line)
    for line in (
        ("make:module", "airports", "city"),
        ("make:module", "pets", "name", "age:int:null"),
        ("make:module", "zones", "title", "--soft-delete"),
    )
)


def independent(one: Maker, other: Maker) -> bool:
    """Tell whether the other can be made when the one is not there, and does not make the same thing in other words.

    What the one took the place of cannot be made again above it: `make:adapter` says so and refuses.
    """
    named = {line[:2]: line for line in (*one.before, one.words)}
    lines = (*other.before, other.words)
    return (
        one.words not in lines
        and other.words not in one.before
        and all(named.get(line[:2], line) == line for line in lines)
    )


def attempt(root: Path, line: Words) -> bool:
    """Run a command that may be refused; a refusal changes nothing."""
    before = tree(root)
    try:
        return call(root, *line).code == 0
    except ArckodeError:
        assert tree(root) == before
        return False


@settings(
    max_examples=ROUNDS,
    derandomize="ARCKODE_INVERSES" not in os.environ,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(st.data())
def test_what_was_made_in_between_stays_and_nothing_else(fresh: Path, data: st.DataObject) -> None:
    """One thing is made, then others, then the first goes: what is left is what the others alone would have made."""
    one = data.draw(st.sampled_from((*INVERTIBLE, *PLAIN)), label="the one")
    fitting = [maker for maker in (*MAKERS, *PLAIN) if independent(one, maker)]
    others = data.draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=3, unique=True), label="the others")
    with tempfile.TemporaryDirectory() as folder:
        root, alone = (Path(shutil.copytree(fresh, f"{folder}/{name}")) for name in ("both", "alone"))
        for project in (root, alone):
            one.prepare(project)
        assert one.make(root).code == 0
        number = ids(root)[-1].partition("-")[0]
        lines = (line for other in others for line in (*other.before, other.words))
        for line in (line for line in lines if line not in one.before):  # `one` may have changed what those made
            assert attempt(root, line) == attempt(alone, line), line
        back = data.draw(st.sampled_from((destroying(one.words), ("undo", number))), label="taken back by")
        # An undo refuses where a later command changed the same lines; destroy takes out the lines that are ours.
        assert attempt(root, back) or (back[0] == "undo" and call(root, *destroying(one.words)).code == 0)
        assert unstamped(tree(root)) == unstamped(tree(alone))


def test_what_others_need_is_not_undone(fresh: Path, copied: Copy) -> None:
    root = copied(fresh, "ours")
    call(root, "make:module", "customers", "name")
    call(root, "make:module", "orders", "customer:belongs_to=customers")
    before = tree(root)
    with pytest.raises(
        RefusedError, match=r"0001-make-module-customers cannot be undone, .* the module 'orders'"
    ) as caught:
        call(root, "undo", "1")
    assert caught.value.hint == "destroy what needs it first: `arckode destroy:module orders`"
    assert tree(root) == before
