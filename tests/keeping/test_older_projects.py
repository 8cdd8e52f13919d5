"""Projects as older versions of arckode made them, worked on since, and upgraded to what is made today.

`projects/made-DATE.tar.xz` is what `arckode new shop --no-git --defaults` and three `make:module` left on that day,
without its history: `customers name:str:max=120 email:email:unique`, `orders customer:belongs_to=customers
total:decimal=12.2:min=0 status:enum=draft/paid:default=draft note:text:null` and `articles title slug:slug:unique
--soft-delete`. A release adds the archive of its day; none is ever changed.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.commands.calls import call
from tests.generated import arckode, must, tool
from tests.shell.trees import tree

ARCHIVES = sorted((Path(__file__).parent / "projects").glob("made-*.tar.xz"))
SERVICE = "src/shop/modules/orders/service.py"
METHOD = '''
    async def mine(self) -> int:
        """Count what people wrote here."""
        return await self._orders.count()
'''


def edited(root: Path) -> dict[str, str]:
    """Do what people do to generated code; return lines of theirs by file."""
    service = root / SERVICE
    service.write_text(service.read_text() + METHOD)
    kernel = root / "src/shop/kernel/ids.py"
    kernel.write_text(f"{kernel.read_text()}\n\nMINE = 1\n")
    readme = root / "README.md"
    readme.write_text(f"{readme.read_text()}\nWritten by hand.\n")
    (root / "src/shop/seeds/articles.py").unlink()
    return {SERVICE: "async def mine(self)", "src/shop/kernel/ids.py": "MINE = 1", "README.md": "Written by hand."}


@pytest.mark.generates
@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name.partition(".")[0])
def test_an_older_project_is_brought_up_to_date_and_keeps_what_people_wrote(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    root = tmp_path / "shop"
    mine = edited(root)
    before = tree(root)
    heard = call(root, "upgrade")
    assert heard.code == 0, heard.out
    after = tree(root)
    for path, line in mine.items():
        assert line in (root / path).read_text(), path
    assert not (root / "src/shop/seeds/articles.py").exists()
    assert call(root, "upgrade", "--check").code == 0
    assert call(root, "upgrade").out.endswith("nothing to do, everything is there already")
    for words in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",), ("pytest", "-q", "-x")):
        must(tool(root, *words))
    for line in ("analyze", "db:migrate"):
        must(arckode(root, line))
    call(root, "make:module", "pets", "name")
    call(root, "undo")
    if after != before:
        call(root, "undo")
        assert {path: said for path, said in tree(root).items() if path in before} == before


def test_there_is_a_project_to_upgrade() -> None:
    assert ARCHIVES
