"""Whatever is made, taken back, upgraded and migrated in whatever order: the project passes its own checks afterwards.

`ARCKODE_WALKS=N` walks N times with 30 commands each (`make soak`); otherwise two walks are short and always the same.
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import ArckodeError, CrashError
from arckode_gen.shell.journal import ids
from tests.commands.calls import call
from tests.generated import arckode, must, tool
from tests.keeping.makers import destroying, has_inverse, makers
from tests.shell.trees import tree

if TYPE_CHECKING:
    from tests.keeping.makers import Words

WALKS = int(os.environ.get("ARCKODE_WALKS", "0"))
FIRST = int(os.environ.get("ARCKODE_SEED", "1"))
STEPS, SEEDS = (30, range(FIRST, FIRST + WALKS)) if WALKS else (12, range(1, 3))
MAKERS = makers()
NAMES = "airports badges coupons devices events flights guests hotels invoices jobs keys letters".split()
FIELDS = "name title:str:max=40 total:int:min=0 note:text:null price:decimal=12.2 at:datetime:null sku:unique".split()
FLAGS: tuple[Words, ...] = ((), (), ("--soft-delete",), ("--no-timestamps",))


@dataclass(slots=True)
class Walk:
    """A project that someone who cannot decide works on."""

    root: Path
    chance: random.Random
    made: list[Words] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def step(self) -> None:
        act = self.chance.choice(
            (self.module, self.module, self.example, self.destroy, self.undo, self.undo_any, self.upgrade, self.migrate)
        )
        act()

    def run(self, *line: str) -> None:
        """Run a command; when it is refused nothing may have changed, and it may not crash."""
        before = tree(self.root)
        try:
            code = call(self.root, *line).code
        except ArckodeError as error:
            assert not isinstance(error, CrashError), self.story(line, error)
            assert changed(before, tree(self.root)) == [], self.story(line, error)
            code = error.exit_code
        self.told.append(f"arckode {' '.join(line)}  # {code}")

    def story(self, line: Words, end: object) -> str:
        return "\n".join((*self.told, f"arckode {' '.join(line)}", str(end)))

    def module(self) -> None:
        parents = [line[1] for line in self.made if line[0] == "make:module"]
        words = self.chance.sample(FIELDS, self.chance.randint(1, 4))
        if parents and self.chance.random() < 0.5:
            words.append(f"parent:belongs_to={self.chance.choice(parents)}")
        self.make(("make:module", self.chance.choice(NAMES), *words, *self.chance.choice(FLAGS)))

    def example(self) -> None:
        maker = self.chance.choice(MAKERS)
        for line in (*maker.before, maker.words):
            self.make(line)

    def make(self, line: Words) -> None:
        self.run(*line)
        self.made.append(line)

    def destroy(self) -> None:
        known = [line for line in self.made if has_inverse(line)]
        if known:
            self.run(*destroying(self.chance.choice(known)))

    def undo(self) -> None:
        self.run("undo")

    def undo_any(self) -> None:
        history = ids(self.root)
        if history:
            self.run("undo", self.chance.choice(history))

    def upgrade(self) -> None:
        """Have a part of what is there made by other templates, and bring it up to date."""
        units = sorted(self.root.glob(".arckode/units/*.json"))
        for unit in self.chance.sample(units, min(3, len(units))):
            unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))
        for base in self.chance.sample(sorted((self.root / ".arckode/base/src/shop").rglob("*.py")), 3):
            file = self.root / base.relative_to(self.root / ".arckode/base")
            first, _, rest = base.read_text().partition("\n")
            is_said = first.startswith('"""') and first.endswith('."""') and "/migrations/" not in base.as_posix()
            if is_said and file.is_file() and file.read_bytes() == base.read_bytes():
                for place in (base, file):
                    place.write_text(first.removesuffix('."""') + f' before."""\n{rest}')
                for unit in units:
                    unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))
        self.run("upgrade")

    def migrate(self) -> None:
        self.run("db:migrate", *self.chance.choice(((), (), ("--rollback",))))


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the paths that differ; a database that was asked may have come into being."""
    return [path for path in sorted({*before, *after}) if before.get(path) != after.get(path) and ".db" not in path]


@pytest.mark.generates
@pytest.mark.parametrize("seed", SEEDS)
def test_the_project_passes_its_own_checks(seed: int, fresh: Path, tmp_path: Path) -> None:
    walk = Walk(Path(shutil.copytree(fresh, tmp_path / "shop")), random.Random(seed))
    for _ in range(STEPS):
        walk.step()
    walk.run("upgrade")  # an upgrade that was undone leaves things stale, as it should
    for words in (("ruff", "check"), ("ruff", "format", "--check"), ("pytest", "-q", "-x")):
        done = tool(walk.root, *words)
        assert done.code == 0, walk.story(words, done.text)
    for line in (("analyze",), ("db:migrate",), ("upgrade", "--check"), ("doctor",)):
        done = arckode(walk.root, *line, env={"VIRTUAL_ENV": os.environ.get("VIRTUAL_ENV", "")})
        assert done.code == 0, walk.story(line, done.text)
    if WALKS:
        must(tool(walk.root, "mypy"))
